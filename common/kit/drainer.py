"""The drainer: handles parked events of one diverted key at a time, in sequence order, by the normal path.

`SKIP LOCKED` is right here: one row is one key. The key's inbox row is the same lock that the consumer takes, so no
event slips past while the diversion is being removed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import structlog
from sqlalchemy import Row

from common.kit import inbox, metrics
from common.kit.cause import Cause
from common.kit.clock import Clock
from common.kit.consumer import Handler
from common.kit.db import Database, UnitOfWork
from common.kit.envelope import Received, read_record
from common.kit.failpoints import failpoint
from common.kit.failures import GAP_PAUSE, NextStep, next_step
from common.kit.inbox import KeyOf, Parked
from common.kit.parking import copy_to_dead_letters
from common.kit.reuse import SequenceReused, tell_reuse

POLL_SECONDS = 1.0
log = structlog.get_logger(__name__)

_DUE_KEYS = """
SELECT d.producer, d.key FROM diverted_key d
LEFT JOIN LATERAL (
    SELECT p.state, p.next_attempt_at FROM parked_event p
    WHERE p.consumer = d.consumer AND p.producer = d.producer AND p.key = d.key AND p.state IN ('waiting', 'dead')
    ORDER BY p.sequence NULLS FIRST LIMIT 1
) first ON true
WHERE d.consumer = $1 AND (first.state IS NULL OR first.state = 'waiting' AND first.next_attempt_at <= $2)
ORDER BY first.next_attempt_at NULLS FIRST LIMIT 50
"""
_FIRST = """
SELECT * FROM parked_event WHERE consumer = $1 AND producer = $2 AND key = $3 AND state IN ('waiting', 'dead')
ORDER BY sequence NULLS FIRST LIMIT 1
"""
_SET = """
UPDATE parked_event SET state = $2, next_attempt_at = $3, error_code = $4, attempts = $5 WHERE parked_id = $1
"""


class Drainer:
    """Works off what one consumer has parked."""

    def __init__(self, *, name: str, database: Database, handlers: Mapping[str, Handler], clock: Clock) -> None:
        self.name = name
        self._database = database
        self._handlers = handlers
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Look for due keys every second until asked to stop."""
        while not stop.is_set():
            try:
                if await self.drain_due():
                    continue
            except Exception:
                log.exception("drain_failed", consumer=self.name)
            try:
                await asyncio.wait_for(stop.wait(), POLL_SECONDS)
            except TimeoutError:
                continue

    async def drain_due(self) -> int:
        """Try every key whose first parked event is due; return how many events were worked off."""
        async with self._database.engine.connect() as connection:
            due = (await connection.exec_driver_sql(_DUE_KEYS, (self.name, self._clock()))).all()
            standing = await connection.exec_driver_sql(
                "SELECT count(*) AS keys, coalesce(extract(epoch FROM now() - min(since)), 0) AS age "
                "FROM diverted_key WHERE consumer = $1",
                (self.name,),
            )
            row = standing.one()
        metrics.PARKED_KEYS.labels(self.name).set(row.keys)
        metrics.PARKED_OLDEST_SECONDS.labels(self.name).set(row.age)
        worked = 0
        for candidate in due:
            while await self._one_event((candidate.producer, candidate.key)):
                worked += 1
        return worked

    async def _one_event(self, key: KeyOf) -> bool:
        """Work off the first parked event of a key; False when the key is clear, must wait or is held by another."""
        row: Row[tuple[object, ...]] | None = None
        try:
            async with self._database.unit_of_work(Cause("drain")) as uow:
                watermark = await self._lock(uow, key)
                if watermark is None:
                    return False
                row = (await uow.connection.exec_driver_sql(_FIRST, (self.name, *key))).one_or_none()
                if row is None:
                    await self._undivert(uow, key)
                    return False
                return await self._step(uow, row, watermark, key)
        except Exception as error:
            if row is None:
                raise
            await self._failed(row, key, error)
            return False

    async def _lock(self, uow: UnitOfWork, key: KeyOf) -> int | None:
        rows = await uow.connection.exec_driver_sql(
            "SELECT last_sequence FROM inbox_key WHERE consumer = $1 AND producer = $2 AND key = $3 "
            "FOR UPDATE SKIP LOCKED",
            (self.name, *key),
        )
        found: int | None = rows.scalar_one_or_none()
        return found

    async def _step(self, uow: UnitOfWork, row: Row[tuple[object, ...]], watermark: int, key: KeyOf) -> bool:
        now = self._clock()
        if row.state == "dead" or row.next_attempt_at > now:
            return False
        event = _event_of(row)
        if event.sequence > watermark + 1:
            await self._set(uow, row, NextStep("waiting", now + GAP_PAUSE, "gap"), row.attempts)
            return False
        if event.sequence == watermark + 1:
            await self._handle(uow, event)
            await inbox.raise_watermarks(uow.connection, self.name, {key: inbox.KeyState(event.sequence)})
        elif event.type in self._handlers:
            await self._number_taken(uow, event, is_known_reuse=row.error_code == SequenceReused.code)
        await self._set(uow, row, NextStep("done", now, row.error_code), row.attempts)
        await inbox.free_waiting(uow.connection, self.name, key, now)
        return True

    async def _handle(self, uow: UnitOfWork, event: Received) -> None:
        handler = self._handlers.get(event.type)
        if handler and await inbox.mark_handled(uow.connection, self.name, [event.event_id]):
            uow.cause = event.cause
            await handler(uow, event)

    async def _number_taken(self, uow: UnitOfWork, event: Received, *, is_known_reuse: bool) -> None:
        """Handle an event whose number another one took only when an operator sent it back to be tried.

        Raises:
            SequenceReused: If it has not been looked at yet.
        """
        if is_known_reuse:
            await self._handle(uow, event)
        elif await inbox.mark_handled(uow.connection, self.name, [event.event_id]):
            raise SequenceReused.of(event)

    async def _failed(self, row: Row[tuple[object, ...]], key: KeyOf, error: Exception) -> None:
        now = self._clock()
        attempts = row.attempts + 1
        step = next_step(error, attempts=attempts, now=now)
        if isinstance(error, SequenceReused):
            tell_reuse(self.name, error)
        log.warning("parked_event_failed", consumer=self.name, attempts=attempts, error=step.error_code)
        async with self._database.unit_of_work(Cause("drain")) as uow:
            if await self._lock(uow, key) is None:
                return
            await self._set(uow, row, step, attempts)
            if step.state == "dead":
                copy_to_dead_letters(uow, self.name, _parked_of(row, attempts, step), row.first_failed_at)

    async def _set(self, uow: UnitOfWork, row: Row[tuple[object, ...]], step: NextStep, attempts: int) -> None:
        await uow.connection.exec_driver_sql(
            _SET,
            (row.parked_id, step.state, step.next_attempt_at, step.error_code, attempts),
        )

    async def _undivert(self, uow: UnitOfWork, key: KeyOf) -> None:
        failpoint("consumer.before_undivert")
        await uow.connection.exec_driver_sql(
            "DELETE FROM diverted_key WHERE consumer = $1 AND producer = $2 AND key = $3", (self.name, *key)
        )


def _event_of(row: Row[tuple[object, ...]]) -> Received:
    headers = tuple((name, str(value).encode()) for name, value in json.loads(row.headers).items())
    return read_record(headers, bytes(row.data))


def _parked_of(row: Row[tuple[object, ...]], attempts: int, step: NextStep) -> Parked:
    return Parked(
        event_id=row.event_id,
        producer=row.producer,
        key=row.key,
        sequence=row.sequence,
        topic=row.topic,
        partition=row.partition,
        broker_offset=row.broker_offset,
        headers=row.headers,
        data=bytes(row.data),
        attempts=attempts,
        next_attempt_at=step.next_attempt_at,
        error_code=step.error_code,
        state=step.state,
    )
