"""Row f: the embedded broker's appends against the same rows by `unnest`, and one way through it against Kafka's."""

from __future__ import annotations

import time
from itertools import count
from uuid import uuid4

import asyncpg

from bench.arrived import all_arrived, row_count
from bench.chain import one_way
from bench.stand import Stand
from bench.table import Line, at_least, at_most, percentile
from common.kit.broker import OutboundRecord
from common.kit.broker_embedded import EmbeddedConsumer
from common.kit.broker_kafka import KafkaConsumer, KafkaProducer
from common.kit.broker_store import EmbeddedProducer
from common.kit.wake import plain_dsn

BATCH = 500
TOPIC = "bench.settlement.events"
_EVENT_BYTES = 900
_HEADERS = tuple((f"ce_{name}", b"x" * 30) for name in ("id", "type", "source", "time", "subject", "sequence"))
_TABLE = """
CREATE TABLE bench_record (
    topic text, partition smallint, broker_offset bigint, key bytea, value bytea, headers text,
    appended_at timestamptz DEFAULT clock_timestamp(), PRIMARY KEY (topic, partition, broker_offset)
)
"""
_APPEND = """
INSERT INTO bench_record (topic, partition, broker_offset, key, value, headers)
SELECT * FROM unnest($1::text[], $2::smallint[], $3::bigint[], $4::bytea[], $5::bytea[], $6::text[])
"""


async def measure_appends(stand: Stand, *, rounds: int, batches: int) -> list[Line]:
    """Return the line on appends of 500 records in one transaction."""
    await stand.clone("broker", ["bench_append"])
    url = stand.url_of("bench_append", owner="broker")
    connection = await asyncpg.connect(plain_dsn(url), server_settings={"synchronous_commit": "on"})
    await connection.execute(_TABLE)
    producer, numbers = EmbeddedProducer(url), count()
    raw: list[float] = []
    ours: list[float] = []
    for _ in range(rounds):
        raw.append(batches * BATCH / await _plain_appends(connection, numbers, batches))
        ours.append(batches * BATCH / await _appends(producer, batches))
    await producer.close()
    await connection.close()
    for table in ("bench_record", "broker_record"):
        found = await row_count(plain_dsn(url), f"SELECT count(*) FROM {table}")  # noqa: S608 - the two names above
        all_arrived(table, expected=rounds * batches * BATCH, found=found)
    what = f"embedded: {BATCH} records an append, against the same rows by unnest"
    return [at_least("f", what, raw, ours, share=0.5)]


async def measure_one_way(stand: Stand, bootstrap: str, *, rounds: int, calls: int) -> list[Line]:
    """Return the line on the way of single records through the embedded broker against the way through Kafka."""
    await stand.clone("broker", ["bench_way"])
    url = stand.url_of("bench_way", owner="broker")
    plain = await KafkaProducer.connected(bootstrap)
    plain_reader = await KafkaConsumer.connected(bootstrap, group=uuid4().hex, topics=[TOPIC])
    producer, reader = EmbeddedProducer(url), EmbeddedConsumer(url, group=uuid4().hex, topics=[TOPIC])
    raw: list[float] = []
    ours: list[float] = []
    for each in range(rounds + 1):
        kafka = percentile(await one_way(plain, plain_reader, TOPIC, calls), 0.5)
        embedded = percentile(await one_way(producer, reader, TOPIC, calls), 0.5)
        if each:  # The first round warms both.
            raw.append(kafka)
            ours.append(embedded)
    for part in (plain, plain_reader, producer, reader):
        await part.close()
    return [at_most("f", "embedded: one record, one way, p50, against Kafka", raw, ours, times=2)]


async def _plain_appends(connection: asyncpg.Connection, numbers: count[int], batches: int) -> float:
    headers = "\n".join(f"{name}={value.decode()}" for name, value in _HEADERS)
    began = time.perf_counter()
    for _ in range(batches):
        offsets = [next(numbers) for _ in range(BATCH)]
        values = [uuid4().bytes * (_EVENT_BYTES // 16) for _ in offsets]
        keys = [b"k"] * BATCH
        await connection.execute(_APPEND, [TOPIC] * BATCH, [0] * BATCH, offsets, keys, values, [headers] * BATCH)
    return time.perf_counter() - began


async def _appends(producer: EmbeddedProducer, batches: int) -> float:
    began = time.perf_counter()
    for _ in range(batches):
        values = (uuid4().bytes * (_EVENT_BYTES // 16) for _ in range(BATCH))
        await producer.publish([OutboundRecord(TOPIC, 0, b"k", value, _HEADERS) for value in values])
    return time.perf_counter() - began
