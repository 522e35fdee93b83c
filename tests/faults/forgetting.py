"""Lets a broker lose the end of settlement's topic, as an unclean election or a restored back-up does."""

from __future__ import annotations

from uuid import UUID

import asyncpg
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from common.kit.broker_open import group_places
from common.kit.wake import plain_dsn
from common.published.catalogue import topic_of
from tests.faults.judging import Judge
from tests.faults.topics import found_at, read_kafka

TOPIC = topic_of("settlement")
_TAIL = """
DELETE FROM broker_record r USING broker_partition b
LEFT JOIN broker_group_offset g ON (g.topic, g.partition, g.group_name) = (b.topic, b.partition, $2)
WHERE b.topic = $1 AND (r.topic, r.partition) = (b.topic, b.partition)
  AND r.broker_offset >= greatest(g.committed_offset, b.first_offset)
RETURNING r.partition, r.broker_offset, r.header_names, r.header_values, r.key, r.value
"""


async def forget_unread(judge: Judge, group: str) -> int:
    """Lose what the group has not read of settlement's topic; return how many records that were."""
    settings = judge.suite.settings
    if settings.broker == "kafka":
        lost = await _forget_kafka(judge, group)
    else:
        lost = await _forget_embedded(settings.broker_database_url.get_secret_value(), group)
    judge.forgotten |= lost
    return len(lost)


async def _forget_embedded(url: str, group: str) -> dict[UUID, str]:
    connection = await asyncpg.connect(plain_dsn(url), timeout=10)
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM broker_partition WHERE topic = $1 FOR UPDATE", TOPIC)
            rows = await connection.fetch(_TAIL, TOPIC, group)
            await connection.execute(
                "UPDATE broker_partition SET first_offset = next_offset WHERE topic = $1 AND partition = ANY($2)",
                TOPIC,
                list({row["partition"] for row in rows}),
            )
    finally:
        await connection.close()
    found = [
        found_at(
            (TOPIC, row["partition"], row["broker_offset"]),
            tuple(zip(row["header_names"], row["header_values"], strict=True)),
            row["value"],
            row["key"],
        )
        for row in rows
    ]
    return {row.event_id: row.type for row in found if row.event_id is not None}


async def _forget_kafka(judge: Judge, group: str) -> dict[UUID, str]:
    """Kafka forgets a partition from its beginning only: what was read there long ago is gone as well."""
    settings = judge.suite.settings
    places = await group_places(settings, group=group, topics=[TOPIC])
    behind = {partition: at.end for (_, partition), at in places.items() if at.next_offset < at.end}
    found = [
        row for row in await read_kafka(settings.kafka_bootstrap, [TOPIC]) if row.offset < behind.get(row.partition, 0)
    ]
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    try:
        ends = {TopicPartition(TOPIC, p): RecordsToDelete(before_offset=end) for p, end in behind.items()}
        if ends:
            await admin.delete_records(ends)
    finally:
        await admin.close()
    return {row.event_id: row.type for row in found if row.event_id is not None}
