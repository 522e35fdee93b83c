"""A bureau sets money of a fund aside until a day, or gives it free before (预算预留与释放).

What is set aside is no longer there for relief or for others to set aside; a layer at the counter is never held up.
Room: use cases of settlement. Next hop: services/settlement/domain/budget.py
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from common.core.errors import NotFound
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.settlement.adapters import budgets, reservations
from services.settlement.domain.budget import Reservation, require_reservation
from services.settlement.domain.chart import Chart, require_purpose
from services.settlement.usecases.change_budget import chart_of, year_of
from services.settlement.usecases.read_budget import read_budget


class ReservationNotFound(NotFound):
    """The county's fund has no such reservation."""

    code = "not_found"
    zh = "该基金没有此笔预留"


async def reserve_budget(
    uow: UnitOfWork, *, wanted: Reservation, charts: Mapping[str, Chart], client_id: str, now: datetime
) -> Reservation:
    """Set money aside; reservations, budgets and relief of one fund's year queue.

    Raises:
        CountyUnknown: If the county has no chart.
        FundUnknown: If its chart does not have the account in that year.
        DayOutsideYear: If the last day is over or not in the year.
        BudgetTooSmall: If the account has less left.
    """
    county, fund, year, today = wanted.county, wanted.fund, wanted.year, china_date(now)
    chart = chart_of(charts=charts, county=county)
    require_purpose(chart=chart, fund=fund, ledger=wanted.ledger, layer=None, within=year_of(year))
    await budgets.hold(uow.connection, county=county, fund=fund, year=year)
    state = await read_budget(uow, county=county, fund=fund, year=year, on=today, charts=charts)
    require_reservation(wanted=wanted, available=state.account(wanted.ledger).available, today=today)
    await reservations.add(uow.connection, wanted, client=client_id)
    return wanted


async def release_reservation(
    uow: UnitOfWork, *, reservation_id: UUID, county: str | None, fund: str, client_id: str, now: datetime
) -> Reservation:
    """Give a reservation free; a repeat changes nothing.

    Raises:
        ReservationNotFound: If the county's fund has none of that id.
    """
    found = await reservations.find(uow.connection, reservation_id)
    if found is None or (found.county, found.fund) != (county, fund):
        raise ReservationNotFound("the fund has no reservation of that id")
    if found.released_at is not None:
        return found
    await reservations.release(uow.connection, reservation_id, client=client_id, now=now)
    return found.released(now)
