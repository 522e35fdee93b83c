"""Budgets in the database: changes added one after the other, and what the postings say was booked.

Settling neither reads nor locks anything here. Room: adapters of settlement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from common.kit.clock import day_begins
from common.kit.statements import fetch
from services.settlement.adapters import locks
from services.settlement.domain.budget import BudgetChange
from services.settlement.domain.ledger import RECEIVABLE

_CHANGES = """
SELECT change_id, county, fund, year, change_no, ledger, layer, effective_on, amount_fen, source, booked_at, booked_by
FROM budget_change WHERE county = $1 AND fund = $2 AND year = $3 ORDER BY change_no
"""
_FUNDS = "SELECT DISTINCT county, fund FROM budget_change WHERE year = $1 ORDER BY county, fund"
_ADD = """
INSERT INTO budget_change (change_id, county, fund, year, change_no, ledger, layer, effective_on, amount_fen, source,
  booked_at, booked_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_BOOKED = """
SELECT p.ledger, sum(p.amount_fen)::bigint AS fen
FROM settlement s JOIN journal_entry e USING (settlement_id) JOIN posting p USING (entry_id)
WHERE s.county = $1 AND p.account = $2 AND e.booked_at >= $3 AND e.booked_at < $4
GROUP BY p.ledger
"""
_UNSOUND = """
WITH day AS (
    SELECT county, fund, year, ledger, effective_on, sum(amount_fen) AS fen FROM budget_change GROUP BY 1, 2, 3, 4, 5
), standing AS (
    SELECT *, sum(fen) OVER (PARTITION BY county, fund, year, ledger ORDER BY effective_on) AS budget FROM day
)
SELECT concat_ws(' ', county, fund, year, nullif(ledger, '')) AS subject,
  'the budget is ' || budget || ' fen from ' || effective_on AS text
FROM standing WHERE budget < 0
UNION ALL
SELECT concat_ws(' ', county, fund, year), count(*) || ' changes stand there, the last has number ' || max(change_no)
FROM budget_change GROUP BY county, fund, year HAVING count(*) <> max(change_no) OR min(change_no) <> 1
LIMIT 100
"""
_PAID = """
SELECT DISTINCT s.county, substr(p.account, length($1) + 1) AS fund, p.layer, s.discharged_on, p.ledger
FROM settlement s JOIN journal_entry e USING (settlement_id) JOIN posting p USING (entry_id)
WHERE starts_with(p.account, $1) ORDER BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """One change as it stands; `change_no` counts from 1 in a fund's year."""

    change_id: UUID
    county: str
    fund: str
    year: int
    change_no: int
    ledger: str
    layer: str | None
    effective_on: date
    amount_fen: int
    source: str
    booked_at: datetime
    booked_by: str

    @property
    def change(self) -> BudgetChange:
        """What counts in sums."""
        return BudgetChange(self.ledger, self.effective_on, Money(self.amount_fen))


async def hold(connection: AsyncConnection, *, county: str, fund: str, year: int) -> None:
    """Wait for the other changes of the fund's year and keep them out until the commit."""
    await locks.hold(connection, "budget", county, fund, str(year))


async def changes_of(connection: AsyncConnection, *, county: str, fund: str, year: int) -> Sequence[BudgetRow]:
    """Return the changes of a fund's year in the order made."""
    rows = await fetch(connection, _CHANGES, county, fund, year)
    return [BudgetRow(UUID(str(row.change_id)), *tuple(row.values())[1:]) for row in rows]


async def add(connection: AsyncConnection, row: BudgetRow) -> None:
    """Add one change."""
    await fetch(
        connection,
        _ADD,
        row.change_id,
        row.county,
        row.fund,
        row.year,
        row.change_no,
        row.ledger,
        row.layer,
        row.effective_on,
        row.amount_fen,
        row.source,
        row.booked_at,
        row.booked_by,
    )


async def funds_of_year(connection: AsyncConnection, *, year: int) -> list[tuple[str, str]]:
    """Return county and word of every fund that has a budget for the year."""
    return [(row.county, row.fund) for row in await fetch(connection, _FUNDS, year)]


async def booked(connection: AsyncConnection, *, county: str, fund: str, first: date, end: date) -> Mapping[str, Money]:
    """Return what was booked on the fund and each sub-ledger, reversals taken off, from `first` to before `end`.

    The days are China days. Relief stands with the fund itself; what of it a sub-ledger bears is in its plan.
    """
    values = (county, f"{RECEIVABLE}:{fund}", day_begins(first), day_begins(end))
    return {row.ledger: Money(row.fen) for row in await fetch(connection, _BOOKED, *values)}


async def unsound(connection: AsyncConnection) -> Sequence[tuple[str, str]]:
    """Return subject and text where a budget is below zero on a day or a change was taken away; at most 100."""
    return [(row.subject, row.text) for row in await fetch(connection, _UNSOUND)]


async def paid(connection: AsyncConnection) -> Sequence[tuple[str, str, str, date, str]]:
    """Return every county, fund, layer, day of discharge and sub-ledger for which something was booked, each once."""
    rows = await fetch(connection, _PAID, f"{RECEIVABLE}:")
    return [(row.county, row.fund, row.layer, row.discharged_on, row.ledger) for row in rows]
