"""Consuming: one batch of one partition is one transaction, and the broker's offset is committed after it.

A use case sees one event and knows nothing of the batch. When a batch fails it is undone and run again one event per
transaction; the event that fails then is parked and its key diverted, so that other keys go on (events.md 5, 6).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog

from common.core.errors import DomainError
from common.kit import inbox, metrics
from common.kit.broker import (
    BrokerUnavailable,
    CommitRefused,
    Consumer,
    InboundRecord,
    OffsetOutOfRange,
    TopicPartition,
)
from common.kit.cause import Cause
from common.kit.clock import Clock
from common.kit.db import Database, UnitOfWork
from common.kit.envelope import EnvelopeUnreadable, Received, read_record
from common.kit.failpoints import failpoint
from common.kit.failures import (
    TRANSIENT_PATIENCE_SECONDS,
    UNKNOWN_TRIES_IN_PLACE,
    is_transient,
)
from common.kit.inbox import KeyOf, KeyState, Verdict
from common.kit.liveness import Progress
from common.kit.parking import Place, park_failed, park_for_order, park_poison
from common.kit.reuse import SequenceReused, must_be_known, tell_reuse

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
    appended_at: datetime


class EventConsumer:
    """Moves events from the broker into use cases, exactly once in effect.

    Args:
        name: `<service>.<purpose>`, the group at the broker and the name in the inbox.
        database: Where everything is committed.
        consumer: The member of the group; None for one that is only handed batches (a birth).
        handlers: Event type to use case.
        clock: Where the present comes from.
        known_since: Handled type to the instant since when it is handled; repeated events of others are not judged.
        missed: Called when the broker is back or no longer keeps our place: events may have been missed.
        progress: Where it notes that it lives; None keeps that to itself.
    """

    def __init__(
        self,
        *,
        name: str,
        database: Database,
        consumer: Consumer | None = None,
        handlers: Mapping[str, Handler],
        clock: Clock,
        known_since: Mapping[str, datetime] | None = None,
        missed: Callable[[], None] = lambda: None,
        progress: Progress | None = None,
    ) -> None:
        self.name = name
        self._database = database
        self._consumer = consumer
        self._handlers = handlers
        self._clock = clock
        self._progress = progress or Progress(name)
        self._known_since = known_since or {}
        self._missed = missed
        self._is_away = False

    async def run(self, stop: asyncio.Event) -> None:
        """Fetch and handle until asked to stop; the running batch is always finished."""
        assert self._consumer is not None  # noqa: S101 - only a birth has none, and that calls handle_batch
        while not stop.is_set():
            try:
                records = await self._consumer.fetch(BATCH_RECORDS, FETCH_WAIT_SECONDS)
            except BrokerUnavailable as error:
                log.warning("broker_unavailable", consumer=self.name, error=str(error))
                self._progress.tried()
                self._is_away = True
                await _pause(stop, 1.0)
                continue
            except OffsetOutOfRange as error:
                # Events were missed: the sequences of their keys show which; what is left is read meanwhile.
                log.error("offset_out_of_range", consumer=self.name, error=str(error))  # noqa: TRY400 - no stack: it is no bug
                metrics.OUT_OF_RANGE.labels(self.name).inc()
                self._missed()
                continue
            if self._is_away:
                self._is_away = False
                self._missed()
            self._progress.fetched(len(records))
            if not records:
                continue
            failpoint("consumer.after_fetch")
            await self.handle_batch(records)
            failpoint("consumer.after_db_commit_before_offset_commit")
            await self._commit({(each.topic, each.partition): each.broker_offset + 1 for each in records})
            failpoint("consumer.after_offset_commit")

    async def handle_batch(self, records: list[InboundRecord]) -> None:
        """Take all that one fetch brought into the database; returns only when each record is handled or parked."""
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
            failpoint("consumer.after_inbox")
            await self._refuse_reused(uow, [item for item, verdict in verdicts if verdict is Verdict.DUPLICATE])
            for item, verdict in verdicts:
                await self._carry_out(uow, item, verdict, fresh)
            failpoint("consumer.after_effect")
            await inbox.raise_watermarks(uow.connection, self.name, states)
        self._progress.made()
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

    async def _refuse_reused(self, uow: UnitOfWork, repeated: list[Item]) -> None:
        """Let repeated events pass that are known, or too old to be.

        Raises:
            SequenceReused: For the first one that is neither; alone, it is parked for that.
        """
        now = self._clock()
        judged = [
            item.event
            for item in repeated
            if must_be_known(item.event, item.appended_at, known_since=self._known_since, now=now)
        ]
        unknown = await inbox.unknown_of(uow.connection, self.name, [event.event_id for event in judged])
        for event in judged:
            if event.event_id in unknown:
                raise SequenceReused.of(event)

    def _judge(self, item: Item, states: dict[KeyOf, KeyState]) -> Verdict:
        return inbox.judge(item.event, states[_key_of(item)], is_handled_type=item.event.type in self._handlers)

    def _readable(self, record: InboundRecord) -> Item:
        event = read_record(record.headers, record.value)
        return Item(event, Place(record.topic, record.partition, record.broker_offset), record.appended_at)

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
                self._progress.tried()
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
            is_reused = isinstance(error, SequenceReused)
            if is_reused or event.sequence > states[event.producer, event.key].watermark:
                await park_failed(uow, self.name, event, place, error, now=now)
        if isinstance(error, SequenceReused):
            tell_reuse(self.name, error)

    async def _until_stored(self, work: Callable[[], Awaitable[None]]) -> None:
        """Repeat the parking itself until the database takes it: nothing is acknowledged unhandled."""
        while True:
            try:
                await work()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("parking_delayed", consumer=self.name, error=type(error).__name__)
                self._progress.tried()
                await asyncio.sleep(1.0)
            else:
                self._progress.made()
                return

    async def _commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Let the broker know; where one partition has moved, those that are still ours are committed alone."""
        assert self._consumer is not None  # noqa: S101 - as in run
        try:
            await self._consumer.commit(offsets)
        except (CommitRefused, BrokerUnavailable) as error:
            # The batch is in the database; what comes again is dropped by the watermark.
            log.info("offsets_not_committed", consumer=self.name, partitions=len(offsets), error=str(error))
            if isinstance(error, CommitRefused) and len(offsets) > 1:
                for place, offset in offsets.items():
                    await self._commit({place: offset})


def _key_of(item: Item) -> KeyOf:
    return item.event.producer, item.event.key


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
