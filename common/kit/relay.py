"""The relay: sends what the outbox holds, each shard by one relay at a time, so that each key keeps its order.

Shards are held by advisory locks on a dedicated connection whose idle time-out frees them when this process is paused
(events.md section 4). A relay that lost its locks while sending can only add duplicates.
Next hop: common/kit/consumer.py
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

from common.kit import metrics
from common.kit.broker import PARTITIONS, BrokerUnavailable, OutboundRecord, Producer, ProducerBroken
from common.kit.envelope import wire_headers
from common.kit.failpoints import failpoint
from common.kit.lines import connected
from common.kit.wake import plain_dsn

LOCK_CLASS = 7_301
IDLE_SESSION_SECONDS = 15
TOUCH_SECONDS = 5.0
POLL_SECONDS = 0.25
SMALL_BATCH = 500
LARGE_BATCH = 2_000
PUBLISH_TIMEOUT_SECONDS = 10.0
CLOSE_SECONDS = 10.0
BACKOFF_FIRST, BACKOFF_LAST = 0.1, 30.0

log = structlog.get_logger(__name__)

_READ = """
SELECT p.log_id, p.shard, e.topic, e.key, e.sequence, e.headers, e.data
FROM outbox_pending p JOIN outbox_event e USING (log_id)
WHERE p.shard = ANY($1::smallint[]) ORDER BY p.log_id LIMIT $2
"""
_AGE = """
SELECT count(*) AS pending, coalesce(extract(epoch FROM now() - (
    SELECT recorded_at FROM outbox_event WHERE log_id = (SELECT min(log_id) FROM outbox_pending))), 0)::float AS oldest,
    coalesce(pg_stat_get_dead_tuples('outbox_pending'::regclass), 0) AS dead
FROM outbox_pending
"""


class Relay:
    """Sends one service's outbox to the broker."""

    def __init__(self, *, database_url: str, open_producer: Callable[[], Awaitable[Producer]]) -> None:
        self._dsn = plain_dsn(database_url)
        self._open_producer = open_producer
        self._connection: asyncpg.Connection | None = None
        self._producer: Producer | None = None
        self._shards: set[int] = set()
        self._touched_at = 0.0
        self._counted_at = 0.0
        self._batch = SMALL_BATCH
        self._woken = asyncio.Event()
        self.finished = asyncio.Event()

    def wake(self) -> None:
        """Say that there is something to send."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until asked to stop, then close; `finished` is set between the two, even when this is cancelled."""
        try:
            await self._send_until(stop)
        finally:
            self.finished.set()
            await self.close()

    async def _send_until(self, stop: asyncio.Event) -> None:
        """Send; any failure abandons connection and producer and begins anew."""
        backoff = BACKOFF_FIRST
        while not stop.is_set():
            try:
                await self._ready()
                sent = await self._round()
                backoff = BACKOFF_FIRST
                if not sent:
                    await self._idle(stop)
            except (BrokerUnavailable, ProducerBroken, OSError, TimeoutError, asyncpg.PostgresError) as error:
                log.warning("relay_begins_anew", error=type(error).__name__, detail=str(error)[:200])
                await self._abandon()
                await _wait(stop, backoff * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
                backoff = min(backoff * 2, BACKOFF_LAST)
            except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
                log.warning("relay_lost_connection", error=str(error)[:200])
                await self._abandon()

    async def _ready(self) -> None:
        if self._connection is None or self._connection.is_closed():
            self._shards = set()
            self._connection = await connected(
                self._dsn, name="yizhan-relay", command_timeout=10, idle_session_timeout=f"{IDLE_SESSION_SECONDS}s"
            )
        # Before the producer is opened: while the broker is away the backlog is what people must see.
        if time.monotonic() - self._counted_at > TOUCH_SECONDS:
            await self._count(self._connection)
        if self._producer is None:
            self._producer = await self._open_producer()
        if len(self._shards) < PARTITIONS and time.monotonic() - self._touched_at > (1.0 if self._shards else 0.0):
            await self._take_shards()

    async def _take_shards(self) -> None:
        assert self._connection is not None  # noqa: S101 - _ready has just connected
        missing = [shard for shard in range(PARTITIONS) if shard not in self._shards]
        rows = await self._connection.fetch(
            "SELECT s, pg_try_advisory_lock($1, s) AS held FROM unnest($2::int[]) AS t(s)", LOCK_CLASS, missing
        )
        self._shards |= {row["s"] for row in rows if row["held"]}
        self._touched_at = time.monotonic()
        metrics.RELAY_SHARDS_HELD.set(len(self._shards))
        failpoint("relay.after_lock")

    async def _round(self) -> int:
        """Send one batch and delete its acknowledged prefix per shard; return how many rows left."""
        assert self._connection is not None  # noqa: S101 - _ready has just connected
        assert self._producer is not None  # noqa: S101 - the same
        if not self._shards:
            return 0
        started = time.perf_counter()
        rows = await self._connection.fetch(_READ, sorted(self._shards), self._batch)
        self._batch = LARGE_BATCH if len(rows) == self._batch else SMALL_BATCH
        self._touched_at = time.monotonic()
        if not rows:
            return 0
        failpoint("relay.after_read")
        records = [
            OutboundRecord(
                topic=row["topic"],
                partition=row["shard"],
                key=row["key"].encode(),
                value=bytes(row["data"]),
                headers=wire_headers(row["headers"], row["sequence"]),
            )
            for row in rows
        ]
        async with asyncio.timeout(PUBLISH_TIMEOUT_SECONDS + 2):
            outcomes = await self._producer.publish(records)
        failpoint("relay.after_ack_before_delete")
        done = acknowledged_prefix([(row["log_id"], row["shard"]) for row in rows], [o is None for o in outcomes])
        if done:
            async with self._connection.transaction():
                await self._connection.execute("DELETE FROM outbox_pending WHERE log_id = ANY($1::bigint[])", done)
                failpoint("relay.after_delete_before_commit")
            metrics.RELAY_PUBLISHED.inc(len(done))
            metrics.RELAY_PUBLISH_SECONDS.observe(time.perf_counter() - started)
        failed = next((outcome for outcome in outcomes if outcome is not None), None)
        if failed is not None:
            raise failed
        return len(done)

    async def _count(self, connection: asyncpg.Connection) -> None:
        """Measure the backlog, which also uses the lock connection: it would be cut when left alone."""
        row = await connection.fetchrow(_AGE)
        metrics.OUTBOX_PENDING.set(row["pending"])
        metrics.OUTBOX_OLDEST_SECONDS.set(row["oldest"])
        metrics.OUTBOX_DEAD_ROWS.set(row["dead"])
        self._counted_at = time.monotonic()

    async def _idle(self, stop: asyncio.Event) -> None:
        """Sleep until woken or the poll is due."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_either(self._woken, stop), POLL_SECONDS)
        self._woken.clear()

    async def _abandon(self) -> None:
        """Give the shards back, then the producer, which may take its time when the broker hangs."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()
        self._shards = set()
        metrics.RELAY_SHARDS_HELD.set(0)
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(producer.close(), CLOSE_SECONDS)

    async def close(self) -> None:
        """Close the producer and give the shards back."""
        await self._abandon()


def acknowledged_prefix(rows: list[tuple[int, int]], acknowledged: list[bool]) -> list[int]:
    """Return the log ids that may be deleted: per shard, everything before the first record without acknowledgement.

    >>> acknowledged_prefix([(1, 0), (2, 1), (3, 0), (4, 1)], [True, False, True, True])
    [1, 3]
    """
    stopped: set[int] = set()
    done: list[int] = []
    for (log_id, shard), is_acknowledged in zip(rows, acknowledged, strict=True):
        if not is_acknowledged:
            stopped.add(shard)
        elif shard not in stopped:
            done.append(log_id)
    return done


async def _either(first: asyncio.Event, second: asyncio.Event) -> None:
    tasks = [asyncio.ensure_future(first.wait()), asyncio.ensure_future(second.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
