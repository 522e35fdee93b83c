"""The inbox: which event of which key comes next, decided under the key's lock.

`judge` is pure; the rest are the named statements of the consumer (events.md section 5).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit.envelope import Received
from common.kit.failpoints import failpoint
from common.kit.statements import fetch

KeyOf = tuple[str, str]
"""Producer and key."""

_ADD_KEYS = """
INSERT INTO inbox_key (consumer, producer, key, last_sequence)
SELECT $1, p, k, 0 FROM unnest($2::text[], $3::text[]) AS t(p, k) ON CONFLICT DO NOTHING
"""
_LOCK_KEYS = """
SELECT i.producer, i.key, i.last_sequence FROM inbox_key i
JOIN unnest($2::text[], $3::text[]) AS t(p, k) ON i.producer = t.p AND i.key = t.k
WHERE i.consumer = $1 ORDER BY i.producer, i.key FOR UPDATE OF i
"""
_DIVERTED = """
SELECT d.producer, d.key FROM diverted_key d
JOIN unnest($2::text[], $3::text[]) AS t(p, k) ON d.producer = t.p AND d.key = t.k WHERE d.consumer = $1
"""
_MARK = """
INSERT INTO inbox (consumer, event_id) SELECT $1, e FROM unnest($2::uuid[]) AS t(e)
ON CONFLICT DO NOTHING RETURNING event_id
"""
_RAISE = """
UPDATE inbox_key i SET last_sequence = t.s FROM unnest($2::text[], $3::text[], $4::bigint[]) AS t(p, k, s)
WHERE i.consumer = $1 AND i.producer = t.p AND i.key = t.k AND i.last_sequence < t.s
"""


class Verdict(StrEnum):
    """What is to be done with one event of a batch."""

    DUPLICATE = "duplicate"
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    HANDLE = "handle"
    APPEND = "append"
    GAP = "gap"


@dataclass(slots=True)
class KeyState:
    """How far a consumer is with one key."""

    watermark: int
    is_diverted: bool = False


def judge(event: Received, state: KeyState, *, is_handled_type: bool) -> Verdict:
    """Decide about one event and move the state on; events of a key must come in the order of the partition.

    Returns:
        DUPLICATE below the watermark, APPEND behind a diverted key, GAP when earlier numbers are missing (the state is
        then diverted), PASS for a type nobody handles, else HANDLE.
    """
    if event.sequence <= state.watermark:
        return Verdict.DUPLICATE
    if state.is_diverted:
        return Verdict.APPEND
    if event.sequence > state.watermark + 1:
        state.is_diverted = True
        return Verdict.GAP
    state.watermark = event.sequence
    return Verdict.HANDLE if is_handled_type else Verdict.PASS


async def lock_keys(connection: AsyncConnection, consumer: str, keys: Iterable[KeyOf]) -> dict[KeyOf, KeyState]:
    """Insert unknown keys at 0, lock all in key order, and return where each stands.

    The row in `inbox_key` is the one lock that consumer and drainer both take before they decide about a key.
    """
    wanted = sorted(set(keys))
    values = consumer, [p for p, _ in wanted], [k for _, k in wanted]
    await fetch(connection, _ADD_KEYS, *values)
    rows = await fetch(connection, _LOCK_KEYS, *values)
    states = {(row["producer"], row["key"]): KeyState(row["last_sequence"]) for row in rows}
    for row in await fetch(connection, _DIVERTED, *values):
        states[row["producer"], row["key"]].is_diverted = True
    return states


async def mark_handled(connection: AsyncConnection, consumer: str, event_ids: list[UUID]) -> set[UUID]:
    """Note the events as handled and return those that were not noted before."""
    if not event_ids:
        return set()
    return {row["event_id"] for row in await fetch(connection, _MARK, consumer, event_ids)}


async def raise_watermarks(connection: AsyncConnection, consumer: str, states: dict[KeyOf, KeyState]) -> None:
    """Store how far each key is now; a watermark never falls."""
    items = sorted(states.items())
    producers, keys = [producer for (producer, _), _ in items], [key for (_, key), _ in items]
    await fetch(connection, _RAISE, consumer, producers, keys, [state.watermark for _, state in items])


async def unknown_of(connection: AsyncConnection, consumer: str, event_ids: list[UUID]) -> set[UUID]:
    """Return those of the events that were neither handled nor ever parked."""
    if not event_ids:
        return set()
    rows = await connection.exec_driver_sql(
        "SELECT e AS event_id FROM unnest($2::uuid[]) AS t(e) "
        "WHERE NOT EXISTS (SELECT FROM inbox i WHERE i.consumer = $1 AND i.event_id = e) "
        "AND NOT EXISTS (SELECT FROM parked_event p WHERE p.consumer = $1 AND p.event_id = e)",
        (consumer, event_ids),
    )
    return {UUID(str(row.event_id)) for row in rows}


async def free_waiting(connection: AsyncConnection, consumer: str, key: KeyOf, now: datetime) -> None:
    """Let the parked events of a key that waited only for earlier ones be tried at once."""
    await connection.exec_driver_sql(
        "UPDATE parked_event SET next_attempt_at = LEAST(next_attempt_at, $4) "
        "WHERE consumer = $1 AND producer = $2 AND key = $3 AND state = 'waiting' "
        "AND error_code IN ('gap', 'behind_diverted_key')",
        (consumer, key[0], key[1], now),
    )


async def divert(connection: AsyncConnection, consumer: str, key: KeyOf, reason: str) -> None:
    """Send every later event of the key to the parked ones."""
    await connection.exec_driver_sql(
        "INSERT INTO diverted_key (consumer, producer, key, reason) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        (consumer, key[0], key[1], reason),
    )


@dataclass(frozen=True, slots=True)
class Parked:
    """An event set aside with its place, until it is handled, skipped or given up."""

    event_id: UUID
    producer: str
    key: str
    sequence: int | None
    topic: str
    partition: int
    broker_offset: int
    headers: str
    data: bytes
    attempts: int
    next_attempt_at: datetime
    error_code: str
    state: str


async def park(connection: AsyncConnection, consumer: str, parked: Parked) -> bool:
    """Store a parked event; False when it was parked before."""
    result = await connection.exec_driver_sql(
        "INSERT INTO parked_event (consumer, event_id, producer, key, sequence, topic, partition, broker_offset, "
        "headers, data, attempts, next_attempt_at, error_code, state) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) "
        "ON CONFLICT (consumer, event_id) DO NOTHING",
        (
            consumer,
            parked.event_id,
            parked.producer,
            parked.key,
            parked.sequence,
            parked.topic,
            parked.partition,
            parked.broker_offset,
            parked.headers,
            parked.data,
            parked.attempts,
            parked.next_attempt_at,
            parked.error_code,
            parked.state,
        ),
    )
    failpoint("consumer.after_park")
    return bool(result.rowcount)
