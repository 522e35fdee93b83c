"""A bureau gives a fund a budget for a year, raises it or takes some back (基金预算下达与调整).

Room: use cases of settlement. Next hop: services/settlement/adapters/budgets.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from common.core.ids import named_id
from common.core.money import Money
from common.core.period import Period
from common.kit.db import UnitOfWork
from services.settlement.adapters import budgets
from services.settlement.adapters.budgets import BudgetRow
from services.settlement.domain.budget import BudgetChange, require_change
from services.settlement.domain.chart import Chart, require_purpose
from services.settlement.domain.policy import CountyUnknown


@dataclass(frozen=True, slots=True)
class WantedChange:
    """A change as a bureau states it.

    Attributes:
        ledger: Sub-ledger; empty for the fund itself.
        layer: What the money is for; None leaves it to the account's purpose.
        amount: Added to the budget; negative takes away.
        source: Document that grants it.
    """

    county: str
    fund: str
    year: int
    ledger: str
    layer: str | None
    effective_on: date
    amount: Money
    source: str


async def change_budget(
    uow: UnitOfWork, *, wanted: WantedChange, charts: Mapping[str, Chart], client_id: str, now: datetime
) -> BudgetRow:
    """Book one change; changes of the same fund and year queue.

    Raises:
        CountyUnknown: If the county has no chart.
        FundUnknown, PurposeMismatch: As `require_purpose` says.
        BudgetChangeEmpty, DayOutsideYear, BudgetBelowZero: As `require_change` says.
    """
    county, fund, year = wanted.county, wanted.fund, wanted.year
    chart = chart_of(charts=charts, county=county)
    require_purpose(chart=chart, fund=fund, ledger=wanted.ledger, layer=wanted.layer, within=year_of(year))
    await budgets.hold(uow.connection, county=county, fund=fund, year=year)
    before = await budgets.changes_of(uow.connection, county=county, fund=fund, year=year)
    change = BudgetChange(wanted.ledger, wanted.effective_on, wanted.amount)
    require_change(year=year, before=[each.change for each in before], change=change)
    row = _row(wanted, len(before) + 1, client_id, now)
    await budgets.add(uow.connection, row)
    return row


def chart_of(*, charts: Mapping[str, Chart], county: str) -> Chart:
    """Return a county's chart of accounts.

    Raises:
        CountyUnknown: If it has none.
    """
    found = charts.get(county)
    if found is None:
        raise CountyUnknown(f"county {county} has no chart of accounts here", county=county)
    return found


def year_of(year: int) -> Period:
    """Return the days of a budget's year, which is the calendar's."""
    return Period(date(year, 1, 1), date(year + 1, 1, 1))


def _row(wanted: WantedChange, change_no: int, client_id: str, now: datetime) -> BudgetRow:
    return BudgetRow(
        change_id=named_id("budget_change", wanted.county, wanted.fund, wanted.year, change_no),
        county=wanted.county,
        fund=wanted.fund,
        year=wanted.year,
        change_no=change_no,
        ledger=wanted.ledger,
        layer=wanted.layer,
        effective_on=wanted.effective_on,
        amount_fen=wanted.amount.fen,
        source=wanted.source,
        booked_at=now,
        booked_by=client_id,
    )
