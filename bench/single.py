"""Row d: one transaction per event at both ends, against the statements of both ends over asyncpg.

The broker between them is the embedded one, so that the row needs PostgreSQL alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

import asyncpg

from bench.plumbing import (
    EFFECT,
    TOPIC,
    consumed,
    consumer_of,
    database,
    effects_arrived,
    embedded_producer,
    moved,
    target,
)
from bench.recorded import Ear, Sequence, replay
from bench.stand import Stand
from bench.table import Line, at_least
from common.kit.broker import Consumer, InboundRecord, TopicPartition
from common.kit.broker_embedded import EmbeddedConsumer
from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.db import Database, UnitOfWork
from common.kit.envelope import Received, wire_headers
from common.kit.relay import Relay
from common.kit.statements import fetch
from common.kit.wake import listen, plain_dsn

_LAST = "SELECT key, sequence, headers, data FROM outbox_event ORDER BY log_id DESC LIMIT 1"
_NAME = "contracts.one"


async def measure_single(stand: Stand, *, rounds: int, events: int) -> list[Line]:
    """Return the line of row d: one transaction per event at both ends against the same statements over asyncpg."""
    recorded = await _recorded(stand, rounds * events)
    raw_source = await asyncpg.connect(plain_dsn(await database(stand, "identity", "bench_raw_s")))
    raw_target = await asyncpg.connect(plain_dsn(await target(stand, "bench_raw_t")))
    source, heard = await database(stand, "identity", "bench_one_s"), await target(stand, "bench_one_t")
    broker = await database(stand, "broker", "bench_one_broker")
    raw: list[float] = []
    ours: list[float] = []
    for number in range(rounds):
        began = time.perf_counter()
        for told, taken in recorded[number * events : (number + 1) * events]:
            await replay(raw_source, told)
            await replay(raw_target, taken)
        raw.append(events / (time.perf_counter() - began))
        numbers = range(number * events, (number + 1) * events)
        ours.append(events / await _one_by_one(source, heard, broker, numbers))
        await effects_arrived(heard, _NAME, numbers.stop)
    await raw_source.close()
    await raw_target.close()
    what = f"embedded: {events:,} events, one transaction each, commit to effect in the next service"
    return [at_least("d", f"{what}, against their statements", raw, ours, share=0.6)]


async def _recorded(stand: Stand, events: int) -> list[tuple[Sequence, Sequence]]:
    """Publish and handle every event alone on copies of the databases; return the statements of both ends."""
    told_url = await database(stand, "identity", "bench_rec_s")
    source, heard = Database(told_url), Database(await target(stand, "bench_rec_t"))
    ears = Ear(source), Ear(heard)
    consumer = consumer_of("contracts.bench", heard, None, _write_effect)
    reader = await asyncpg.connect(plain_dsn(told_url))
    found = []
    for number in range(events):
        await _tell(source, number)
        record = await reader.fetchrow(_LAST)
        headers = wire_headers(record["headers"], record["sequence"])
        place = InboundRecord(TOPIC, 0, record["key"].encode(), bytes(record["data"]), headers, number, utc_now())
        await consumer.handle_batch([place])
        found.append((await ears[0].taken(), await ears[1].taken()))
    for each in (reader, source, heard):
        await each.close()
    return found


async def _write_effect(uow: UnitOfWork, event: Received) -> None:
    await fetch(uow.connection, EFFECT, "contracts.bench", event.event_id, event.key, event.sequence)


async def _tell(source: Database, number: int) -> None:
    async with source.unit_of_work(Cause("bench")) as uow:
        uow.publish(moved(number), occurred_at=utc_now())


class _OneByOne:
    """A member of the group that hands out one record at a time."""

    def __init__(self, member: EmbeddedConsumer) -> None:
        self._member = member
        self._waiting: list[InboundRecord] = []

    async def fetch(self, max_records: int, wait: float) -> list[InboundRecord]:
        if not self._waiting:
            self._waiting = await self._member.fetch(max_records, wait)
        first, self._waiting = self._waiting[:1], self._waiting[1:]
        return first

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        await self._member.commit(offsets)

    async def close(self) -> None:
        await self._member.close()


async def _one_by_one(source_url: str, target_url: str, broker_url: str, numbers: range) -> float:
    """Return how long events take from the first commit to the last effect, each in transactions of its own."""
    member = EmbeddedConsumer(broker_url, group=_NAME, topics=[TOPIC])
    source = Database(source_url)
    async with _relaying(source_url, broker_url):
        consuming = asyncio.create_task(consumed(target_url, _NAME, cast("Consumer", _OneByOne(member)), len(numbers)))
        began = time.perf_counter()
        for number in numbers:
            await _tell(source, number)
        await consuming
        took = time.perf_counter() - began
    await source.close()
    return took


@asynccontextmanager
async def _relaying(url: str, broker_url: str) -> AsyncIterator[None]:
    """Run a relay, woken as in a worker, while the block runs."""
    stop, relay = asyncio.Event(), Relay(database_url=url, open_producer=lambda: embedded_producer(broker_url))
    listening = asyncio.create_task(listen(url, relay.wake))
    running = asyncio.create_task(relay.run(stop))
    try:
        yield
    finally:
        stop.set()
        relay.wake()
        await running
        listening.cancel()
        await asyncio.wait([listening])
