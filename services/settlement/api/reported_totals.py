"""Totals of a county's years before it came here, kept as reported with what they leave unexplained (历史汇总数据).

Room: api of settlement. Next hop: services/settlement/usecases/report_total.py
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import Query, Request, Response
from pydantic import Field

from common.core.money import Money
from common.kit.auth import require_own
from common.kit.clock import rfc3339
from common.kit.fields import CodeText, CountyField, FenField, RequestModel, ResponseModel, ShortText
from common.kit.http import json_answer, secured, secured_router
from common.kit.idempotency import answer_once, require_key
from services.settlement.api.deps import Context, CurrentCaller, Now, Uow
from services.settlement.api.fund_forms import YearField
from services.settlement.domain.chart import FundUnknown
from services.settlement.domain.policy import CountyUnknown
from services.settlement.domain.reported_total import Part, ReportedTotal
from services.settlement.usecases.report_total import read_reported_totals, report_total

router = secured_router(tag="settlement")
_MOST_PARTS = 50


class ReportedPartIn(RequestModel):
    """What one fund is said to have paid; without a fund, what the paper calls otherwise."""

    fund: CodeText | None = None
    name: ShortText
    amount_fen: FenField


class ReportedTotalIn(RequestModel):
    """A total of a year with its parts, as a paper has them; they need not add up."""

    county: CountyField
    year: YearField
    total_fen: FenField
    parts: Annotated[list[ReportedPartIn], Field(max_length=_MOST_PARTS)]
    source: ShortText


class ReportedPartOut(ResponseModel):
    """A part as reported."""

    fund: str | None
    name: str
    amount_fen: int


class ReportedTotalOut(ResponseModel):
    """A report as kept; `difference_fen` is what the parts leave unexplained."""

    report_id: UUID
    county: str
    year: int
    total_fen: int
    difference_fen: int
    parts: list[ReportedPartOut]
    source: str
    reported_at: datetime


class ReportedTotals(ResponseModel):
    """What was reported of a year, in the order told."""

    items: list[ReportedTotalOut]


@router.post(
    "/v1/reported-totals",
    status_code=201,
    response_model=ReportedTotalOut,
    **secured("funds", problems=(CountyUnknown, FundUnknown), idempotent=True),
)
async def post_reported_total(
    request: Request, body: ReportedTotalIn, caller: CurrentCaller, context: Context, uow: Uow, now: Now
) -> Response:
    """Keep a total of a year as a paper reports it; nothing is made to fit."""
    require_key(request)
    require_own(caller, county=body.county)
    told = ReportedTotal(
        report_id=uuid4(),
        county=body.county,
        year=body.year,
        total=Money(body.total_fen),
        parts=tuple(Part(each.fund or "", each.name, Money(each.amount_fen)) for each in body.parts),
        source=body.source,
        reported_at=now,
    )

    async def keep() -> Response:
        kept = await report_total(uow, told=told, charts=context.charts, client_id=caller.client_id)
        return json_answer(_told(kept), 201)

    return await answer_once(uow, request, caller, body, keep)


@router.get("/v1/reported-totals", response_model=ReportedTotals, **secured("funds"))
async def get_reported_totals(
    county: Annotated[CountyField, Query()],
    year: Annotated[int, Query(ge=2000, le=2100)],
    caller: CurrentCaller,
    uow: Uow,
) -> Response:
    """Answer what was reported of a county's year."""
    require_own(caller, county=county)
    found = await read_reported_totals(uow, county=county, year=year)
    return json_answer({"items": [_told(each) for each in found]})


def _told(told: ReportedTotal) -> dict[str, Any]:
    return {
        "report_id": str(told.report_id),
        "county": told.county,
        "year": told.year,
        "total_fen": told.total.fen,
        "difference_fen": told.difference.fen,
        "parts": [{"fund": each.fund or None, "name": each.name, "amount_fen": each.amount.fen} for each in told.parts],
        "source": told.source,
        "reported_at": rfc3339(told.reported_at),
    }
