"""The outward event log: every fact of the suite with a dense position, in the order in which it was stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit.envelope import Received
from common.kit.failpoints import failpoint

_STORE = """
WITH next AS (UPDATE outward_log SET last_position = last_position + 1 WHERE only_row = 1 RETURNING last_position)
INSERT INTO outward_event (position, event_id, type, county, recorded_at, headers, data)
SELECT last_position, $1, $2, $3, $4, $5, $6 FROM next
"""
_READ = """
SELECT position, type, headers, data FROM outward_event
WHERE county = $1 AND position > $2 AND ($3::text[] IS NULL OR type = ANY($3)) ORDER BY position LIMIT $4
"""
_PRUNED_TO = "SELECT pruned_to FROM outward_log WHERE only_row = 1"
_PRUNE = """
WITH old AS (
    DELETE FROM outward_event WHERE position <= least(
        (SELECT coalesce(max(position), 0) FROM outward_event WHERE recorded_at < $1),
        (SELECT pruned_to + $2 FROM outward_log WHERE only_row = 1)
    ) RETURNING position
)
UPDATE outward_log SET pruned_to = greatest(pruned_to, (SELECT max(position) FROM old)) WHERE only_row = 1
RETURNING (SELECT count(*) FROM old)
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """One event of the log."""

    position: int
    type: str
    headers: dict[str, str]
    data: dict[str, Any]


async def append(connection: AsyncConnection, received: Received, *, county: str, now: datetime) -> None:
    """Store an event at the next position; the row of the log is locked until the transaction ends."""
    headers = json.dumps(received.headers, ensure_ascii=False)
    await connection.exec_driver_sql(_STORE, (received.event_id, received.type, county, now, headers, received.data))
    failpoint("gateway.after_position_before_commit")


async def read_after(
    connection: AsyncConnection, *, county: str, after: int, types: Sequence[str], limit: int
) -> list[Stored]:
    """Return a county's events after a position, in order; all types when none are named."""
    rows = await connection.exec_driver_sql(_READ, (county, after, list(types) or None, limit))
    return [Stored(r.position, r.type, json.loads(r.headers), json.loads(r.data)) for r in rows]


async def pruned_to(connection: AsyncConnection) -> int:
    """Return the highest position that is no longer kept, 0 at first."""
    return int((await connection.exec_driver_sql(_PRUNED_TO)).scalar_one())


async def prune(connection: AsyncConnection, *, before: datetime, at_most: int) -> int:
    """Delete the oldest events of those stored before an instant; return how many went."""
    return int((await connection.exec_driver_sql(_PRUNE, (before, at_most))).scalar_one())
