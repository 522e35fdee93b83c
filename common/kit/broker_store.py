"""The embedded broker's log: its tables, appending to them, forgetting what is old, and making them.

`python -m common.kit.broker_store create` makes the tables of the database named by BROKER_DATABASE_URL.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import datetime

import asyncpg

from common.kit.broker import MAX_RECORD_BYTES, BrokerUnavailable, OutboundRecord, RecordTooLarge
from common.kit.failpoints import failpoint
from common.kit.lines import connected
from common.kit.wake import TROUBLE, plain_dsn

WAKE_CHANNEL = "broker_wake"
PUBLISH_TIMEOUT_SECONDS = 10.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS broker_partition (
    topic text NOT NULL, partition smallint NOT NULL,
    next_offset bigint NOT NULL, first_offset bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition)
);
CREATE TABLE IF NOT EXISTS broker_record (
    topic text NOT NULL, partition smallint NOT NULL, broker_offset bigint NOT NULL,
    key bytea, value bytea, header_names text[] NOT NULL, header_values bytea[] NOT NULL,
    appended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic, partition, broker_offset)
);
CREATE TABLE IF NOT EXISTS broker_group_offset (
    group_name text NOT NULL, topic text NOT NULL, partition smallint NOT NULL, committed_offset bigint NOT NULL,
    PRIMARY KEY (group_name, topic, partition)
);
"""
_RAISE = """
INSERT INTO broker_partition AS b (topic, partition, next_offset)
SELECT topic, partition, count(*) FROM unnest($1::text[], $2::smallint[]) AS i(topic, partition)
GROUP BY topic, partition ORDER BY topic, partition
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = b.next_offset + excluded.next_offset
RETURNING topic, partition, next_offset
"""
_WAKE = "SELECT pg_notify($1, topic) FROM unnest($2::text[]) AS t(topic)"
_FORGET_STEP = 1_000
_OLD_END = """
SELECT max(broker_offset) + 1 FROM (
    SELECT broker_offset, appended_at FROM broker_record
    WHERE topic = $1 AND partition = $2 ORDER BY broker_offset LIMIT $3
) oldest WHERE appended_at < $4
"""


class EmbeddedProducer:
    """Appends batches; acknowledged means committed with `synchronous_commit` on."""

    def __init__(self, url: str) -> None:
        self._dsn = plain_dsn(url)
        self._connection: asyncpg.Connection | None = None

    async def publish(self, records: Sequence[OutboundRecord]) -> list[Exception | None]:
        """Append all good records in one transaction; a record above the limit is refused alone.

        Raises:
            BrokerUnavailable: If the database does not take them; all or nothing was appended then.
        """
        outcomes: list[Exception | None] = [
            RecordTooLarge(f"{len(r.value)} bytes, the limit is {MAX_RECORD_BYTES}")
            if len(r.value) > MAX_RECORD_BYTES
            else None
            for r in records
        ]
        good = [record for record, outcome in zip(records, outcomes, strict=True) if outcome is None]
        if good:
            try:
                async with asyncio.timeout(PUBLISH_TIMEOUT_SECONDS):
                    await self._append(good)
                    failpoint("relay.after_send_before_ack")
            except TROUBLE as error:
                self._drop()
                raise BrokerUnavailable(str(error) or type(error).__name__) from error
        return outcomes

    async def _append(self, records: list[OutboundRecord]) -> None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connected(self._dsn, name="yizhan-producer", synchronous_commit="on")
        async with self._connection.transaction():
            raised = await self._connection.fetch(_RAISE, [r.topic for r in records], [r.partition for r in records])
            ends = {(row["topic"], row["partition"]): row["next_offset"] for row in raised}
            rows = []
            for record in reversed(records):
                place = (record.topic, record.partition)
                ends[place] -= 1
                names, values = [n for n, _ in record.headers], [v for _, v in record.headers]
                rows.append((record.topic, record.partition, ends[place], record.key, record.value, names, values))
            await self._connection.copy_records_to_table(
                "broker_record",
                records=reversed(rows),
                columns=["topic", "partition", "broker_offset", "key", "value", "header_names", "header_values"],
            )
            failpoint("broker.after_append_before_commit")
        failpoint("broker.after_commit_before_ack")
        await self._connection.execute(_WAKE, WAKE_CHANNEL, sorted({record.topic for record in records}))

    def _drop(self) -> None:
        if self._connection is not None and not self._connection.is_closed():
            self._connection.terminate()
        self._connection = None

    async def close(self) -> None:
        """Close the connection."""
        self._drop()


async def create(url: str) -> None:
    """Create the broker's tables where they are missing."""
    connection = await asyncpg.connect(plain_dsn(url), timeout=10)
    try:
        await connection.execute(SCHEMA)
    finally:
        await connection.close()


async def forget(url: str, *, before: datetime) -> int:
    """Delete records appended before that instant, in small steps, raising `first_offset`; return how many."""
    connection = await connected(plain_dsn(url), name="yizhan-retention")
    try:
        places = await connection.fetch("SELECT topic, partition FROM broker_partition ORDER BY topic, partition")
        return sum([await _forget_in(connection, row["topic"], row["partition"], before) for row in places])
    finally:
        await connection.close()


async def _forget_in(connection: asyncpg.Connection, topic: str, partition: int, before: datetime) -> int:
    forgotten = 0
    while True:
        async with connection.transaction():
            end = await connection.fetchval(_OLD_END, topic, partition, _FORGET_STEP, before)
            if end is None:
                return forgotten
            await connection.execute(
                "UPDATE broker_partition SET first_offset = greatest(first_offset, $3) "
                "WHERE topic = $1 AND partition = $2",
                topic,
                partition,
                end,
            )
            gone = await connection.execute(
                "DELETE FROM broker_record WHERE topic = $1 AND partition = $2 AND broker_offset < $3",
                topic,
                partition,
                end,
            )
        forgotten += int(gone.split()[-1])


def main() -> None:
    """Create the tables of the database named by BROKER_DATABASE_URL."""
    parser = argparse.ArgumentParser(prog="python -m common.kit.broker_store", description=__doc__)
    parser.add_argument("action", choices=["create"])
    parser.parse_args()
    url = os.environ.get("BROKER_DATABASE_URL") or sys.exit("BROKER_DATABASE_URL is not set")
    asyncio.run(create(url))
    sys.stdout.write("embedded broker ready (one machine)\n")


if __name__ == "__main__":
    main()
