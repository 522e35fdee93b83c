"""What the plumbing no longer needs leaves in small steps (定期清理; events.md sections 3 and 5).

Two workers may clean at once and any may be killed at it: a step is one short transaction and depends on no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from common.kit import metrics
from common.kit.cause import Cause
from common.kit.clock import Clock
from common.kit.db import Database

CLEAN_EVERY_SECONDS = 3600.0
STEP_ROWS = 1_000
MOST_STEPS = 200
PAUSE_SECONDS = 0.05

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """How long rows of a table are kept, and the statement that lets at most $2 of those before $1 go."""

    table: str
    days: int
    statement: str


TABLES = (
    # In the log's order: what is left of a key begins later but has no hole. What the broker has not taken yet stays.
    Kept(
        "outbox_event",
        396,  # 13 months
        """
        DELETE FROM outbox_event WHERE log_id IN (
            SELECT e.log_id FROM outbox_event e WHERE e.recorded_at < $1
              AND NOT EXISTS (SELECT FROM outbox_pending p WHERE p.log_id = e.log_id)
            ORDER BY e.log_id LIMIT $2 FOR UPDATE SKIP LOCKED)
        """,
    ),
    # The watermarks stay for ever; an event this old that comes again is below its key's.
    Kept(
        "inbox",
        60,
        """
        DELETE FROM inbox WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM inbox WHERE handled_on < ($1::timestamptz)::date LIMIT $2 FOR UPDATE SKIP LOCKED))
        """,
    ),
    # Of one that is done or skipped `next_attempt_at` says when.
    Kept(
        "parked_event",
        400,
        """
        DELETE FROM parked_event WHERE parked_id IN (
            SELECT parked_id FROM parked_event WHERE state IN ('done', 'skipped') AND next_attempt_at < $1
            LIMIT $2 FOR UPDATE SKIP LOCKED)
        """,
    ),
    Kept(
        "idempotency_record",
        30,
        """
        DELETE FROM idempotency_record WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM idempotency_record WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
        """,
    ),
)


def cleaning(database: Database, clock: Clock, *, tables: Sequence[Kept] = TABLES) -> Callable[[], Awaitable[None]]:
    """Return the periodic job that lets old rows go: the plumbing's, or those of a service's own tables."""

    async def clean() -> None:
        await clean_database(database, now=clock(), tables=tables)

    return clean


async def clean_database(database: Database, *, now: datetime, tables: Sequence[Kept] = TABLES) -> dict[str, int]:
    """Let old rows of the tables go; return how many did. What is left after 200 steps goes the next time."""
    gone = {}
    for kept in tables:
        gone[kept.table] = await _clean_table(database, kept, before=now - timedelta(days=kept.days))
        if gone[kept.table]:
            metrics.CLEANED.labels(kept.table).inc(gone[kept.table])
            log.info("rows_cleaned", table=kept.table, rows=gone[kept.table])
    return gone


async def _clean_table(database: Database, kept: Kept, *, before: datetime) -> int:
    total = 0
    for _ in range(MOST_STEPS):
        async with database.unit_of_work(Cause("cleaning")) as uow:
            done = await uow.connection.exec_driver_sql(kept.statement, (before, STEP_ROWS))
        total += done.rowcount
        if done.rowcount < STEP_ROWS:
            break
        await asyncio.sleep(PAUSE_SECONDS)
    return total
