"""Pulling what is missing of one key from its producer's log: parked in order, worked off by the drainer.

The key is diverted with reason `gap` in the transaction that parks the pulled events, so that the normal handling path
(order, inbox, watermark) takes them in whatever dies meanwhile; what the broker brings after all is dropped or queued.
Next hop: common/kit/drainer.py
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import structlog

from common.kit import inbox, metrics
from common.kit.cause import Cause
from common.kit.clock import Clock
from common.kit.db import Database, UnitOfWork
from common.kit.envelope import read_record
from common.kit.inbox import KeyOf, KeyState, Parked
from common.kit.producer_api import EventOut
from common.kit.producer_client import NOT_FROM_BROKER, ProducerLogs, record_of

PULLED = "gap"
log = structlog.get_logger(__name__)

_WATERMARK = "SELECT last_sequence FROM inbox_key WHERE consumer = $1 AND producer = $2 AND key = $3"
_FIRST_WAITING = """
SELECT min(sequence) FROM parked_event
WHERE consumer = $1 AND producer = $2 AND key = $3 AND state IN ('waiting', 'dead') AND sequence > $4
"""
_BASELINE = """
INSERT INTO key_baseline (consumer, producer, key, first_available_sequence, last_sequence)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""


class Puller:
    """Fetches missing events for one consumer."""

    def __init__(self, *, consumer: str, database: Database, logs: ProducerLogs, clock: Clock) -> None:
        self.consumer = consumer
        self._database = database
        self._logs = logs
        self._clock = clock

    async def pull(self, key: KeyOf, *, up_to: int) -> int:
        """Park every event of the key that lies between the watermark and `up_to`; return how many are new to us.

        Raises:
            ProducerUnreachable: If the log does not answer; what was pulled so far stays.
        """
        after, found = await self._watermark(key), 0
        while after < up_to:
            page = await self._logs.events_of(*key, after_sequence=after)
            async with self._database.unit_of_work(Cause("pull")) as uow:
                if page.first_available_sequence is not None:
                    await self._go_on_from(uow, key, after, page.first_available_sequence)
                wanted = [event for event in page.items if event.sequence <= up_to]
                found += await self._park(uow, key, wanted)
            if not wanted:
                break
            after = wanted[-1].sequence
        return found

    async def _watermark(self, key: KeyOf) -> int:
        async with self._database.engine.connect() as connection:
            row = await connection.exec_driver_sql(_WATERMARK, (self.consumer, *key))
            return row.scalar_one_or_none() or 0

    async def _park(self, uow: UnitOfWork, key: KeyOf, events: Sequence[EventOut]) -> int:
        state = (await inbox.lock_keys(uow.connection, self.consumer, [key]))[key]
        missing = [event for event in events if event.sequence > state.watermark]
        if not missing:
            return 0
        await inbox.divert(uow.connection, self.consumer, key, "gap")
        now = self._clock()
        stored = [await inbox.park(uow.connection, self.consumer, _parked(event, now)) for event in missing]
        return sum(stored)

    async def _go_on_from(self, uow: UnitOfWork, key: KeyOf, after: int, first_available: int) -> None:
        """Raise the watermark over events that the producer no longer has; one parked here meanwhile is not skipped."""
        state = (await inbox.lock_keys(uow.connection, self.consumer, [key]))[key]
        if state.watermark != after:
            return
        waiting = await uow.connection.exec_driver_sql(_FIRST_WAITING, (self.consumer, *key, after))
        first = min(first_available, waiting.scalar_one_or_none() or first_available)
        if first <= after + 1:
            return
        await set_baseline(uow, self.consumer, key, watermark=after, first_available=first)
        await inbox.free_waiting(uow.connection, self.consumer, key, self._clock())


async def set_baseline(uow: UnitOfWork, consumer: str, key: KeyOf, *, watermark: int, first_available: int) -> None:
    """Let a locked key go on at a number, and record that what lies between was never taken in."""
    await inbox.raise_watermarks(uow.connection, consumer, {key: KeyState(first_available - 1)})
    await uow.connection.exec_driver_sql(_BASELINE, (consumer, *key, first_available, watermark))
    metrics.BASELINES.labels(consumer).inc()
    log.error(
        "events_no_longer_kept",
        consumer=consumer,
        producer=key[0],
        key=key[1],
        watermark=watermark,
        first_available_sequence=first_available,
    )


def _parked(event: EventOut, now: datetime) -> Parked:
    record = record_of(event)
    received = read_record(record.headers, record.value)
    return Parked(
        event_id=event.event_id,
        producer=received.producer,
        key=event.key,
        sequence=event.sequence,
        topic=event.topic,
        partition=record.partition,
        broker_offset=NOT_FROM_BROKER,
        headers=json.dumps(received.headers),
        data=received.data,
        attempts=0,
        next_attempt_at=now,
        error_code=PULLED,
        state="waiting",
    )
