"""The comparison of heads: with which keys of a producer a consumer is behind, and whether the broker lost something.

Behind is not lost. A head counts only what the broker has acknowledged, so an event that still waits in the outbox is
no part of it. A key that is behind may lag: the record lies in the broker and has not been read. Therefore the broker's
ends are read after the heads, and only a key still behind once the group has read up to those ends has lost an event:
the broker had taken it, the consumer has read everything, and it was not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit.broker import GroupPlace, TopicPartition, partition_of
from common.kit.producer_api import HeadOut

READ_PATIENCE_SECONDS = 60.0
LOOK_AGAIN_SECONDS = 0.5

GroupPlaces = Callable[[Sequence[str]], Awaitable[Mapping[TopicPartition, GroupPlace]]]

_BEHIND = """
SELECT h.key, h.head, coalesce(i.last_sequence, 0) AS watermark
FROM unnest($3::text[], $4::bigint[]) AS h(key, head)
LEFT JOIN inbox_key i ON i.consumer = $1 AND i.producer = $2 AND i.key = h.key
WHERE h.head > greatest(coalesce(i.last_sequence, 0), (
    SELECT max(p.sequence) FROM parked_event p JOIN diverted_key d USING (consumer, producer, key)
    WHERE p.consumer = $1 AND p.producer = $2 AND p.key = h.key AND p.state IN ('waiting', 'dead')))
"""
_AHEAD = """
SELECT i.key, i.last_sequence FROM unnest($3::text[], $4::bigint[]) AS h(key, head)
JOIN inbox_key i ON i.consumer = $1 AND i.producer = $2 AND i.key = h.key WHERE i.last_sequence > h.head
"""


@dataclass(frozen=True, slots=True)
class Behind:
    """A key of which a consumer has neither taken in nor parked everything up to the head."""

    key: str
    head: int


async def keys_behind(
    connection: AsyncConnection, consumer: str, producer: str, heads: Sequence[HeadOut]
) -> list[Behind]:
    """Return the keys whose head is above both the watermark and everything parked in their order."""
    rows = await connection.exec_driver_sql(
        _BEHIND, (consumer, producer, [h.key for h in heads], [h.last_sequence for h in heads])
    )
    return [Behind(row.key, row.head) for row in rows]


async def keys_ahead(
    connection: AsyncConnection, consumer: str, producer: str, heads: Sequence[HeadOut]
) -> dict[str, int]:
    """Return the keys whose watermark is above the head, with the watermark: mere lead, or a producer set back."""
    rows = await connection.exec_driver_sql(
        _AHEAD, (consumer, producer, [h.key for h in heads], [h.last_sequence for h in heads])
    )
    return {row.key: row.last_sequence for row in rows}


async def read_up_to_the_ends(
    places: GroupPlaces, topic: str, keys: Sequence[str], *, patience_seconds: float = READ_PATIENCE_SECONDS
) -> bool:
    """Wait until the group has read what the broker holds now in the partitions of these keys; False when it has not.

    Raises:
        BrokerUnavailable: If the broker does not answer.
    """
    partitions = {(topic, partition_of(key.encode())) for key in keys}
    ends = {place: at.end for place, at in (await places([topic])).items() if place in partitions}
    deadline = asyncio.get_running_loop().time() + patience_seconds
    while True:
        now = await places([topic])
        # An end that fell says that the broker was set back: then what is left is all there is to read.
        if all(now[place].next_offset >= min(end, now[place].end) for place, end in ends.items() if place in now):
            return True
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
