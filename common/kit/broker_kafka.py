"""Apache Kafka through aiokafka, with every known pitfall of the client bounded (events.md section 9)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    InvalidProducerEpoch,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    OffsetOutOfRangeError,
    OutOfOrderSequenceNumber,
    ProducerFenced,
    UnknownProducerId,
)

from common.kit.broker import (
    MAX_RECORD_BYTES,
    BrokerUnavailable,
    CommitRefused,
    InboundRecord,
    OffsetOutOfRange,
    OutboundRecord,
    ProducerBroken,
    RecordTooLarge,
)
from common.kit.broker import TopicPartition as Place

SEND_SECONDS = 10.0
COMMIT_SECONDS = 5.0
START_SECONDS = 15.0
STOP_SECONDS = 10.0
_BROKEN = (
    OutOfOrderSequenceNumber,
    UnknownProducerId,
    InvalidProducerEpoch,
    ProducerFenced,
    KafkaTimeoutError,
    TimeoutError,
)
T = TypeVar("T")


class KafkaProducer:
    """An idempotent producer; once broken it is abandoned and another takes its place."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    @classmethod
    async def connected(cls, bootstrap: str) -> KafkaProducer:
        """Return a started producer.

        Raises:
            BrokerUnavailable: If no broker answers in time.
        """
        producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=262_144,
            max_request_size=1_048_576,
            compression_type="lz4",
            request_timeout_ms=10_000,
        )
        await _started(producer)
        return cls(producer)

    async def publish(self, records: Sequence[OutboundRecord]) -> list[Exception | None]:
        """Hand all records to the client, then gather the acknowledgements."""
        outcomes: list[Exception | None] = [None] * len(records)
        waiting: list[tuple[int, Awaitable[Any]]] = []
        for place, record in enumerate(records):
            if len(record.value) > MAX_RECORD_BYTES:
                outcomes[place] = RecordTooLarge(f"{len(record.value)} bytes, the limit is {MAX_RECORD_BYTES}")
                continue
            try:
                sent = await asyncio.wait_for(self._send(record), SEND_SECONDS)
            except (KafkaError, TimeoutError) as error:
                outcomes[place:] = [_named(error)] * (len(records) - place)
                break
            waiting.append((place, sent))
        if waiting:
            await asyncio.wait([asyncio.ensure_future(sent) for _, sent in waiting], timeout=SEND_SECONDS)
        for place, sent in waiting:
            outcomes[place] = _outcome(asyncio.ensure_future(sent))
        return outcomes

    async def _send(self, record: OutboundRecord) -> Awaitable[Any]:
        sent: Awaitable[Any] = await self._producer.send(
            record.topic,
            value=record.value,
            key=record.key,
            partition=record.partition,
            headers=list(record.headers),
        )
        return sent

    async def close(self) -> None:
        """Stop within bounded time; a hanging client is cut off."""
        await _stopped(self._producer)


class KafkaConsumer:
    """A member of a consumer group with explicit offsets."""

    def __init__(self, consumer: AIOKafkaConsumer, bootstrap: str, group: str, topics: Sequence[str]) -> None:
        self._consumer = consumer
        self._bootstrap = bootstrap
        self._group = group
        self._topics = list(topics)

    @classmethod
    async def connected(cls, bootstrap: str, *, group: str, topics: Sequence[str]) -> KafkaConsumer:
        """Return a started member of the group.

        Raises:
            BrokerUnavailable: If no broker answers in time.
        """
        consumer = AIOKafkaConsumer(
            *topics,
            bootstrap_servers=bootstrap,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=500,
            session_timeout_ms=30_000,
            heartbeat_interval_ms=3_000,
            rebalance_timeout_ms=60_000,
            max_poll_interval_ms=300_000,
            isolation_level="read_committed",
            partition_assignment_strategy=[StickyPartitionAssignor],
            request_timeout_ms=40_000,
        )
        await _started(consumer)
        return cls(consumer, bootstrap, group, topics)

    async def fetch(self, max_records: int, wait: float) -> list[InboundRecord]:
        """Return up to `max_records`, grouped by partition.

        Raises:
            BrokerUnavailable: On trouble of the client that may pass.
            OffsetOutOfRange: If the group's place is no longer kept.
        """
        try:
            batches = await self._consumer.getmany(timeout_ms=int(wait * 1000), max_records=max_records)
        except OffsetOutOfRangeError as error:
            raise OffsetOutOfRange(str(error)) from error
        except KafkaError as error:
            raise BrokerUnavailable(str(error)) from error
        return [_inbound(record) for record in chain.from_iterable(batches.values())]

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Commit explicit offsets.

        Raises:
            CommitRefused: If the partition moved or the commit did not come back in time.
        """
        wanted = {TopicPartition(topic, partition): offset for (topic, partition), offset in offsets.items()}
        try:
            await asyncio.wait_for(self._consumer.commit(wanted), COMMIT_SECONDS)
        except (CommitFailedError, IllegalStateError, TimeoutError) as error:
            raise CommitRefused(str(error) or type(error).__name__) from error
        except KafkaError as error:
            raise BrokerUnavailable(str(error)) from error

    async def lag(self) -> int:
        """Return how many records the group has still to read, seen by a second, short-lived client."""
        async with _looking(self._bootstrap, self._group) as client:
            places = await _places(client, self._topics)
            ends, firsts = await client.end_offsets(places), await client.beginning_offsets(places)
            total = 0
            for place in places:
                committed = await client.committed(place)
                total += max(0, ends[place] - (firsts[place] if committed is None else committed))
        return total

    async def end_offsets(self) -> dict[Place, int]:
        """Return the next offset of every partition of the topics."""
        async with _looking(self._bootstrap, None) as client:
            ends = await client.end_offsets(await _places(client, self._topics))
        return {(place.topic, place.partition): offset for place, offset in ends.items()}

    async def close(self) -> None:
        """Leave the group within bounded time; a hanging client is cut off."""
        await _stopped(self._consumer)


@contextlib.asynccontextmanager
async def _looking(bootstrap: str, group: str | None) -> Any:  # noqa: ANN401 - aiokafka has no types
    client = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await _started(client)
    try:
        yield client
    finally:
        await _stopped(client)


async def _places(client: AIOKafkaConsumer, topics: Sequence[str]) -> list[TopicPartition]:
    await client._client.set_topics(topics)  # noqa: SLF001 - the only way to learn partitions without subscribing
    return [TopicPartition(topic, number) for topic in topics for number in client.partitions_for_topic(topic) or ()]


async def _started(client: Any) -> None:  # noqa: ANN401 - aiokafka has no types
    try:
        await asyncio.wait_for(client.start(), START_SECONDS)
    except (KafkaError, OSError, TimeoutError) as error:
        await _stopped(client)
        raise BrokerUnavailable(str(error) or type(error).__name__) from error


async def _stopped(client: Any) -> None:  # noqa: ANN401 - aiokafka has no types
    try:
        await asyncio.wait_for(client.stop(), STOP_SECONDS)
    except (KafkaError, TimeoutError, asyncio.CancelledError):
        inner = getattr(client, "client", None) or getattr(client, "_client", None)
        if inner is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(inner.close(), STOP_SECONDS)


def _outcome(sent: asyncio.Future[Any]) -> Exception | None:
    """Return None for an acknowledged record; a duplicate's offset of -1 counts as acknowledged too."""
    if not sent.done():
        return ProducerBroken("no acknowledgement in time")
    error = sent.exception()
    return None if error is None else _named(error)


def _named(error: BaseException) -> Exception:
    if isinstance(error, MessageSizeTooLargeError):
        return RecordTooLarge(str(error))
    if isinstance(error, _BROKEN):
        return ProducerBroken(str(error) or type(error).__name__)
    return BrokerUnavailable(str(error) or type(error).__name__)


def _inbound(record: Any) -> InboundRecord:  # noqa: ANN401 - aiokafka has no types
    return InboundRecord(
        topic=record.topic,
        partition=record.partition,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
        broker_offset=record.offset,
        appended_at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
    )
