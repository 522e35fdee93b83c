"""Rows b and c: relay and batched consumer against the raw parts they are made of.

The broker of b is Kafka, of c the embedded one, so that c needs PostgreSQL alone.
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaProducer

from bench.arrived import all_arrived, kafka_count, row_count
from bench.stand import Stand
from bench.table import Line, at_least
from common.kit.broker import Consumer, OutboundRecord, Producer
from common.kit.broker_embedded import EmbeddedConsumer
from common.kit.broker_kafka import KafkaProducer
from common.kit.broker_store import EmbeddedProducer
from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.consumer import EventConsumer, Handler
from common.kit.db import Database, UnitOfWork
from common.kit.envelope import Received, wire_headers
from common.kit.relay import Relay
from common.kit.statements import fetch
from common.kit.wake import plain_dsn
from common.published.catalogue import BY_MODEL, topic_of
from common.published.identity import PersonMoved

EVENTS_PER_KEY = 10
CLIENTS = (1, 4, 8, 16, 32)
MEASURE_SECONDS = 120.0
_POLL_SECONDS = 0.02
_AT_ONCE = 1_000
TOPIC = topic_of("identity")
_EFFECTS = """
CREATE TABLE bench_effect (consumer text, event_id uuid, key text, sequence bigint, PRIMARY KEY (consumer, event_id))
"""
EFFECT = "INSERT INTO bench_effect (consumer, event_id, key, sequence) VALUES ($1, $2, $3, $4)"
_PLAIN_EFFECT = """
\\set n random(1, 1000000000)
INSERT INTO bench_effect (consumer, event_id, key, sequence) VALUES ('raw', gen_random_uuid(), 'k', :n);
"""
# From the far end of the index: whoever asks for any row walks over all that the relay has deleted.
_LAST_WAITING = "SELECT max(log_id) FROM outbox_pending"
_READ = """
SELECT e.key, e.sequence, e.headers, e.data, s.shard
FROM outbox_event e JOIN bench_shard s USING (log_id) ORDER BY log_id
"""


async def measure_relay(stand: Stand, bootstrap: str, *, rounds: int, events: int) -> list[Line]:
    """Return the line of row b: a backlog drained to Kafka against aiokafka sending the same bytes.

    The first round warms Kafka, which takes some 100,000 records to reach its speed, and does not count.
    """
    url = await database(stand, "identity", "bench_backlog")
    records = await backlog(url, events)
    # Kept for the raw side only: in a relay's process no collector would walk through them again and again.
    gc.collect()
    gc.freeze()
    raw: list[float] = []
    ours: list[float] = []
    for _ in range(rounds + 1):
        raw.append(events / await _sent_plainly(bootstrap, records))
        ours.append(events / await drained(url, lambda: KafkaProducer.connected(bootstrap)))
    gc.unfreeze()
    for topic in (f"bench.{TOPIC}", TOPIC):
        found = await kafka_count(bootstrap, topic)
        all_arrived(f"records of {topic}", expected=events * (rounds + 1), found=found)
    what = f"Kafka: relay draining {events:,} events, against aiokafka"
    return [at_least("b", what, raw[1:], ours[1:], share=0.4)]


async def measure_consumer(stand: Stand, *, rounds: int, events: int, seconds: float) -> list[Line]:
    """Return the line of row c: inbox, watermark and effect of events in batches against inserts of pgbench."""
    source = await database(stand, "identity", "bench_told")
    await backlog(source, events)
    broker = await database(stand, "broker", "bench_heard_broker")
    await drained(source, lambda: embedded_producer(broker))
    heard = await target(stand, "bench_heard")
    clients = max(CLIENTS, key=lambda count: _plain_inserts(stand, "bench_heard", count, max(seconds / 3, 1)))
    raw: list[float] = []
    ours: list[float] = []
    for number in range(rounds):
        raw.append(_plain_inserts(stand, "bench_heard", clients, seconds))
        name = f"contracts.bench{number}"
        member = EmbeddedConsumer(broker, group=name, topics=[TOPIC])
        ours.append(events / await consumed(heard, name, member, events))
        await effects_arrived(heard, name, events)
    what = f"batched consumer over {events:,} events, against single inserts of {clients} clients of pgbench"
    return [at_least("c", what, raw, ours, share=1.0)]


async def database(stand: Stand, owner: str, name: str) -> str:
    """Copy the database of a service under another name and return its address in SQLAlchemy's form."""
    await stand.clone(owner, [name])
    return stand.url_of(name, owner=owner)


async def target(stand: Stand, name: str) -> str:
    """Return the address of a database that listens, with a table for effects."""
    url = await database(stand, "contracts", name)
    connection = await asyncpg.connect(plain_dsn(url))
    await connection.execute(_EFFECTS)
    await connection.close()
    return url


async def backlog(url: str, events: int) -> list[OutboundRecord]:
    """Publish so many events and leave them unsent; return them as the relay would hand them to a broker."""
    source = Database(url)
    for first in range(0, events, _AT_ONCE):
        async with source.unit_of_work(Cause("bench")) as uow:
            for number in range(first, min(first + _AT_ONCE, events)):
                uow.publish(moved(number), occurred_at=utc_now())
    await source.close()
    connection = await asyncpg.connect(plain_dsn(url))
    await connection.execute("CREATE TABLE bench_shard AS SELECT log_id, shard FROM outbox_pending")
    rows = await connection.fetch(_READ)
    await connection.close()
    return [
        OutboundRecord(
            TOPIC, row["shard"], row["key"].encode(), bytes(row["data"]), wire_headers(row["headers"], row["sequence"])
        )
        for row in rows
    ]


def moved(number: int) -> PersonMoved:
    """Return the fact of a number; ten numbers after each other are of one person."""
    day = date.fromordinal(700_000 + number % EVENTS_PER_KEY)
    person = UUID(int=(number // EVENTS_PER_KEY + 1) << 64)
    return PersonMoved(county="211381", person_id=person, township="211381101", moved_on=day)


async def _sent_plainly(bootstrap: str, records: Sequence[OutboundRecord]) -> float:
    began = time.perf_counter()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, compression_type="lz4")
    await producer.start()
    for each in records:
        await producer.send(
            f"bench.{each.topic}", each.value, key=each.key, partition=each.partition, headers=list(each.headers)
        )
    await producer.flush()
    took = time.perf_counter() - began
    await producer.stop()
    return took


async def drained(url: str, open_producer: Callable[[], Awaitable[Producer]]) -> float:
    """Queue the whole backlog anew and return how long the relay takes from its start until nothing waits."""
    watch = await asyncpg.connect(plain_dsn(url))
    await watch.execute("TRUNCATE outbox_pending")
    await watch.execute("INSERT INTO outbox_pending (log_id, shard) SELECT log_id, shard FROM bench_shard")
    relay, stop = Relay(database_url=url, open_producer=open_producer), asyncio.Event()
    began = time.perf_counter()
    running = asyncio.create_task(relay.run(stop))
    async with asyncio.timeout(MEASURE_SECONDS):
        while await watch.fetchval(_LAST_WAITING) is not None:  # noqa: ASYNC110 - the relay tells nobody
            await asyncio.sleep(_POLL_SECONDS)
    took = time.perf_counter() - began
    stop.set()
    relay.wake()
    await running
    await watch.close()
    return took


async def embedded_producer(broker_url: str) -> Producer:
    """Return a producer of the embedded broker, as a relay asks for it."""
    return EmbeddedProducer(broker_url)


def _plain_inserts(stand: Stand, database: str, clients: int, seconds: float) -> float:
    """Return how many single-row inserts a second so many clients of pgbench commit."""
    script = stand.folder / "effect.sql"
    script.write_text(_PLAIN_EFFECT, encoding="utf-8")
    script.chmod(0o644)
    done = subprocess.run(  # noqa: S603 - the server's own binary
        [
            str(stand.server.place.binaries / "pgbench"), "-n", "-M", "prepared", "-f", str(script), "-c", str(clients),
            "-j", str(min(clients, 2)), "-T", str(max(1, round(seconds))), stand.dsn_of(database, owner="contracts"),
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout.rpartition("tps = ")[2].split()[0])


async def consumed(url: str, name: str, member: Consumer, events: int) -> float:
    """Return how long the consumer takes until every event has its effect and its offset is stored.

    Raises:
        TimeoutError: If events are missing after two minutes.
    """
    heard, stop, left = Database(url), asyncio.Event(), events

    async def effect(uow: UnitOfWork, event: Received) -> None:
        nonlocal left
        await fetch(uow.connection, EFFECT, name, event.event_id, event.key, event.sequence)
        left -= 1
        if not left:
            stop.set()

    began = time.perf_counter()
    async with asyncio.timeout(MEASURE_SECONDS):
        await consumer_of(name, heard, member, effect).run(stop)
    took = time.perf_counter() - began
    await member.close()
    await heard.close()
    return took


async def effects_arrived(url: str, name: str, events: int) -> None:
    """Hold effects and inbox of a consumer to the events it was given.

    Raises:
        NotAllArrived: If one of them has more or fewer rows.
    """
    for table in ("bench_effect", "inbox"):
        count = f"SELECT count(*) FROM {table} WHERE consumer = $1"  # noqa: S608 - the two names above
        all_arrived(f"{table} of {name}", expected=events, found=await row_count(plain_dsn(url), count, name))


def consumer_of(name: str, heard: Database, member: Consumer | None, effect: Handler) -> EventConsumer:
    """Return a consumer of the bench's facts with one effect."""
    handlers = {BY_MODEL[PersonMoved].event_type: effect}
    return EventConsumer(name=name, database=heard, consumer=member, handlers=handlers, clock=utc_now)
