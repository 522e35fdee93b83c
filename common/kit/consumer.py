"""Consuming: one batch of one partition is one transaction, and the broker's offset is committed after it.

A use case sees one event and knows nothing of the batch. When a batch fails it is undone and run again one event per
transaction; the event that fails then is parked and its key diverted, so that other keys go on (events.md 5, 6).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from uuid import UUID

import structlog

from common.core.errors import DomainError
from common.kit import inbox, metrics
from common.kit.broker import BrokerUnavailable, CommitRefused, Consumer, InboundRecord, OffsetOutOfRange
from common.kit.cause import Cause
from common.kit.clock import Clock
from common.kit.db import Database, UnitOfWork
from common.kit.envelope import EnvelopeUnreadable, Received, read_record
from common.kit.failures import (
    TRANSIENT_PATIENCE_SECONDS,
    UNKNOWN_TRIES_IN_PLACE,
    is_transient,
)
from common.kit.inbox import KeyOf, KeyState, Verdict
from common.kit.parking import Place, park_failed, park_for_order, park_poison

BATCH_RECORDS = 500
FETCH_WAIT_SECONDS = 1.0
BACKOFF_SECONDS = (0.05, 0.2, 0.5, 1.0, 2.0)

Handler = Callable[[UnitOfWork, Received], Awaitable[None]]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """A readable event and where it lay."""

    event: Received
    place: Place


class EventConsumer:
    """Moves events from the broker into use cases, exactly once in effect."""

    def __init__(
        self, *, name: str, database: Database, consumer: Consumer, handlers: Mapping[str, Handler], clock: Clock
    ) -> None:
        self.name = name
        self._database = database
        self._consumer = consumer
        self._handlers = handlers
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Fetch and handle until asked to stop; the running batch is always finished."""
        while not stop.is_set():
            try:
                records = await self._consumer.fetch(BATCH_RECORDS, FETCH_WAIT_SECONDS)
            except BrokerUnavailable as error:
                log.warning("broker_unavailable", consumer=self.name, error=str(error))
                await _pause(stop, 1.0)
                continue
            except OffsetOutOfRange as error:
                # Events were missed: the sequences of their keys show which; what is left is read meanwhile.
                log.error("offset_out_of_range", consumer=self.name, error=str(error))  # noqa: TRY400 - no stack: it is no bug
                metrics.OUT_OF_RANGE.labels(self.name).inc()
                continue
            metrics.CONSUMER_PROGRESS.labels(self.name).set(time.time())
            for (topic, partition), group in groupby(records, key=lambda r: (r.topic, r.partition)):
                batch = list(group)
                await self.handle_batch(batch)
                await self._commit(topic, partition, batch[-1].broker_offset + 1)

    async def handle_batch(self, records: list[InboundRecord]) -> None:
        """Take the records of one partition into the database; returns only when each is handled or parked."""
        try:
            await self._in_one_transaction(records)
        except Exception as error:  # noqa: BLE001 - whatever failed, the single run below finds and names it
            log.info("batch_undone", consumer=self.name, records=len(records), error=type(error).__name__)
            for record in records:
                await self._alone(record)

    async def _in_one_transaction(self, records: list[InboundRecord]) -> None:
        started = time.perf_counter()
        items = [self._readable(record) for record in records]
        async with self._database.unit_of_work(Cause("batch")) as uow:
            states = await inbox.lock_keys(uow.connection, self.name, [_key_of(item) for item in items])
            verdicts = [(item, self._judge(item, states)) for item in items]
            wanted = [item.event.event_id for item, verdict in verdicts if verdict is Verdict.HANDLE]
            fresh = await inbox.mark_handled(uow.connection, self.name, wanted)
            for item, verdict in verdicts:
                await self._carry_out(uow, item, verdict, fresh)
            await inbox.raise_watermarks(uow.connection, self.name, states)
        metrics.CONSUMED.labels(self.name).inc(len(items))
        metrics.BATCH_SECONDS.labels(self.name).observe(time.perf_counter() - started)

    async def _carry_out(self, uow: UnitOfWork, item: Item, verdict: Verdict, fresh: set[UUID]) -> None:
        if verdict is Verdict.HANDLE and item.event.event_id in fresh:
            uow.cause = item.event.cause
            await self._handlers[item.event.type](uow, item.event)
        elif verdict in {Verdict.GAP, Verdict.APPEND}:
            await park_for_order(uow, self.name, item.event, item.place, now=self._clock(), verdict=verdict)
        elif verdict is not Verdict.PASS:
            metrics.DUPLICATES.labels(self.name).inc()

    def _judge(self, item: Item, states: dict[KeyOf, KeyState]) -> Verdict:
        return inbox.judge(item.event, states[_key_of(item)], is_handled_type=item.event.type in self._handlers)

    def _readable(self, record: InboundRecord) -> Item:
        event = read_record(record.headers, record.value)
        return Item(event, Place(record.topic, record.partition, record.broker_offset))

    async def _alone(self, record: InboundRecord) -> None:
        """Handle one record in its own transaction, with patience; park it when that fails."""
        give_up_at = time.monotonic() + TRANSIENT_PATIENCE_SECONDS
        tries = 0
        while True:
            try:
                await self._in_one_transaction([record])
            except EnvelopeUnreadable as error:
                await self._until_stored(partial(self._park, record, error))
                return
            except Exception as error:
                tries += 1
                if self._try_again(error, tries, give_up_at):
                    await asyncio.sleep(BACKOFF_SECONDS[min(tries, len(BACKOFF_SECONDS)) - 1])
                    continue
                log.warning("event_parked", consumer=self.name, error=type(error).__name__, exc_info=error)
                await self._until_stored(partial(self._park, record, error))
                return
            return

    @staticmethod
    def _try_again(error: Exception, tries: int, give_up_at: float) -> bool:
        if is_transient(error):
            return time.monotonic() < give_up_at
        return not isinstance(error, DomainError) and tries < UNKNOWN_TRIES_IN_PLACE

    async def _park(self, record: InboundRecord, error: Exception) -> None:
        now = self._clock()
        place = Place(record.topic, record.partition, record.broker_offset)
        try:
            event = read_record(record.headers, record.value)
        except EnvelopeUnreadable as unreadable:
            async with self._database.unit_of_work(Cause("poison")) as uow:
                await park_poison(uow, self.name, record, unreadable, now=now)
            return
        async with self._database.unit_of_work(event.cause) as uow:
            states = await inbox.lock_keys(uow.connection, self.name, [(event.producer, event.key)])
            if event.sequence > states[event.producer, event.key].watermark:
                await park_failed(uow, self.name, event, place, error, now=now)

    async def _until_stored(self, work: Callable[[], Awaitable[None]]) -> None:
        """Repeat the parking itself until the database takes it: nothing is acknowledged unhandled."""
        while True:
            try:
                await work()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("parking_delayed", consumer=self.name, error=type(error).__name__)
                await asyncio.sleep(1.0)
            else:
                return

    async def _commit(self, topic: str, partition: int, offset: int) -> None:
        try:
            await self._consumer.commit({(topic, partition): offset})
        except (CommitRefused, BrokerUnavailable) as error:
            # The batch is in the database; what comes again is dropped by the watermark.
            log.info("offset_not_committed", consumer=self.name, topic=topic, partition=partition, error=str(error))


def _key_of(item: Item) -> KeyOf:
    return item.event.producer, item.event.key


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
