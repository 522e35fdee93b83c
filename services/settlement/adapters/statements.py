"""A fund's statement (基金对账单) out of the postings: sums before and in a period by hospital, and the lines in order.

Room: adapters of settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from common.kit.clock import day_begins
from common.kit.statements import fetch
from services.settlement.domain.ledger import RECEIVABLE

_LINES = """
SELECT e.booked_at, e.entry_id, min(p.line_no) AS line_no, e.kind, s.payee AS institution_code, s.record_no,
  s.settlement_id, p.layer, max(p.ledger) AS ledger, sum(p.amount_fen)::bigint AS amount_fen,
  coalesce(sum(p.amount_fen) FILTER (WHERE p.ledger <> ''), 0)::bigint AS earmarked_fen
FROM settlement s JOIN journal_entry e USING (settlement_id) JOIN posting p USING (entry_id)
WHERE s.county = $1 AND p.account = $2 AND ($3::text IS NULL OR s.payee = $3) AND e.booked_at < $5
  AND ({since}::timestamptz IS NULL OR e.booked_at >= {since})
GROUP BY e.booked_at, e.entry_id, e.kind, s.payee, s.record_no, s.settlement_id, p.layer
"""
_SUMS = f"""
SELECT institution_code,
  coalesce(sum(amount_fen) FILTER (WHERE booked_at < $4), 0)::bigint AS before,
  coalesce(sum(amount_fen) FILTER (WHERE booked_at >= $4 AND kind NOT LIKE '%reversal'), 0)::bigint AS booked,
  coalesce(sum(amount_fen) FILTER (WHERE booked_at >= $4 AND kind LIKE '%reversal'), 0)::bigint AS reversed,
  count(*) FILTER (WHERE booked_at >= $4) AS line_count
FROM ({_LINES.format(since="NULL")}) line GROUP BY institution_code ORDER BY institution_code
"""  # noqa: S608 - our own texts
_PAGE = f"""
SELECT * FROM (
    SELECT *, (sum(amount_fen) OVER (ORDER BY booked_at, entry_id, line_no))::bigint AS running
    FROM ({_LINES.format(since="$4")}) line
) counted
WHERE $6::timestamptz IS NULL OR (booked_at, entry_id, line_no) > ($6, $7, $8)
ORDER BY booked_at, entry_id, line_no LIMIT $9
"""  # noqa: S608 - our own texts
_FREEZE = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"

Place = tuple[datetime, UUID, int]
"""Where a page ends: instant, entry and number of its last line."""


@dataclass(frozen=True, slots=True)
class StatementFilter:
    """Which lines are wanted: China days from `first` to the day before `end`; no institution asks for all."""

    county: str
    fund: str
    institution_code: str | None
    first: date
    end: date

    @property
    def values(self) -> tuple[object, ...]:
        """The first five values of both statements."""
        account = f"{RECEIVABLE}:{self.fund}"
        return (self.county, account, self.institution_code, day_begins(self.first), day_begins(self.end))


@dataclass(frozen=True, slots=True)
class HospitalSums:
    """What stands on the fund for one hospital: before the period, booked (with corrections), reversed in it, lines."""

    institution_code: str
    before: Money
    booked: Money
    reversed: Money
    line_count: int


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What one entry books on the fund for a layer; `running` sums the period's lines up to it.

    Attributes:
        ledger: Sub-ledger that bears `earmarked` of the amount; empty for none.
    """

    booked_at: datetime
    entry_id: UUID
    line_no: int
    kind: str
    institution_code: str
    record_no: str
    settlement_id: UUID
    layer: str
    ledger: str
    earmarked: Money
    amount: Money
    running: Money

    @property
    def place(self) -> Place:
        """Where it stands in the order booked."""
        return self.booked_at, self.entry_id, self.line_no


async def freeze(connection: AsyncConnection) -> None:
    """Let the whole transaction see one state of the books; the first thing it does."""
    await fetch(connection, _FREEZE)


async def sums(connection: AsyncConnection, *, wanted: StatementFilter) -> Sequence[HospitalSums]:
    """Return the sums of every hospital that the fund ever owed, by its code."""
    return [
        HospitalSums(row.institution_code, Money(row.before), Money(row.booked), Money(row.reversed), row.line_count)
        for row in await fetch(connection, _SUMS, *wanted.values)
    ]


async def lines(
    connection: AsyncConnection, *, wanted: StatementFilter, after: Place | None, limit: int
) -> Sequence[StatementLine]:
    """Return at most `limit` lines behind a place, in the order booked."""
    rows = await fetch(connection, _PAGE, *wanted.values, *(after or (None, None, None)), limit)
    return [
        StatementLine(
            booked_at=row.booked_at,
            entry_id=UUID(str(row.entry_id)),
            line_no=row.line_no,
            kind=row.kind,
            institution_code=row.institution_code,
            record_no=row.record_no,
            settlement_id=UUID(str(row.settlement_id)),
            layer=row.layer,
            ledger=row.ledger,
            earmarked=Money(row.earmarked_fen),
            amount=Money(row.amount_fen),
            running=Money(row.running),
        )
        for row in rows
    ]
