"""What the suite asks of a broker, and nothing else, so that another client can take this one's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

PARTITIONS = 12
MAX_RECORD_BYTES = 262_144
RETENTION = timedelta(days=14)

TopicPartition = tuple[str, int]
Headers = tuple[tuple[str, bytes], ...]


class BrokerUnavailable(Exception):
    """The broker does not answer; the same may succeed later."""


class ProducerBroken(Exception):
    """This producer can never send again; a new one must take its place."""


class RecordTooLarge(Exception):
    """A record is above the limit; sending it again cannot help."""


class CommitRefused(Exception):
    """The partition has moved to another member: drop the batch and go on."""


class OffsetOutOfRange(Exception):
    """The group's place is no longer kept: events were missed there; the next fetch reads what is left."""


@dataclass(frozen=True, slots=True)
class OutboundRecord:
    """A record to be sent; the partition is always explicit."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class InboundRecord:
    """A record as fetched, with its place."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    broker_offset: int
    appended_at: datetime


@dataclass(frozen=True, slots=True)
class GroupPlace:
    """How far a group is in one partition.

    Attributes:
        next_offset: What the group reads next: its committed offset, or the first one kept where that is later.
        end: The next offset the broker will give out.
    """

    next_offset: int
    end: int


class Producer(Protocol):
    """Sends records."""

    async def publish(self, records: Sequence[OutboundRecord]) -> list[Exception | None]:
        """Send all, then wait for all; return None for each acknowledged record, else what went wrong."""

    async def close(self) -> None:
        """Close within bounded time."""


class Consumer(Protocol):
    """Reads the partitions that its group gives it."""

    async def fetch(self, max_records: int, wait: float) -> list[InboundRecord]:
        """Return records grouped by partition and in order; empty after `wait` seconds.

        Raises:
            BrokerUnavailable: If the broker does not answer.
            OffsetOutOfRange: Once for each place that is no longer kept.
        """

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Store the next offset to read of each partition.

        Raises:
            CommitRefused: If a partition is no longer this member's.
        """

    async def lag(self) -> int:
        """Return how many records the group has still to read."""

    async def end_offsets(self) -> dict[TopicPartition, int]:
        """Return the next offset of every partition of the topics."""

    async def close(self) -> None:
        """Leave the group within bounded time."""


def partition_of(key: bytes) -> int:
    """Return the partition of a key: Kafka's murmur2, made positive, modulo 12."""
    return (murmur2(key) & 0x7FFFFFFF) % PARTITIONS


def murmur2(data: bytes) -> int:
    """Return Kafka's 32-bit murmur2 of the bytes, unsigned."""
    mix, mask = 0x5BD1E995, 0xFFFFFFFF
    length = len(data)
    hashed = (0x9747B28C ^ length) & mask
    whole = length - length % 4
    for place in range(0, whole, 4):
        block = int.from_bytes(data[place : place + 4], "little") * mix & mask
        block = (block ^ block >> 24) * mix & mask
        hashed = (hashed * mix & mask) ^ block
    if length % 4:
        hashed = (hashed ^ int.from_bytes(data[whole:], "little")) * mix & mask
    hashed = (hashed ^ hashed >> 13) * mix & mask
    return hashed ^ hashed >> 15
