"""Opening balances in the database: only ever added; one that was wrong is taken back by a mirrored row.

Room: adapters of settlement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

_STANDING = """
SELECT opening_id, attempt, changes::text AS changes FROM opening o
WHERE person_id = $1 AND county = $2 AND year = $3 AND mirror_of IS NULL
  AND NOT EXISTS (SELECT FROM opening m WHERE m.mirror_of = o.opening_id)
"""
_ADD = """
INSERT INTO opening (opening_id, person_id, county, year, attempt, mirror_of, source, changes, booked_at, booked_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


@dataclass(frozen=True, slots=True)
class StandingOpening:
    """The opening that counts; `changes` are account -> base, deductible, paid in fen, count of stays."""

    opening_id: UUID
    attempt: int
    changes: Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """One row as it is added."""

    opening_id: UUID
    person_id: UUID
    county: str
    year: int
    attempt: int
    mirror_of: UUID | None
    source: str
    changes: Mapping[str, Sequence[int]]
    booked_at: datetime
    booked_by: str


async def standing(connection: AsyncConnection, *, person_id: UUID, county: str, year: int) -> StandingOpening | None:
    """Return the opening of a person's year that was not taken back; the year's accounts must be held."""
    row: Any = (await connection.exec_driver_sql(_STANDING, (person_id, county, year))).one_or_none()
    if row is None:
        return None
    return StandingOpening(UUID(str(row.opening_id)), row.attempt, json.loads(row.changes))


async def add(connection: AsyncConnection, row: OpeningRow) -> None:
    """Add one row."""
    values = (
        row.opening_id,
        row.person_id,
        row.county,
        row.year,
        row.attempt,
        row.mirror_of,
        row.source,
        json.dumps(row.changes, separators=(",", ":")),
        row.booked_at,
        row.booked_by,
    )
    await connection.exec_driver_sql(_ADD, values)
