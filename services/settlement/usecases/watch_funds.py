"""What is left of every fund that has a budget this year, for the alarm before it is empty (基金预警).

Room: use cases of settlement. Next hop: services/settlement/domain/budget.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from common.core.money import ZERO, Money
from common.kit.db import UnitOfWork
from services.settlement.adapters import budgets, reservations
from services.settlement.domain.budget import budget_on


@dataclass(frozen=True, slots=True)
class FundLeft:
    """A fund's budget with its sub-ledgers as it counts today, and what is left; below zero: overdrawn.

    What is set aside counts as gone.
    """

    county: str
    fund: str
    budget: Money
    available: Money


async def watch_funds(uow: UnitOfWork, *, today: date) -> list[FundLeft]:
    """Return every fund that was given anything for the year."""
    year, found = today.year, []
    for county, fund in await budgets.funds_of_year(uow.connection, year=year):
        changes = await budgets.changes_of(uow.connection, county=county, fund=fund, year=year)
        given = sum(budget_on(changes=[each.change for each in changes], day=today).values(), ZERO)
        booked = await budgets.booked(
            uow.connection, county=county, fund=fund, first=date(year, 1, 1), end=date(year + 1, 1, 1)
        )
        live = await reservations.live_on(uow.connection, county=county, fund=fund, year=year, day=today)
        taken = sum((each.amount for each in live), sum(booked.values(), ZERO))
        found.append(FundLeft(county, fund, given, given - taken))
    return found
