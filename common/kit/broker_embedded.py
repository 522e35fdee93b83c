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
    GroupPlace,
    InboundRecord,
    OffsetOutOfRange,
    TopicPartition,
)
from common.kit.broker_store import WAKE_CHANNEL
from common.kit.failpoints import failpoint
from common.kit.lines import connected
from common.kit.wake import TROUBLE, plain_dsn

IDLE_SESSION_SECONDS = 15
TOUCH_SECONDS = 5.0
TAKE_SECONDS = 1.0
POLL_SECONDS = 1.0

# One look at every partition that has moved, with what came; offsets are dense, so a hole shows.
_READ = """
SELECT w.topic AS of_topic, w.partition AS of_partition, coalesce(b.first_offset, 0) AS first_offset,
       coalesce(b.next_offset, 0) AS next_offset, r.*
FROM unnest($1::text[], $2::smallint[], $3::bigint[]) WITH ORDINALITY AS w(topic, partition, position, turn)
LEFT JOIN broker_partition b ON b.topic = w.topic AND b.partition = w.partition
LEFT JOIN LATERAL (
    SELECT * FROM broker_record r WHERE r.topic = w.topic AND r.partition = w.partition
      AND r.broker_offset >= w.position AND r.broker_offset < b.next_offset ORDER BY r.broker_offset LIMIT $4
) r ON true
WHERE coalesce(b.next_offset, 0) <> w.position OR coalesce(b.first_offset, 0) > w.position
ORDER BY w.turn, r.broker_offset LIMIT $4
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
        self._topics = frozenset(topics)
        self._all = [(topic, partition) for topic in sorted(topics) for partition in range(PARTITIONS)]
        self._positions: dict[TopicPartition, int] = {}
        self._holes: list[str] = []
        self._connection: asyncpg.Connection | None = None
        self._busy = asyncio.Lock()
        self._woken = asyncio.Event()
        self._tried_at = 0.0
        self._turn = 0
        self._is_drained = False
        self._read_at = 0.0
        self._keeper: asyncio.Task[None] | None = None

    async def fetch(self, max_records: int, wait: float) -> list[InboundRecord]:
        """Return up to `max_records`, grouped by partition; an idle member sleeps until woken or `wait` is over.

        Raises:
            BrokerUnavailable: If the database does not answer.
            OffsetOutOfRange: If the group's place is no longer kept.
        """
        deadline = time.monotonic() + wait
        while True:
            records: list[InboundRecord] = []
            if self._must_look():
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
                failpoint("broker.before_offset_commit")
                await self._connection.execute(
                    _COMMIT, self._group, [tp[0] for tp, _ in items], [tp[1] for tp, _ in items], [o for _, o in items]
                )
        except TROUBLE as error:
            self._lose()
            raise CommitRefused(f"the connection was lost: {error}") from error

    async def lag(self) -> int:
        """Return how many records the group has still to read."""
        return sum(max(0, place.end - place.next_offset) for place in (await self.group_places()).values())

    async def group_places(self) -> dict[TopicPartition, GroupPlace]:
        """Return how far the group is in every partition of the topics, whoever owns it."""
        rows = await self._ask(_PLACES, self._group, [t for t, _ in self._all], [p for _, p in self._all])
        return {
            (r["topic"], r["partition"]): GroupPlace(
                max(r["committed_offset"] or 0, r["first_offset"]), r["next_offset"]
            )
            for r in rows
        }

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
            connection = await connected(self._dsn, name="yizhan-look")
            try:
                rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
                return rows
            finally:
                await connection.close(timeout=2)
        except TROUBLE as error:
            raise BrokerUnavailable(str(error)) from error

    async def _read(self, max_records: int) -> list[InboundRecord]:
        if self._holes:
            raise OffsetOutOfRange(self._holes.pop())
        connection = await self._connected()
        if len(self._positions) < len(self._all) and time.monotonic() - self._tried_at > TAKE_SECONDS:
            await self._take_free(connection)
        if not self._positions:
            return []
        self._turn = (self._turn + 1) % len(self._positions)
        owned = list(self._positions.items())
        owned = owned[self._turn :] + owned[: self._turn]
        topics, partitions, positions = zip(*((*place, position) for place, position in owned), strict=True)
        rows = await connection.fetch(_READ, topics, partitions, positions, max_records)
        self._is_drained, self._read_at = False, time.monotonic()
        for row in rows:
            self._check_kept((row["of_topic"], row["of_partition"]), row["first_offset"], row["next_offset"])
        self._is_drained = len(rows) < max_records
        return self._taken(rows)

    def _taken(self, rows: Sequence[asyncpg.Record]) -> list[InboundRecord]:
        """Move the positions on and return the records; a partition that the limit cut short goes on later."""
        found: list[InboundRecord] = []
        last = (rows[-1]["of_topic"], rows[-1]["of_partition"]) if rows and not self._is_drained else None
        for row in rows:
            if row["broker_offset"] is not None:
                place = (row["topic"], row["partition"])
                self._go_to(place, row["broker_offset"])
                self._positions[place] += 1
                found.append(_inbound(row))
        for place, end in {(row["of_topic"], row["of_partition"]): row["next_offset"] for row in rows}.items():
            if place != last:
                self._go_to(place, end)
        return found

    def _check_kept(self, place: TopicPartition, first: int, end: int) -> None:
        """Refuse a position outside of what is kept; it is set to the first record kept.

        Raises:
            OffsetOutOfRange: Naming the partition.
        """
        position = self._positions[place]
        if not first <= position <= end:
            self._positions[place] = first
            raise OffsetOutOfRange(f"{place[0]}/{place[1]} keeps {first} to {end}, the group is at {position}")

    def _go_to(self, place: TopicPartition, offset: int) -> None:
        """Step over records that should be there and are not; the next fetch says so, for this one may hold others."""
        position = self._positions[place]
        if offset > position:
            self._positions[place] = offset
            self._holes.append(f"{place[0]}/{place[1]} lacks {position} to {offset - 1}")

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._lose()
            self._connection = await connected(
                self._dsn,
                name="yizhan-consumer",
                idle_session_timeout=f"{IDLE_SESSION_SECONDS}s",
                synchronous_commit="off",  # An offset lost with the server brings records again, nothing worse.
            )
            await self._connection.add_listener(WAKE_CHANNEL, lambda *told: self._wake_for(told[-1]))
            if self._keeper is None:
                self._keeper = asyncio.create_task(self._keep())
        return self._connection

    def _must_look(self) -> bool:
        """Say whether there may be something: a wake, more than one look could take, or a second without a look."""
        is_whole = self._is_drained and not self._holes and len(self._positions) == len(self._all)
        return self._woken.is_set() or not is_whole or time.monotonic() - self._read_at >= POLL_SECONDS

    def _wake_for(self, topic: object) -> None:
        """Look at once when a topic of ours has grown; those of others cost nothing."""
        if topic in self._topics:
            self._woken.set()

    async def _take_free(self, connection: asyncpg.Connection) -> None:
        self._tried_at = time.monotonic()
        missing = [tp for tp in self._all if tp not in self._positions]
        held = await connection.fetch(
            "SELECT place, pg_try_advisory_lock(lock) AS held "
            "FROM unnest($1::bigint[]) WITH ORDINALITY AS t(lock, place)",
            [_lock_of(self._group, tp) for tp in missing],
        )
        failpoint("broker.after_lock")
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
