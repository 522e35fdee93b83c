"""The embedded broker (内置消息代理): topics, groups and offsets in a PostgreSQL database, for one machine.

It keeps Kafka's promises that the suite relies on: at least once, order per partition, exact end offsets, retention. It
does not promise more than one database server.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Mapping, Sequence

import asyncpg

from common.kit.broker import (
    PARTITIONS,
    BrokerUnavailable,
    CommitRefused,
    InboundRecord,
    OffsetOutOfRange,
    TopicPartition,
)
from common.kit.broker_store import WAKE_CHANNEL
from common.kit.wake import TROUBLE, plain_dsn

IDLE_SESSION_SECONDS = 15
TOUCH_SECONDS = 5.0
TAKE_SECONDS = 1.0
POLL_SECONDS = 1.0

_HEADS = "SELECT topic, partition, first_offset, next_offset FROM broker_partition WHERE topic = ANY($1::text[])"
_FETCH = """
SELECT r.* FROM unnest($1::text[], $2::smallint[], $3::bigint[], $4::bigint[])
    WITH ORDINALITY AS w(topic, partition, from_offset, to_offset, turn)
JOIN broker_record r ON r.topic = w.topic AND r.partition = w.partition
    AND r.broker_offset >= w.from_offset AND r.broker_offset < w.to_offset
ORDER BY w.turn, r.broker_offset
"""
_PLACES = """
SELECT w.topic, w.partition, g.committed_offset, coalesce(b.first_offset, 0) AS first_offset,
       coalesce(b.next_offset, 0) AS next_offset
FROM unnest($2::text[], $3::smallint[]) AS w(topic, partition)
LEFT JOIN broker_group_offset g ON g.group_name = $1 AND g.topic = w.topic AND g.partition = w.partition
LEFT JOIN broker_partition b ON b.topic = w.topic AND b.partition = w.partition
"""
_COMMIT = """
INSERT INTO broker_group_offset (group_name, topic, partition, committed_offset)
SELECT $1, * FROM unnest($2::text[], $3::smallint[], $4::bigint[])
ON CONFLICT (group_name, topic, partition) DO UPDATE SET committed_offset = excluded.committed_offset
"""


class EmbeddedConsumer:
    """A member of a group: owns a partition while its one connection holds the partition's advisory lock."""

    def __init__(self, url: str, *, group: str, topics: Sequence[str]) -> None:
        self._dsn = plain_dsn(url)
        self._group = group
        self._all = [(topic, partition) for topic in sorted(topics) for partition in range(PARTITIONS)]
        self._positions: dict[TopicPartition, int] = {}
        self._connection: asyncpg.Connection | None = None
        self._busy = asyncio.Lock()
        self._woken = asyncio.Event()
        self._tried_at = 0.0
        self._turn = 0
        self._keeper: asyncio.Task[None] | None = None

    async def fetch(self, max_records: int, wait: float) -> list[InboundRecord]:
        """Return up to `max_records`, grouped by partition; an idle member sleeps until woken or `wait` is over.

        Raises:
            BrokerUnavailable: If the database does not answer.
            OffsetOutOfRange: If the group's place is no longer kept.
        """
        deadline = time.monotonic() + wait
        while True:
            self._woken.clear()
            try:
                async with self._busy, asyncio.timeout(10):
                    records = await self._read(max_records)
            except TROUBLE as error:
                self._lose()
                raise BrokerUnavailable(str(error) or type(error).__name__) from error
            left = deadline - time.monotonic()
            if records or left <= 0:
                return records
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), min(left, POLL_SECONDS))

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Store the next offsets on the connection that holds the locks; who lost them cannot commit.

        Raises:
            CommitRefused: If a partition, or the connection, is lost.
        """
        if self._connection is None or self._connection.is_closed() or not self._positions.keys() >= offsets.keys():
            raise CommitRefused("the partition is no longer this member's")
        items = list(offsets.items())
        try:
            async with self._busy, asyncio.timeout(5):
                await self._connection.execute(
                    _COMMIT, self._group, [tp[0] for tp, _ in items], [tp[1] for tp, _ in items], [o for _, o in items]
                )
        except TROUBLE as error:
            self._lose()
            raise CommitRefused(f"the connection was lost: {error}") from error

    async def lag(self) -> int:
        """Return how many records the group has still to read."""
        rows = await self._ask(_PLACES, self._group, [t for t, _ in self._all], [p for _, p in self._all])
        return sum(max(0, r["next_offset"] - max(r["committed_offset"] or 0, r["first_offset"])) for r in rows)

    async def end_offsets(self) -> dict[TopicPartition, int]:
        """Return the next offset of every partition of the topics."""
        rows = await self._ask(_PLACES, self._group, [t for t, _ in self._all], [p for _, p in self._all])
        return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}

    async def close(self) -> None:
        """Give all partitions back."""
        if self._keeper is not None:
            self._keeper.cancel()
        self._lose()

    async def _ask(self, statement: str, *values: object) -> list[asyncpg.Record]:
        try:
            connection = await asyncpg.connect(self._dsn, timeout=5)
            try:
                rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
                return rows
            finally:
                await connection.close(timeout=2)
        except TROUBLE as error:
            raise BrokerUnavailable(str(error)) from error

    async def _read(self, max_records: int) -> list[InboundRecord]:
        connection = await self._connected()
        if len(self._positions) < len(self._all) and time.monotonic() - self._tried_at > TAKE_SECONDS:
            await self._take_free(connection)
        if not self._positions:
            return []
        heads = await connection.fetch(_HEADS, sorted({topic for topic, _ in self._positions}))
        ranges = self._share(
            {(r["topic"], r["partition"]): (r["first_offset"], r["next_offset"]) for r in heads}, max_records
        )
        if not ranges:
            return []
        topics, partitions, starts, ends = zip(*ranges, strict=True)
        found = []
        for row in await connection.fetch(_FETCH, topics, partitions, starts, ends):
            place = (row["topic"], row["partition"])
            if row["broker_offset"] == self._positions[place]:  # Else the rows before it have just been forgotten.
                self._positions[place] += 1
                found.append(_inbound(row))
        return found

    def _share(
        self, heads: Mapping[TopicPartition, tuple[int, int]], max_records: int
    ) -> list[tuple[str, int, int, int]]:
        """Return what to read, as (topic, partition, from, to); offsets are dense, so the count is known beforehand.

        Raises:
            OffsetOutOfRange: If a position lies outside of what is kept; it is set to the first record kept.
        """
        self._turn = (self._turn + 1) % len(self._positions)
        places = list(self._positions)
        ranges, left = [], max_records
        for place in places[self._turn :] + places[: self._turn]:
            first, end = heads.get(place, (0, 0))
            position = self._positions[place]
            if not first <= position <= end:
                self._positions[place] = first
                raise OffsetOutOfRange(f"{place[0]}/{place[1]} keeps {first} to {end}, the group is at {position}")
            take = min(end - position, left)
            if take > 0:
                ranges.append((*place, position, position + take))
                left -= take
        return ranges

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._lose()
            self._connection = await asyncpg.connect(
                self._dsn,
                timeout=5,
                server_settings={"idle_session_timeout": f"{IDLE_SESSION_SECONDS}s", "jit": "off"},
            )
            await self._connection.add_listener(WAKE_CHANNEL, lambda *_: self._woken.set())
            if self._keeper is None:
                self._keeper = asyncio.create_task(self._keep())
        return self._connection

    async def _take_free(self, connection: asyncpg.Connection) -> None:
        self._tried_at = time.monotonic()
        missing = [tp for tp in self._all if tp not in self._positions]
        held = await connection.fetch(
            "SELECT place, pg_try_advisory_lock(lock) AS held "
            "FROM unnest($1::bigint[]) WITH ORDINALITY AS t(lock, place)",
            [_lock_of(self._group, tp) for tp in missing],
        )
        won = [missing[row["place"] - 1] for row in held if row["held"]]
        rows = await connection.fetch(_PLACES, self._group, [t for t, _ in won], [p for _, p in won])
        for row in rows:
            committed = row["committed_offset"]
            self._positions[row["topic"], row["partition"]] = row["first_offset"] if committed is None else committed

    async def _keep(self) -> None:
        """Use the connection every five seconds: a paused process does not, and loses its partitions."""
        while True:
            await asyncio.sleep(TOUCH_SECONDS)
            if self._connection is None or self._connection.is_closed() or self._busy.locked():
                continue
            with contextlib.suppress(*TROUBLE):
                async with self._busy:
                    await self._connection.execute("SELECT 1", timeout=5)

    def _lose(self) -> None:
        if self._connection is not None and not self._connection.is_closed():
            self._connection.terminate()
        self._connection = None
        self._positions = {}
        self._tried_at = 0.0


def _lock_of(group: str, place: TopicPartition) -> int:
    name = f"{group}\x1f{place[0]}\x1f{place[1]}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big", signed=True)


def _inbound(row: asyncpg.Record) -> InboundRecord:
    return InboundRecord(
        topic=row["topic"],
        partition=row["partition"],
        key=row["key"],
        value=row["value"],
        headers=tuple(zip(row["header_names"], row["header_values"], strict=True)),
        broker_offset=row["broker_offset"],
        appended_at=row["appended_at"],
    )
