"""Both brokers behind one face: what the contract suite opens, kills and inspects."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from common.kit.broker import PARTITIONS, BrokerUnavailable, Consumer, InboundRecord, OutboundRecord, Producer
from common.kit.broker_embedded import EmbeddedConsumer
from common.kit.broker_kafka import KafkaConsumer, KafkaProducer
from common.kit.broker_store import EmbeddedProducer, create, forget
from common.kit.postgres_server import throwaway_postgres
from common.kit.testing import Server


@dataclass
class Stage:
    """One broker with a topic of its own."""

    kind: str
    address: str
    topic: str
    producer: Callable[[], Awaitable[Producer]]
    consumer: Callable[[str], Awaitable[Consumer]]
    forget_before: Callable[[InboundRecord], Awaitable[None]]
    crash: Callable[[], None]

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
async def stage(request) -> AsyncIterator[Stage]:
    if request.param == "embedded":
        server = request.getfixturevalue("postgres_server")
        async with embedded_stage(server, crash=lambda: pytest.fail("this server is shared")) as made:
            yield made
    else:
        yield await kafka_stage(request)


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
async def mortal_stage(request) -> AsyncIterator[Stage]:
    """A stage whose broker may be killed; it starts again from the main thread, with whose end a child ends."""
    if request.param == "kafka":
        yield await kafka_stage(request)
        return
    with throwaway_postgres() as server:

        def crash() -> None:
            server.kill()
            server.start()

        async with embedded_stage(Server(server.url()), crash=crash) as made:
            yield made


@asynccontextmanager
async def embedded_stage(server: Server, *, crash: Callable[[], None]) -> AsyncIterator[Stage]:
    name, topic = f"broker_{uuid4().hex[:10]}", f"t{uuid4().hex[:10]}.events"
    await server.run(f'CREATE DATABASE "{name}"')
    url = server.url_of(name)
    await create(url)

    async def produce() -> Producer:
        return EmbeddedProducer(url)

    async def consume(group: str) -> Consumer:
        return EmbeddedConsumer(url, group=group, topics=[topic])

    async def forget_before(record: InboundRecord) -> None:
        await forget(url, before=record.appended_at)

    yield Stage("embedded", url, topic, produce, consume, forget_before, crash)
    await server.run(f'DROP DATABASE "{name}" WITH (FORCE)')


async def kafka_stage(request) -> Stage:
    server = request.getfixturevalue("kafka_server")
    topic = f"t{uuid4().hex[:10]}.events"
    admin = AIOKafkaAdminClient(bootstrap_servers=server.bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    await admin.close()

    async def produce() -> Producer:
        return await KafkaProducer.connected(server.bootstrap)

    async def consume(group: str) -> Consumer:
        return await KafkaConsumer.connected(server.bootstrap, group=group, topics=[topic])

    async def forget_before(record: InboundRecord) -> None:
        client = AIOKafkaAdminClient(bootstrap_servers=server.bootstrap)
        await client.start()
        place = TopicPartition(topic, record.partition)
        await client.delete_records({place: RecordsToDelete(before_offset=record.broker_offset)})
        await client.close()

    def crash() -> None:
        server.kill()
        server.start()

    return Stage("kafka", server.bootstrap, topic, produce, consume, forget_before, crash)


async def read(consumer: Consumer, count: int, *, seconds: float = 20.0, commit: bool = True) -> list:
    """Fetch until `count` records came or time is up; commits what it hands out when asked to."""
    deadline = asyncio.get_running_loop().time() + seconds
    found: list = []
    while len(found) < count and asyncio.get_running_loop().time() < deadline:
        try:
            records = await consumer.fetch(500, 0.5)
        except BrokerUnavailable:  # It is coming back; the deadline judges.
            await asyncio.sleep(0.1)
            continue
        found += records
        if commit and records:
            await consumer.commit({(r.topic, r.partition): r.broker_offset + 1 for r in records})
    return found
