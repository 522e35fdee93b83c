"""Birth of a consumer (消费者初始化): it reads the producers' logs first, then joins the topics from their beginning.

A topic keeps two weeks, a log thirteen months. What arrives twice is dropped by watermark and inbox, so that a birth
may be killed at any point: it goes on after the last page it noted. A consumer that has taken events in before is not
born again. Next hop: common/kit/consumer.py
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit import inbox
from common.kit.cause import Cause
from common.kit.clock import Clock
from common.kit.consumer import EventConsumer
from common.kit.db import Database
from common.kit.failures import is_transient
from common.kit.producer_api import EventOut
from common.kit.producer_client import ProducerLogs, ProducerUnreachable, record_of
from common.kit.pulling import set_baseline

RETRY_SECONDS = 0.5
TELL_EVERY = 60
log = structlog.get_logger(__name__)

_FIND = """
SELECT born_at, finished_at, is_replayable, known_types::text AS known_types FROM consumer_birth WHERE consumer = $1
"""
_HAS_LIVED = """
SELECT EXISTS (SELECT FROM inbox_key WHERE consumer = $1) OR EXISTS (SELECT FROM inbox WHERE consumer = $1)
"""
_ENTER = """
INSERT INTO consumer_birth AS b (consumer, born_at, finished_at, is_replayable, known_types)
VALUES ($1, $2, $3, $4, $5::text::jsonb)
ON CONFLICT (consumer) DO UPDATE SET is_replayable = excluded.is_replayable, known_types = excluded.known_types
"""
_FINISH = "UPDATE consumer_birth SET finished_at = $2 WHERE consumer = $1"
_SOURCE = "SELECT read_key, read_sequence, is_read FROM consumer_source WHERE consumer = $1 AND producer = $2"
_BEGIN = """
INSERT INTO consumer_source (consumer, producer, compared_at, proved_at) VALUES ($1, $2, $3, $3) ON CONFLICT DO NOTHING
"""
_READ = """
UPDATE consumer_source SET read_key = $3, read_sequence = $4, is_read = $5 WHERE consumer = $1 AND producer = $2
"""


@dataclass(frozen=True, slots=True)
class Birth:
    """When a consumer was born, whether it has read all logs and may be replayed, since when it handles each type."""

    born_at: datetime
    is_finished: bool
    is_replayable: bool
    known_since: Mapping[str, datetime]


async def enter(
    database: Database, consumer: str, *, types: Iterable[str], is_replayable: bool, now: datetime
) -> Birth:
    """Return the consumer's birth, entered now when there is none; types new to it are noted as handled from now on.

    One that took events in before births were recorded counts as born now, and as finished.
    """
    async with database.unit_of_work(Cause("birth")) as uow:
        row = (await uow.connection.exec_driver_sql(_FIND, (consumer,))).one_or_none()
        known = {} if row is None else json.loads(row.known_types)
        since = {name: datetime.fromisoformat(known[name]) if name in known else now for name in types}
        has_lived = row is None and (await uow.connection.exec_driver_sql(_HAS_LIVED, (consumer,))).scalar_one()
        born_at, finished_at = (now, now if has_lived else None) if row is None else (row.born_at, row.finished_at)
        texts = json.dumps({name: at.isoformat() for name, at in since.items()})
        await uow.connection.exec_driver_sql(_ENTER, (consumer, born_at, finished_at, is_replayable, texts))
    return Birth(born_at, finished_at is not None, is_replayable, since)


async def be_born(
    *,
    consumer: EventConsumer,
    database: Database,
    logs: ProducerLogs,
    producers: Sequence[str],
    clock: Clock,
    stop: asyncio.Event,
) -> None:
    """Read every producer's log to its end, waiting for one that does not answer; returns early when asked to stop."""
    for producer in producers:
        tries = 0
        while not stop.is_set():
            try:
                await _read_log(consumer, database, logs, producer, stop)
                break
            except Exception as error:
                if not isinstance(error, ProducerUnreachable) and not is_transient(error):
                    raise
                if tries % TELL_EVERY == 0:
                    log.warning("birth_waits", consumer=consumer.name, producer=producer, error=str(error)[:200])
                tries += 1
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), RETRY_SECONDS)
    if not stop.is_set():
        async with database.unit_of_work(Cause("birth")) as uow:
            await uow.connection.exec_driver_sql(_FINISH, (consumer.name, clock()))
        log.info("consumer_born", consumer=consumer.name, producers=list(producers))


async def _read_log(
    consumer: EventConsumer, database: Database, logs: ProducerLogs, producer: str, stop: asyncio.Event
) -> None:
    async for page in logs.heads(producer, changed_since=None):
        async with database.unit_of_work(Cause("birth")) as uow:
            await uow.connection.exec_driver_sql(_BEGIN, (consumer.name, producer, page.as_of))
        break
    async with database.engine.connect() as connection:
        source = (await connection.exec_driver_sql(_SOURCE, (consumer.name, producer))).one()
    key, sequence, is_read = source.read_key, source.read_sequence, source.is_read
    while not is_read and not stop.is_set():
        events = await logs.events_after(producer, after_key=key, after_sequence=sequence)
        if events:
            await _skip_what_is_gone(consumer.name, database, producer, events)
            await consumer.handle_batch([record_of(event) for event in events])
            key, sequence = events[-1].key, events[-1].sequence
        is_read = not events
        async with database.unit_of_work(Cause("birth")) as uow:
            await uow.connection.exec_driver_sql(_READ, (consumer.name, producer, key, sequence, is_read))


async def _skip_what_is_gone(consumer: str, database: Database, producer: str, events: Sequence[EventOut]) -> None:
    """Let every key whose first events the producer has cleaned away begin with the first one kept."""
    firsts = {(producer, event.key): event.sequence for event in reversed(events)}
    late = {key: first for key, first in firsts.items() if first > 1}
    if not late:
        return
    async with database.unit_of_work(Cause("birth")) as uow:
        states = await inbox.lock_keys(uow.connection, consumer, late)
        for key, first in late.items():
            if first > states[key].watermark + 1 and not states[key].is_diverted:
                await set_baseline(uow, consumer, key, watermark=states[key].watermark, first_available=first)


async def birth_of(connection: AsyncConnection, consumer: str) -> Birth | None:
    """Return the consumer's birth; None when its worker never ran."""
    row = (await connection.exec_driver_sql(_FIND, (consumer,))).one_or_none()
    if row is None:
        return None
    since = {name: datetime.fromisoformat(text) for name, text in json.loads(row.known_types).items()}
    return Birth(row.born_at, row.finished_at is not None, row.is_replayable, since)
