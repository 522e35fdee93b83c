"""Both brokers behind one face: what the contract suite opens, kills and inspects."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from common.kit.broker import PARTITIONS, Consumer, OutboundRecord, Producer
from common.kit.broker_embedded import EmbeddedConsumer
from common.kit.broker_kafka import KafkaConsumer, KafkaProducer
from common.kit.broker_store import EmbeddedProducer, create
from common.kit.wake import plain_dsn


@dataclass
class Stage:
    """One broker with a topic of its own."""

    kind: str
    address: str
    topic: str
    producer: Callable[[], Awaitable[Producer]]
    consumer: Callable[[str], Awaitable[Consumer]]

    def records(self, keys: list[str], count: int) -> list[OutboundRecord]:
        """Numbered records, spread over the keys; the partition is the key's place in the list."""
        return [
            OutboundRecord(
                topic=self.topic,
                partition=n % len(keys) % PARTITIONS,
                key=keys[n % len(keys)].encode(),
                value=str(n).encode(),
                headers=(("n", str(n).encode()), ("raw", bytes(range(8)))),
            )
            for n in range(count)
        ]


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
async def stage(request, postgres_server) -> Stage:
    topic = f"t{uuid4().hex[:10]}.events"
    if request.param == "embedded":
        name = f"broker_{uuid4().hex[:10]}"
        await postgres_server.run(f'CREATE DATABASE "{name}"')
        url = postgres_server.url_of(name)
        await create(url)

        async def produce() -> Producer:
            return EmbeddedProducer(url)

        async def consume(group: str) -> Consumer:
            return EmbeddedConsumer(url, group=group, topics=[topic])

        yield Stage("embedded", url, topic, produce, consume)
        await postgres_server.run(f'DROP DATABASE "{name}" WITH (FORCE)')
        return
    bootstrap = request.getfixturevalue("kafka_bootstrap")
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    await admin.close()

    async def produce_kafka() -> Producer:
        return await KafkaProducer.connected(bootstrap)

    async def consume_kafka(group: str) -> Consumer:
        return await KafkaConsumer.connected(bootstrap, group=group, topics=[topic])

    yield Stage("kafka", bootstrap, topic, produce_kafka, consume_kafka)


async def read(consumer: Consumer, count: int, *, seconds: float = 20.0, commit: bool = True) -> list:
    """Fetch until `count` records came or time is up; commits what it hands out when asked to."""
    deadline = asyncio.get_running_loop().time() + seconds
    found: list = []
    while len(found) < count and asyncio.get_running_loop().time() < deadline:
        records = await consumer.fetch(500, 0.5)
        found += records
        if commit and records:
            await consumer.commit({(r.topic, r.partition): r.broker_offset + 1 for r in records})
    return found


@pytest.fixture
def cut_sessions() -> Callable[[str, str], Awaitable[None]]:
    """Return a function that ends a database's idle sessions, as the server does with a paused member's."""

    async def cut(url: str, like: str) -> None:
        connection = await asyncpg.connect(plain_dsn(url))
        try:
            await connection.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE $1",
                like,
            )
        finally:
            await connection.close()

    return cut
