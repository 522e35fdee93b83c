"""Many settlements at once: a page in the order settled, and the sums of the whole filter (日终汇总).

Room: adapters of settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.settlement.adapters.settlements import Kept, kept_of

_PAGE = """
SELECT s.settlement_id, s.discharge_id, s.person_id, s.county, s.institution_code, s.record_no, s.attempt, s.state,
  s.settled_at, s.discharged_on, s.year, s.body_hash, r.answer::text AS answer
FROM settlement s JOIN settlement_record r USING (settlement_id)
WHERE {conditions}
ORDER BY s.settled_at, s.settlement_id LIMIT {limit}
"""
_SUMS = """
SELECT count(*) FILTER (WHERE s.state = 'settled') AS live, count(*) FILTER (WHERE s.state = 'reversed') AS reversed,
  coalesce(sum(s.total_fen) FILTER (WHERE s.state = 'settled'), 0)::bigint AS total,
  coalesce(sum(s.fund_paid_fen) FILTER (WHERE s.state = 'settled'), 0)::bigint AS fund_paid,
  coalesce(sum(s.patient_pays_fen) FILTER (WHERE s.state = 'settled'), 0)::bigint AS patient_pays
FROM settlement s WHERE {conditions}
"""


@dataclass(frozen=True, slots=True)
class SettlementFilter:
    """Which settlements are wanted; None asks for all.

    Attributes:
        settled_from: First instant.
        settled_before: First instant that no longer counts.
    """

    county: str | None = None
    institution_code: str | None = None
    record_no: str | None = None
    settled_from: datetime | None = None
    settled_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """Totals over live settlements, in fen, and how many were reversed."""

    count: int
    reversed_count: int
    total_fen: int
    fund_paid_fen: int
    patient_pays_fen: int


@dataclass(frozen=True, slots=True)
class _Conditions:
    text: str
    values: tuple[object, ...]

    def more(self, text: str, *values: object) -> _Conditions:
        numbers = range(len(self.values) + 1, len(self.values) + len(values) + 1)
        placed = text.format(*(f"${number}" for number in numbers))
        return _Conditions(f"{self.text} AND {placed}", (*self.values, *values))


async def page(
    connection: AsyncConnection, *, wanted: SettlementFilter, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Kept]:
    """Return at most `limit` settlements behind a position, in the order settled."""
    asked = _conditions(wanted)
    if after is not None:
        asked = asked.more("(s.settled_at, s.settlement_id) > ({}, {})", *after)
    statement = _PAGE.format(conditions=asked.text, limit=f"${len(asked.values) + 1}")
    rows = await connection.exec_driver_sql(statement, (*asked.values, limit))
    return [kept_of(row) for row in rows]


async def sums(connection: AsyncConnection, *, wanted: SettlementFilter) -> Sums:
    """Return the totals of everything that meets the filter."""
    asked = _conditions(wanted)
    row = (await connection.exec_driver_sql(_SUMS.format(conditions=asked.text), asked.values)).one()
    return Sums(row.live, row.reversed, row.total, row.fund_paid, row.patient_pays)


def _conditions(wanted: SettlementFilter) -> _Conditions:
    asked = _Conditions("true", ())
    for text, value in (
        ("s.county = {}", wanted.county),
        ("s.institution_code = {}", wanted.institution_code),
        ("s.record_no = {}", wanted.record_no),
        ("s.settled_at >= {}", wanted.settled_from),
        ("s.settled_at < {}", wanted.settled_before),
    ):
        if value is not None:
            asked = asked.more(text, value)
    return asked
