"""What a fund was given for a year, what was booked, and what is left (预算可用余额).

Room: use cases of settlement. Next hop: services/settlement/domain/budget.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from common.core.money import ZERO, Money
from common.kit.db import UnitOfWork
from services.settlement.adapters import budgets, reliefs, reservations
from services.settlement.adapters.budgets import BudgetRow
from services.settlement.domain.budget import Reservation, budget_on, held_on
from services.settlement.domain.chart import WHOLE, Chart, FundAccount, require_purpose
from services.settlement.usecases.change_budget import chart_of, year_of


@dataclass(frozen=True, slots=True)
class AccountState:
    """A fund or sub-ledger with its budget, what was booked on it (a tilt's cost, relief) and what is set aside."""

    account: FundAccount
    budget: Money
    booked: Money
    reserved: Money

    @property
    def available(self) -> Money:
        """What is left beside what is set aside; below zero where it is overdrawn (透支)."""
        return self.budget - self.booked - self.reserved


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A fund's year as it stands on a day.

    Attributes:
        accounts: The fund and its sub-ledgers, each with its budget and what was booked on it, in fen.
        booked: Receivables of the year, reversals taken off; of the whole fund.
        changes: All of the year, those that do not count yet too.
        reservations: What is set aside on the day.
    """

    accounts: tuple[AccountState, ...]
    booked: Money
    changes: Sequence[BudgetRow]
    reservations: Sequence[Reservation]

    @property
    def budget(self) -> Money:
        """What the fund and its sub-ledgers were given together."""
        return sum((each.budget for each in self.accounts), ZERO)

    @property
    def available(self) -> Money:
        """What is left of all accounts; below zero where the fund is overdrawn (透支)."""
        return sum((each.available for each in self.accounts), ZERO)

    @property
    def reserved(self) -> Money:
        """What is set aside."""
        return sum((each.reserved for each in self.accounts), ZERO)

    def account(self, ledger: str) -> AccountState:
        """Return one account that the chart has."""
        return next(each for each in self.accounts if each.account.ledger == ledger)


async def read_budget(
    uow: UnitOfWork, *, county: str, fund: str, year: int, on: date, charts: Mapping[str, Chart]
) -> BudgetState:
    """Return a fund's year with the changes that count on a day.

    Raises:
        CountyUnknown: If the county has no chart.
        FundUnknown: If its chart does not have the fund in that year.
    """
    chart, within = chart_of(charts=charts, county=county), year_of(year)
    require_purpose(chart=chart, fund=fund, ledger=WHOLE, layer=None, within=within)
    changes = await budgets.changes_of(uow.connection, county=county, fund=fund, year=year)
    given = budget_on(changes=[each.change for each in changes], day=on)
    accounts = {each.ledger: each for each in chart.of_fund(fund=fund, within=within)}
    first, end = within.start_on, date(year + 1, 1, 1)
    booked = await budgets.booked(uow.connection, county=county, fund=fund, first=first, end=end)
    relieved = await reliefs.relieved(uow.connection, county=county, fund=fund, first=first, end=end)
    borne = {ledger: booked.get(ledger, ZERO) + relieved.get(ledger, ZERO) for ledger in accounts if ledger != WHOLE}
    borne[WHOLE] = sum(booked.values(), ZERO) - sum(borne.values(), ZERO)
    live = await reservations.live_on(uow.connection, county=county, fund=fund, year=year, day=on)
    held = held_on(reservations=live)
    return BudgetState(
        accounts=tuple(
            AccountState(account, given.get(ledger, ZERO), borne[ledger], held.get(ledger, ZERO))
            for ledger, account in accounts.items()
        ),
        booked=sum(booked.values(), ZERO),
        changes=changes,
        reservations=live,
    )
