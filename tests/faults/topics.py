"""Reads every topic of a broker from offset 0, and how far each group is, without touching what it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from common.core.ids import named_id
from common.kit.broker import PARTITIONS, Headers
from common.kit.envelope import EnvelopeUnreadable, read_record
from common.kit.wake import plain_dsn
from tests.faults.evidence import Found, Place

Lags = dict[str, int]


async def read_embedded(url: str) -> list[Found]:
    """Return every record that the embedded broker holds."""
    connection = await asyncpg.connect(plain_dsn(url), timeout=10)
    try:
        rows = await connection.fetch("SELECT * FROM broker_record ORDER BY topic, partition, broker_offset")
    finally:
        await connection.close()
    return [
        found_at(
            (row["topic"], row["partition"], row["broker_offset"]),
            tuple(zip(row["header_names"], row["header_values"], strict=True)),
            row["value"],
            row["key"],
        )
        for row in rows
    ]


async def embedded_lags(url: str, groups: Mapping[str, Sequence[str]]) -> Lags:
    """Return how many records each group has still to read of its topics."""
    connection = await asyncpg.connect(plain_dsn(url), timeout=10)
    try:
        return {
            group: await connection.fetchval(
                "SELECT coalesce(sum(b.next_offset - greatest(g.committed_offset, b.first_offset)), 0)::int "
                "FROM broker_partition b LEFT JOIN broker_group_offset g "
                "ON (g.topic, g.partition, g.group_name) = (b.topic, b.partition, $1) WHERE b.topic = ANY($2::text[])",
                group,
                list(topics),
            )
            for group, topics in groups.items()
        }
    finally:
        await connection.close()


async def read_kafka(bootstrap: str, topics: Sequence[str]) -> list[Found]:
    """Return every record of the topics at a Kafka, read without a group."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(topic, partition) for topic in topics for partition in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        left = {place for place, end in (await consumer.end_offsets(places)).items() if end > 0}
        ends = await consumer.end_offsets(places)
        found: list[Found] = []
        while left:
            for place, records in (await consumer.getmany(*left, timeout_ms=1000)).items():
                found += [
                    found_at((place.topic, place.partition, r.offset), r.headers, r.value, r.key) for r in records
                ]
            left = {place for place in left if await consumer.position(place) < ends[place]}
        return found
    finally:
        await consumer.stop()


async def kafka_lags(bootstrap: str, groups: Mapping[str, Sequence[str]]) -> Lags:
    """Return how many records each group has still to read of its topics."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await consumer.start()
    await admin.start()
    try:
        lags: Lags = {}
        for group, topics in groups.items():
            places = [TopicPartition(topic, partition) for topic in topics for partition in range(PARTITIONS)]
            ends, firsts = await consumer.end_offsets(places), await consumer.beginning_offsets(places)
            kept = await admin.list_consumer_group_offsets(group)
            lags[group] = sum(end - min(max(_kept(kept, place), firsts[place]), end) for place, end in ends.items())
        return lags
    finally:
        await admin.close()
        await consumer.stop()


def _kept(kept: Mapping[TopicPartition, object], place: TopicPartition) -> int:
    return int(getattr(kept.get(place), "offset", 0))


def found_at(place: Place, headers: Headers, value: bytes | None, key: bytes | None) -> Found:
    """Return a record as the checker sees it; a dead-letter copy has the id under which the outbox kept it."""
    texts = {name: content.decode("utf-8", "backslashreplace") for name, content in headers}
    if place[0].endswith(".dead"):
        service = place[0].removesuffix(".dead")
        return Found(*place, _dead_letter_id(texts), service, "dead_letter", texts.get("ce_partitionkey", ""), None)
    try:
        event = read_record(headers, value)
    except EnvelopeUnreadable:
        return Found(*place, None, place[0].partition(".")[0], "", (key or b"").decode(), None)
    return Found(*place, event.event_id, event.producer, event.type, event.key, event.sequence)


def _dead_letter_id(texts: Mapping[str, str]) -> UUID:
    origin = (texts["origin_topic"], int(texts["origin_partition"]), int(texts["origin_offset"]))
    about = UUID(texts["ce_id"]) if "ce_id" in texts else named_id("poison", *origin)
    return named_id("dead_letter", texts["consumer"], about, int(texts["attempts"]))
