"""Many settlements at once: a page in the order settled, and the sums of the whole filter (日终汇总).

Room: adapters of settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from common.kit.clock import day_begins, day_ends
from common.kit.statements import fetch
from services.settlement.adapters.settlements import Kept, kept_of
from services.settlement.domain.reconciliation import Amounts, OurStay, Part

_PAGE = """
SELECT s.settlement_id, s.discharge_id, s.person_id, s.county, s.institution_code, s.record_no, s.attempt, s.state,
  s.settled_at, s.discharged_on, s.year, s.body_hash, s.payee, r.answer::text AS answer
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
_OF_PERIOD = """
SELECT DISTINCT ON (s.record_no) s.record_no, s.settlement_id, s.total_fen, s.fund_paid_fen, s.patient_pays_fen,
  s.state, (s.settled_at AT TIME ZONE 'Asia/Shanghai')::date AS settled_on
FROM settlement s
WHERE s.payee = $1 AND ((s.settled_at >= $2 AND s.settled_at < $3) OR s.record_no = ANY ($4::text[]))
{part}
ORDER BY s.record_no, s.attempt DESC
"""
_IN_COUNTY = "AND s.county = ${}"
_OF_VISIT_TYPES = """
AND (SELECT r.inputs->>'visit_type' FROM settlement_record r WHERE r.settlement_id = s.settlement_id)
  = ANY (${}::text[])
"""
# A stay of the message interface counts under the code of its admission, whatever scheme the registry had.
_OF_INSURANCE = """
AND coalesce(
  (SELECT h.insutype = ${} FROM his_stay h
   WHERE h.mdtrt_id = s.record_no AND h.institution_code = s.institution_code),
  (SELECT r.inputs->'insurance'->>0 = ${}::text FROM settlement_record r WHERE r.settlement_id = s.settlement_id),
  false)
"""


@dataclass(frozen=True, slots=True)
class SettlementFilter:
    """Which settlements are wanted; None asks for all.

    Attributes:
        settled_from: First instant.
        settled_before: First instant that no longer counts.
    """

    county: str | None = None
    payee: str | None = None
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
    rows = await fetch(connection, statement, *asked.values, limit)
    return [kept_of(row) for row in rows]


async def sums(connection: AsyncConnection, *, wanted: SettlementFilter) -> Sums:
    """Return the totals of everything that meets the filter."""
    asked = _conditions(wanted)
    row = (await connection.exec_driver_sql(_SUMS.format(conditions=asked.text), asked.values)).one()
    return Sums(row.live, row.reversed, row.total, row.fund_paid, row.patient_pays)


async def of_period(
    connection: AsyncConnection, *, institution_code: str, first: date, last: date, records: Sequence[str], part: Part
) -> Sequence[OurStay]:
    """Return the newest attempt of every record of the part that was settled in the period, or is asked by number."""
    begin, end = day_begins(first), day_ends(last)
    narrowed, values = _part(part, [institution_code, begin, end, list(records)])
    rows = await fetch(connection, _OF_PERIOD.format(part=narrowed), *values)
    return [
        OurStay(
            record_no=row.record_no,
            settlement_id=str(row.settlement_id),
            amounts=Amounts(Money(row.total_fen), Money(row.fund_paid_fen), Money(row.patient_pays_fen)),
            settled_on=row.settled_on,
            is_live=row.state == "settled",
        )
        for row in rows
    ]


def _part(part: Part, values: list[object]) -> tuple[str, list[object]]:
    """Return the further conditions of a part, and the statement's values with theirs behind."""
    asked: list[tuple[str, tuple[object, ...]]] = []
    if part.county is not None:
        asked.append((_IN_COUNTY, (part.county,)))
    if part.visit_types:
        asked.append((_OF_VISIT_TYPES, (sorted(part.visit_types),)))
    if part.insurance is not None:
        asked.append((_OF_INSURANCE, (part.insurance.code, part.insurance.scheme)))
    texts = []
    for text, more in asked:
        texts.append(text.format(*range(len(values) + 1, len(values) + len(more) + 1)))
        values = [*values, *more]
    return " ".join(texts), values


def _conditions(wanted: SettlementFilter) -> _Conditions:
    asked = _Conditions("true", ())
    for text, value in (
        ("s.county = {}", wanted.county),
        ("s.payee = {}", wanted.payee),
        ("s.record_no = {}", wanted.record_no),
        ("s.settled_at >= {}", wanted.settled_from),
        ("s.settled_at < {}", wanted.settled_before),
    ):
        if value is not None:
            asked = asked.more(text, value)
    return asked
