"""The clients of aiokafka within bounded time: without brokers their calls repeat or hang (events.md section 9)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from common.kit.broker import PARTITIONS, BrokerUnavailable, GroupPlace
from common.kit.broker import TopicPartition as Place

CALL_SECONDS = 5.0
FRESH_TOPIC_SECONDS = 3.0
START_SECONDS = 15.0
STOP_SECONDS = 10.0


@contextlib.asynccontextmanager
async def bounded() -> AsyncIterator[None]:
    """Give the client five seconds; IllegalStateError passes through, other trouble is the broker's."""
    try:
        async with asyncio.timeout(CALL_SECONDS):
            yield
    except IllegalStateError:
        raise
    except (KafkaError, TimeoutError) as error:
        raise BrokerUnavailable(str(error) or type(error).__name__) from error


@contextlib.asynccontextmanager
async def looking(bootstrap: str, group: str | None) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a short-lived client that looks without joining the group."""
    client = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await started(client)
    try:
        async with bounded():
            yield client
    finally:
        await stopped(client)


async def check_topics(bootstrap: str, topics: Sequence[str]) -> None:
    """Refuse topics that are missing or differ: a client that subscribes to such waits without a word.

    Raises:
        BrokerUnavailable: If a topic does not have its partitions, or no broker answers in time.
    """
    deadline = asyncio.get_running_loop().time() + FRESH_TOPIC_SECONDS
    async with looking(bootstrap, None) as client:
        while True:
            cluster = await client._client.fetch_all_metadata()  # noqa: SLF001 - its public form drops the partitions
            counts = {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in topics}
            wrong = [f"{topic} has {count} partitions" for topic, count in counts.items() if count != PARTITIONS]
            if not wrong:
                return
            if asyncio.get_running_loop().time() > deadline:
                raise BrokerUnavailable(f"{', '.join(wrong)}: run python -m common.kit.topics")
            await asyncio.sleep(0.1)


async def places(client: AIOKafkaConsumer, topics: Sequence[str]) -> list[TopicPartition]:
    """Return every partition of the topics."""
    await client._client.set_topics(topics)  # noqa: SLF001 - the only way to learn partitions without subscribing
    return [TopicPartition(topic, number) for topic in topics for number in client.partitions_for_topic(topic) or ()]


async def group_places(bootstrap: str, *, group: str, topics: Sequence[str]) -> dict[Place, GroupPlace]:
    """Return how far the group is in every partition of the topics, seen by a short-lived client.

    Raises:
        BrokerUnavailable: If no broker answers in time.
    """
    async with looking(bootstrap, group) as client:
        found = await places(client, topics)
        ends, firsts = await client.end_offsets(found), await client.beginning_offsets(found)
        committed = await asyncio.gather(*(client.committed(place) for place in found))
    return {
        (place.topic, place.partition): GroupPlace(max(offset or 0, firsts[place]), ends[place])
        for place, offset in zip(found, committed, strict=True)
    }


async def started(client: Any, *, within: float = START_SECONDS) -> None:  # noqa: ANN401 - aiokafka has no types
    """Start a client.

    Raises:
        BrokerUnavailable: If no broker answers in time.
    """
    try:
        await asyncio.wait_for(client.start(), within)
    except (KafkaError, OSError, TimeoutError) as error:
        await stopped(client)
        raise BrokerUnavailable(str(error) or type(error).__name__) from error
    except asyncio.CancelledError:
        await stopped(client)
        raise


async def stopped(client: Any) -> None:  # noqa: ANN401 - aiokafka has no types
    """Stop a client; one that hangs is cut off."""
    try:
        await asyncio.wait_for(client.stop(), STOP_SECONDS)
    except (KafkaError, TimeoutError, asyncio.CancelledError):
        inner = getattr(client, "client", None) or getattr(client, "_client", None)
        if inner is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(inner.close(), STOP_SECONDS)
