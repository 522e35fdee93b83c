"""The two brokers as the bench opens them: settings for a suite, and one way through the broker beside it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from bench.chain import OneWay
from bench.running import RunningSuite
from common.kit.broker_embedded import EmbeddedConsumer
from common.kit.broker_kafka import KafkaConsumer, KafkaProducer
from common.kit.broker_store import EmbeddedProducer
from common.kit.kafka_server import KafkaMissing, KafkaServer, fetch_jars
from common.kit.topics import make_topics

PREFIX = "bench."
TOPIC = f"{PREFIX}settlement.events"

OpenOneWay = Callable[[RunningSuite], Awaitable[OneWay]]


def missing(broker: str) -> str:
    """Return why a broker cannot be had here, empty when it can."""
    if broker == "Kafka":
        try:
            fetch_jars()
        except KafkaMissing as refusal:
            return str(refusal)
    return ""


@contextmanager
def embedded() -> Iterator[tuple[Mapping[str, str], OpenOneWay]]:
    """Give what a suite on the embedded broker needs."""

    async def one_way(running: RunningSuite) -> OneWay:
        url = running.server.url("yizhan_broker")
        return EmbeddedProducer(url), EmbeddedConsumer(url, group=uuid4().hex, topics=[TOPIC]), TOPIC

    yield {"BROKER": "embedded"}, one_way


@contextmanager
def kafka() -> Iterator[tuple[Mapping[str, str], OpenOneWay]]:
    """Start a Kafka of its own and give what a suite on it needs."""
    with running_kafka() as bootstrap:

        async def one_way(_running: RunningSuite) -> OneWay:
            producer = await KafkaProducer.connected(bootstrap)
            consumer = await KafkaConsumer.connected(bootstrap, group=uuid4().hex, topics=[TOPIC])
            return producer, consumer, TOPIC

        yield {"BROKER": "kafka", "KAFKA_BOOTSTRAP": bootstrap}, one_way


@contextmanager
def running_kafka() -> Iterator[str]:
    """Run a Kafka of one's own, with the suite's topics and as many of the bench's, and give its address."""
    with tempfile.TemporaryDirectory(prefix="yizhan-bench-kafka-") as home, KafkaServer(Path(home)) as server:
        asyncio.run(make_topics(server.bootstrap))
        asyncio.run(make_topics(server.bootstrap, prefix=PREFIX))
        yield server.bootstrap
