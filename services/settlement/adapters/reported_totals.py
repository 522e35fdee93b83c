"""Totals of funds from before the start in the database, as they were reported (历史汇总数据).

Room: adapters of settlement. Next hop: services/settlement/adapters/fund_tables.py
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from common.kit.statements import fetch
from services.settlement.domain.reported_total import Part, ReportedTotal

_ADD = """
INSERT INTO reported_total (report_id, county, year, total_fen, parts, source, reported_at, reported_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_OF_YEAR = """
SELECT report_id, county, year, total_fen, parts::text AS parts, source, reported_at FROM reported_total
WHERE county = $1 AND year = $2 ORDER BY reported_at, report_id
"""


async def add(connection: AsyncConnection, told: ReportedTotal, *, client: str) -> None:
    """Write a report; it is never changed."""
    parts = json.dumps([[each.fund, each.name, each.amount.fen] for each in told.parts], ensure_ascii=False)
    values = (told.report_id, told.county, told.year, told.total.fen, parts, told.source, told.reported_at, client)
    await fetch(connection, _ADD, *values)


async def of_year(connection: AsyncConnection, *, county: str, year: int) -> Sequence[ReportedTotal]:
    """Return what was reported of a county's year, in the order told."""
    return [
        ReportedTotal(
            report_id=UUID(str(row.report_id)),
            county=row.county,
            year=row.year,
            total=Money(row.total_fen),
            parts=tuple(Part(fund, name, Money(fen)) for fund, name, fen in json.loads(row.parts)),
            source=row.source,
            reported_at=row.reported_at,
        )
        for row in await fetch(connection, _OF_YEAR, county, year)
    ]
