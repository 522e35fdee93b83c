"""Apache Kafka through aiokafka, with every known pitfall of the client bounded (events.md section 9)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
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
    NoOffsetForPartitionError,
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
from common.kit.failpoints import failpoint
from common.kit.kafka_client import (
    CALL_SECONDS,
    START_SECONDS,
    bounded,
    check_topics,
    group_places,
    looking,
    places,
    started,
    stopped,
)

SEND_SECONDS = 10.0
SESSION_SECONDS, REBALANCE_SECONDS = 30.0, 60.0
HEARTBEATS_PER_SESSION = 10
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
        await started(producer)
        return cls(producer)

    async def publish(self, records: Sequence[OutboundRecord]) -> list[Exception | None]:
        """Hand all records to the client, then gather the acknowledgements; both within ten seconds."""
        deadline = asyncio.get_running_loop().time() + SEND_SECONDS
        sent: dict[int, asyncio.Future[Any]] = {}
        outcomes: list[Exception | None] = [ProducerBroken("not handed to the client in time")] * len(records)
        place = 0
        try:
            async with asyncio.timeout_at(deadline):
                for place, record in enumerate(records):
                    if len(record.value) > MAX_RECORD_BYTES:
                        outcomes[place] = RecordTooLarge(f"{len(record.value)} bytes, the limit is {MAX_RECORD_BYTES}")
                    else:
                        sent[place] = await self._send(record)
        except (KafkaError, TimeoutError) as error:
            outcomes[place:] = [_named(error)] * (len(records) - place)
        failpoint("relay.after_send_before_ack")
        if sent:
            left = deadline - asyncio.get_running_loop().time()
            await asyncio.wait(sent.values(), timeout=max(left, 0))
        for index, future in sent.items():
            outcomes[index] = _outcome(future)
        return outcomes

    async def _send(self, record: OutboundRecord) -> asyncio.Future[Any]:
        sent: asyncio.Future[Any] = await self._producer.send(
            record.topic,
            value=record.value,
            key=record.key,
            partition=record.partition,
            headers=list(record.headers),
        )
        return sent

    async def close(self) -> None:
        """Stop within bounded time; a hanging client is cut off."""
        await stopped(self._producer)


class KafkaConsumer:
    """A member of a consumer group with explicit offsets."""

    def __init__(self, consumer: AIOKafkaConsumer, bootstrap: str, group: str, topics: Sequence[str]) -> None:
        self._consumer = consumer
        self._bootstrap = bootstrap
        self._group = group
        self._topics = list(topics)

    @classmethod
    async def connected(
        cls, bootstrap: str, *, group: str, topics: Sequence[str], session_seconds: float = SESSION_SECONDS
    ) -> KafkaConsumer:
        """Return a started member of the group.

        Joining waits for members that died without a word: given up sooner, each try would leave another such member.

        Raises:
            BrokerUnavailable: If no broker answers in time or a topic is not there as it should be.
        """
        await check_topics(bootstrap, topics)
        consumer = AIOKafkaConsumer(
            *topics,
            bootstrap_servers=bootstrap,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="none",  # `fetch` sets a new group to the beginning; a lost place must be loud.
            max_poll_records=500,
            session_timeout_ms=int(session_seconds * 1000),
            heartbeat_interval_ms=int(session_seconds * 1000 / HEARTBEATS_PER_SESSION),
            rebalance_timeout_ms=int(REBALANCE_SECONDS * 1000),
            max_poll_interval_ms=300_000,
            isolation_level="read_committed",
            partition_assignment_strategy=[StickyPartitionAssignor],
            request_timeout_ms=40_000,
        )
        await started(consumer, within=START_SECONDS + session_seconds + REBALANCE_SECONDS)
        return cls(consumer, bootstrap, group, topics)

    async def fetch(self, max_records: int, wait: float) -> list[InboundRecord]:
        """Return up to `max_records`, grouped by partition; a new group begins at the first record.

        Raises:
            BrokerUnavailable: On trouble of the client that may pass; of a silent one see common/kit/liveness.py.
            OffsetOutOfRange: If the group's place is no longer kept.
        """
        deadline = asyncio.get_running_loop().time() + wait
        while True:
            left = max(deadline - asyncio.get_running_loop().time(), 0)
            try:
                batches = await self._consumer.getmany(timeout_ms=int(left * 1000), max_records=max_records)
                return [_inbound(record) for record in chain.from_iterable(batches.values())]
            except NoOffsetForPartitionError:
                await self._begin()
                if left == 0:
                    return []
            except OffsetOutOfRangeError as error:
                await self._to_first(error.args[0])
                raise OffsetOutOfRange(f"no longer kept: {error.args[0]}") from error
            except KafkaError as error:
                raise BrokerUnavailable(str(error) or type(error).__name__) from error

    async def _begin(self) -> None:
        """Set every partition for which the group has no place to its first record."""
        assigned = list(self._consumer.assignment())
        async with bounded():
            committed = await asyncio.gather(*(self._consumer.committed(place) for place in assigned))
        await self._to_first([place for place, offset in zip(assigned, committed, strict=True) if offset is None])

    async def _to_first(self, wanted: Collection[TopicPartition]) -> None:
        if not wanted:
            return
        with contextlib.suppress(IllegalStateError):  # Moved to another member meanwhile, which does the same.
            async with bounded():
                await self._consumer.seek_to_beginning(*wanted)

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """Commit explicit offsets.

        Raises:
            CommitRefused: If the partition moved or the commit did not come back in time.
        """
        wanted = {TopicPartition(topic, partition): offset for (topic, partition), offset in offsets.items()}
        try:
            await asyncio.wait_for(self._consumer.commit(wanted), CALL_SECONDS)
        except (CommitFailedError, IllegalStateError, TimeoutError) as error:
            raise CommitRefused(str(error) or type(error).__name__) from error
        except KafkaError as error:
            raise BrokerUnavailable(str(error)) from error

    async def lag(self) -> int:
        """Return how many records the group has still to read, seen by a second, short-lived client."""
        found = await group_places(self._bootstrap, group=self._group, topics=self._topics)
        return sum(max(0, place.end - place.next_offset) for place in found.values())

    async def end_offsets(self) -> dict[Place, int]:
        """Return the next offset of every partition of the topics."""
        async with looking(self._bootstrap, None) as client:
            ends = await client.end_offsets(await places(client, self._topics))
        return {(place.topic, place.partition): offset for place, offset in ends.items()}

    async def close(self) -> None:
        """Leave the group within bounded time; a hanging client is cut off."""
        await stopped(self._consumer)


def _outcome(sent: asyncio.Future[Any]) -> Exception | None:
    """Return None for an acknowledged record; a duplicate's offset of -1 counts as acknowledged too."""
    if not sent.done():
        return ProducerBroken("no acknowledgement in time")
    if sent.cancelled():
        return ProducerBroken("the client gave the record up")
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
