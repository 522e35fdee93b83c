"""A bureau brings totals from before the start; they are kept as reported (历史汇总数据导入).

Room: use cases of settlement. Next hop: services/settlement/domain/reported_total.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from common.kit.db import UnitOfWork
from services.settlement.adapters import reported_totals
from services.settlement.domain.chart import WHOLE, Chart, require_purpose
from services.settlement.domain.reported_total import ReportedTotal
from services.settlement.usecases.change_budget import chart_of, year_of


async def report_total(
    uow: UnitOfWork, *, told: ReportedTotal, charts: Mapping[str, Chart], client_id: str
) -> ReportedTotal:
    """Keep a report beside earlier ones of the same year.

    Raises:
        CountyUnknown: If the county has no chart.
        FundUnknown: If a part names a fund that the chart does not have in that year.
    """
    chart = chart_of(charts=charts, county=told.county)
    for each in told.parts:
        if each.fund:
            require_purpose(chart=chart, fund=each.fund, ledger=WHOLE, layer=None, within=year_of(told.year))
    await reported_totals.add(uow.connection, told, client=client_id)
    return told


async def read_reported_totals(uow: UnitOfWork, *, county: str, year: int) -> Sequence[ReportedTotal]:
    """Return what was reported of a county's year, in the order told."""
    return await reported_totals.of_year(uow.connection, county=county, year=year)
