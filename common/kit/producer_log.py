"""The outbox log read by key and sequence: what a consumer missed, and how far every key is (events.md sections 3, 4).

The log is never read by `log_id`: ids are taken at insert, rows appear at commit, and a slow transaction's row would be
skipped for ever. Next hop: common/kit/producer_api.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

PAGE_BYTES = 4_000_000

_LAST = "SELECT last_sequence FROM outbox_key WHERE key = $1"
_OF_KEY = """
SELECT * FROM (
    SELECT found.*, sum(octet_length(data)) OVER (ORDER BY sequence) - octet_length(data) AS bytes_before
    FROM (SELECT * FROM outbox_event WHERE key = $2 AND sequence > $3 ORDER BY sequence LIMIT $4) found
) sized WHERE bytes_before < $1 ORDER BY sequence
"""
_OF_ALL = """
SELECT * FROM (
    SELECT found.*, sum(octet_length(data)) OVER (ORDER BY key, sequence) - octet_length(data) AS bytes_before
    FROM (SELECT * FROM outbox_event WHERE sequence IS NOT NULL AND (key, sequence) > ($2, $3)
          ORDER BY key, sequence LIMIT $4) found
) sized WHERE bytes_before < $1 ORDER BY key, sequence
"""
_CHANGED_HEADS = """
SELECT e.key, max(e.sequence) AS last_sequence FROM outbox_event e
WHERE e.recorded_at >= $1 AND e.recorded_at < now() - make_interval(secs => $2) AND e.sequence IS NOT NULL
  AND e.key > $3 AND NOT EXISTS (SELECT FROM outbox_pending p WHERE p.log_id = e.log_id)
GROUP BY e.key ORDER BY e.key LIMIT $4
"""
_ALL_HEADS = """
WITH waiting AS (
    SELECT e.key, min(e.sequence) - 1 AS sent FROM outbox_pending p JOIN outbox_event e USING (log_id)
    WHERE e.sequence IS NOT NULL GROUP BY e.key
)
SELECT k.key, coalesce(w.sent, k.last_sequence) AS last_sequence
FROM outbox_key k LEFT JOIN waiting w USING (key)
WHERE k.key > $1 ORDER BY k.key LIMIT $2
"""
_CLOCK = """
SELECT now() AS as_of,
       (SELECT recorded_at FROM outbox_event WHERE sequence IS NOT NULL ORDER BY log_id LIMIT 1) AS first
"""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event as it stands in the log; `headers` is the stored JSON object, without the sequence."""

    event_id: UUID
    topic: str
    type: str
    key: str
    sequence: int
    headers: str
    data: bytes
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class KeyLog:
    """What the log holds of one key after a sequence.

    Attributes:
        events: Without a gap among them, in order.
        last_sequence: The last number given out to the key; 0 for a key nobody knows.
        first_available_sequence: Where the log goes on, when the number asked for is no longer (or was never) in it.
    """

    events: list[LoggedEvent]
    last_sequence: int
    first_available_sequence: int | None


@dataclass(frozen=True, slots=True)
class Head:
    """How far one key is: every event up to `last_sequence` was acknowledged by the broker."""

    key: str
    last_sequence: int


async def events_of_key(connection: AsyncConnection, *, key: str, after_sequence: int, limit: int) -> KeyLog:
    """Return the events of a key that follow, up to the next hole, `limit` rows or 4 MB."""
    # The number first: a row that commits in between is then found, never taken for one that was cleaned away.
    last = (await connection.exec_driver_sql(_LAST, (key,))).scalar_one_or_none() or 0
    rows = await connection.exec_driver_sql(_OF_KEY, (PAGE_BYTES, key, after_sequence, limit))
    found = [_event(row) for row in rows]
    events = [event for place, event in enumerate(found) if event.sequence == found[0].sequence + place]
    goes_on = events[0].sequence if events else max(last, after_sequence) + 1
    return KeyLog(events, last, goes_on if goes_on > after_sequence + 1 else None)


async def events_after(
    connection: AsyncConnection, *, after_key: str, after_sequence: int, limit: int
) -> list[LoggedEvent]:
    """Return the events of all keys that follow in the order (key, sequence), at most `limit` rows or 4 MB."""
    rows = await connection.exec_driver_sql(_OF_ALL, (PAGE_BYTES, after_key, after_sequence, limit))
    return [_event(row) for row in rows]


async def changed_heads(
    connection: AsyncConnection, *, since: datetime, age_seconds: float, after_key: str, limit: int
) -> list[Head]:
    """Return the heads of keys with acknowledged events recorded since then and older than `age_seconds`."""
    rows = await connection.exec_driver_sql(_CHANGED_HEADS, (since, age_seconds, after_key, limit))
    return [Head(row.key, row.last_sequence) for row in rows]


async def all_heads(connection: AsyncConnection, *, after_key: str, limit: int) -> list[Head]:
    """Return the heads of all keys, the last events included; what still waits for the broker does not count."""
    rows = await connection.exec_driver_sql(_ALL_HEADS, (after_key, limit))
    return [Head(row.key, row.last_sequence) for row in rows]


async def log_times(connection: AsyncConnection) -> tuple[datetime, datetime | None]:
    """Return the database's present, and when the first event kept was recorded (None: the log is empty)."""
    row = (await connection.exec_driver_sql(_CLOCK)).one()
    return row.as_of, row.first


def _event(row: object) -> LoggedEvent:
    return LoggedEvent(
        **{name: getattr(row, name) for name in LoggedEvent.__dataclass_fields__ if name != "data"},
        data=bytes(row.data),  # type: ignore[attr-defined] # a row of the statement above
    )
