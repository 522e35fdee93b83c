"""What a round must leave behind: a figure counts only when every event arrived, and once."""

from __future__ import annotations

import asyncpg

from common.kit.kafka_client import looking, places


class NotAllArrived(Exception):
    """A round left fewer or more behind than it was given; its figure means nothing."""


def all_arrived(what: str, *, expected: int, found: int) -> None:
    """Hold what was counted to what was given.

    Raises:
        NotAllArrived: If they differ.

    >>> all_arrived("effects", expected=2, found=1)
    Traceback (most recent call last):
    ...
    bench.arrived.NotAllArrived: effects: 1 of 2
    """
    if found != expected:
        raise NotAllArrived(f"{what}: {found} of {expected}")


async def kafka_count(bootstrap: str, topic: str) -> int:
    """Return how many records Kafka ever took for a topic."""
    async with looking(bootstrap, None) as client:
        return sum((await client.end_offsets(await places(client, [topic]))).values())


async def row_count(dsn: str, statement: str, *values: object) -> int:
    """Return what a statement counts."""
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval(statement, *values))
    finally:
        await connection.close()
