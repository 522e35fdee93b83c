"""Gap cases and precise relief (个案处理、精准救助): heavy shares found, plans decided by the leading group, published.

Room: api of settlement. Next hop: services/settlement/usecases/open_relief_plan.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from common.core.money import Money
from common.kit.auth import require_own
from common.kit.clock import china_date
from common.kit.http import json_answer, secured, secured_router
from common.kit.idempotency import answer_once, require_key
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, decode_place, page_of
from services.settlement.adapters.gap_cases import CaseState, GapCase
from services.settlement.adapters.reliefs import Grant, Plan
from services.settlement.api.deps import Context, CurrentCaller, CursorKey, Now, Uow
from services.settlement.api.relief_forms import (
    GapCaseIn,
    GapCaseOut,
    GapCasePage,
    PublishedPlan,
    ReliefOut,
    ReliefPlanHead,
    ReliefPlanIn,
    ReliefPlanOut,
    ReliefPlanPage,
)
from services.settlement.api.rerating_forms import DecisionIn
from services.settlement.api.settlements import CurrentReader, reader_of
from services.settlement.domain.chart import WHOLE, Chart, FundUnknown, PurposeMismatch
from services.settlement.domain.policy import CountyUnknown
from services.settlement.domain.relief import CLASS_NAMES, WEIGHED_NAMES, OffEmergency, ReliefClass, Weighed
from services.settlement.domain.second_person import SecondPersonNeeded
from services.settlement.usecases.decide_relief_plan import ReliefPlanDecided, decide_relief_plan
from services.settlement.usecases.gap_cases import GapCasesNotYours, list_gap_cases, name_gap_case
from services.settlement.usecases.open_relief_plan import (
    AlreadyRelieved,
    CaseVoid,
    GapCaseNotFound,
    ReliefAboveShare,
    WantedGrant,
    WantedPlan,
    open_relief_plan,
)
from services.settlement.usecases.read_relief import (
    ReliefNotFound,
    ReliefPlanNotApproved,
    ReliefPlanNotFound,
    list_relief_plans,
    read_grants,
    read_published,
    read_relief,
    read_relief_plan,
)
from services.settlement.usecases.reverse_settlement import SettlementNotFound

router = secured_router(tag="settlement")
_OPENING = (
    *(CountyUnknown, FundUnknown, PurposeMismatch),
    *(GapCaseNotFound, CaseVoid, AlreadyRelieved, ReliefAboveShare, OffEmergency),
)
_DECIDING = (ReliefPlanNotFound, ReliefPlanDecided, SecondPersonNeeded)


@router.post(
    "/v1/gap-cases",
    status_code=201,
    response_model=GapCaseOut,
    **secured("funds", problems=(SettlementNotFound,), idempotent=True),
)
async def post_gap_case(request: Request, body: GapCaseIn, caller: CurrentCaller, uow: Uow, now: Now) -> Response:
    """Name a settled stay whose share is too heavy; one that is a case already is answered as it stands."""
    require_key(request)

    async def work() -> Response:
        case = await name_gap_case(
            uow,
            settlement_id=body.settlement_id,
            reader=reader_of(caller),
            document=body.document,
            named_by=body.named_by,
            now=now,
        )
        return json_answer(_case(case), 201)

    return await answer_once(uow, request, caller, body, work)


@router.get("/v1/gap-cases", response_model=GapCasePage, **secured("funds", problems=(CursorInvalid, GapCasesNotYours)))
async def get_gap_cases(
    caller: CurrentCaller,
    uow: Uow,
    key: CursorKey,
    state: Annotated[CaseState | None, Query()] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Response:
    """List the stays that settling or a bureau found too heavy, in the order found."""
    county = reader_of(caller).county
    of = f"gap cases {county} {state}"
    after = decode_place(cursor, key=key, of=of) if cursor else None
    found = await list_gap_cases(uow, county=county, state=state, after=after, limit=limit + 1)
    items, next_cursor = page_of(
        found,
        limit=limit,
        position_of=lambda each: (each.found_at.isoformat(), str(each.settlement_id)),
        key=key,
        of=of,
    )
    return json_answer({"items": [_case(each) for each in items], "next_cursor": next_cursor})


@router.post(
    "/v1/relief-plans",
    status_code=201,
    response_model=ReliefPlanOut,
    **secured("funds", problems=_OPENING, idempotent=True),
)
async def post_relief_plan(
    request: Request, body: ReliefPlanIn, caller: CurrentCaller, context: Context, uow: Uow, now: Now
) -> Response:
    """Put a plan of relief before the leading group; nothing is booked before it is approved."""
    require_key(request)
    require_own(caller, county=body.county)
    wanted = WantedPlan(
        county=body.county,
        fund=body.fund,
        ledger=body.ledger or WHOLE,
        document=body.document,
        proposed_by=body.proposed_by,
        grants=tuple(
            WantedGrant(
                each.settlement_id, each.relief_class, tuple(each.weighed), each.note or "", Money(each.amount_fen)
            )
            for each in body.grants
        ),
    )

    async def work() -> Response:
        plan = await open_relief_plan(uow, wanted=wanted, charts=context.charts, client_id=caller.client_id, now=now)
        return json_answer(_plan(plan, await read_grants(uow, plan=plan)), 201)

    return await answer_once(uow, request, caller, body, work)


@router.get(
    "/v1/relief-plans", response_model=ReliefPlanPage, **secured("funds", problems=(CursorInvalid, ReliefPlanNotFound))
)
async def get_relief_plans(
    caller: CurrentCaller, uow: Uow, key: CursorKey, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Response:
    """List the county's plans in the order opened."""
    county = reader_of(caller).county
    of = f"relief plans {county}"
    after = decode_place(cursor, key=key, of=of) if cursor else None
    found = await list_relief_plans(uow, county=county, after=after, limit=limit + 1)
    items, next_cursor = page_of(
        found, limit=limit, position_of=lambda each: (each.opened_at.isoformat(), str(each.plan_id)), key=key, of=of
    )
    heads = [ReliefPlanHead.model_validate(_head(each)).model_dump(mode="json") for each in items]
    return json_answer({"items": heads, "next_cursor": next_cursor})


@router.get(
    "/v1/relief-plans/{plan_id}", response_model=ReliefPlanOut, **secured("funds", problems=(ReliefPlanNotFound,))
)
async def get_relief_plan(plan_id: UUID, caller: CurrentCaller, uow: Uow) -> Response:
    """Answer one plan with what became of each grant."""
    plan = await read_relief_plan(uow, plan_id=plan_id, county=reader_of(caller).county)
    return json_answer(_plan(plan, await read_grants(uow, plan=plan)))


@router.post(
    "/v1/relief-plans/{plan_id}/decision",
    response_model=ReliefPlanOut,
    **secured("funds", problems=_DECIDING, idempotent=True),
)
async def post_relief_decision(
    request: Request, plan_id: UUID, body: DecisionIn, caller: CurrentCaller, uow: Uow, now: Now
) -> Response:
    """Approve or decline a plan; the worker books what is approved as far as the money reaches."""
    require_key(request)

    async def work() -> Response:
        plan = await decide_relief_plan(
            uow,
            plan_id=plan_id,
            county=reader_of(caller).county,
            approves=body.decision == "approved",
            by=body.decided_by,
            reason=body.reason,
            now=now,
        )
        return json_answer(_plan(plan, await read_grants(uow, plan=plan)))

    return await answer_once(uow, request, caller, body, work)


@router.get(
    "/v1/relief-plans/{plan_id}/publication",
    response_model=PublishedPlan,
    **secured("funds", problems=(ReliefPlanNotFound, ReliefPlanNotApproved)),
)
async def get_publication(plan_id: UUID, caller: CurrentCaller, context: Context, uow: Uow) -> Response:
    """Answer what is made public of an approved plan: amounts, classes and what was weighed, nobody's data."""
    plan, grants = await read_published(uow, plan_id=plan_id, county=reader_of(caller).county)
    return json_answer(_published(plan, grants, context.charts[plan.county]))


@router.get(
    "/v1/settlements/{settlement_id}/relief",
    response_model=ReliefOut,
    **secured("his", "funds", problems=(SettlementNotFound, ReliefNotFound)),
)
async def get_relief(settlement_id: UUID, reader: CurrentReader, uow: Uow) -> Response:
    """Answer what was given of a settlement's share, for the hospital that pays it back."""
    plan, grant = await read_relief(uow, settlement_id=settlement_id, reader=reader)
    return json_answer(ReliefOut.model_validate(asdict(plan) | asdict(grant)).model_dump(mode="json"))


def _case(case: GapCase) -> dict[str, Any]:
    return GapCaseOut.model_validate(asdict(case)).model_dump(mode="json")


def _head(plan: Plan) -> dict[str, Any]:
    return asdict(plan) | {"ledger": plan.ledger or None}


def _plan(plan: Plan, grants: Sequence[Grant]) -> dict[str, Any]:
    whole = _head(plan) | {"grants": [asdict(each) for each in grants]}
    return ReliefPlanOut.model_validate(whole).model_dump(mode="json")


def _published(plan: Plan, grants: Sequence[Grant], chart: Chart) -> dict[str, Any]:
    named = {each.ledger: each.name for each in chart.accounts if each.fund == plan.fund}
    whole = {
        "county": plan.county,
        "fund": {"code": plan.fund, "zh": named.get(plan.ledger, plan.fund)},
        "document": plan.document,
        "decided_on": plan.decided_at and china_date(plan.decided_at),
        "grant_count": len(grants),
        "amount_fen": sum(each.stands.fen for each in grants),
        "booked_fen": sum(each.stands.fen for each in grants if each.result == "booked"),
        "grants": [
            {
                "line_no": each.line_no,
                "relief_class": {"code": each.relief_class, "zh": CLASS_NAMES[ReliefClass(each.relief_class)]},
                "weighed": [{"code": code, "zh": WEIGHED_NAMES[Weighed(code)]} for code in each.weighed],
                "amount_fen": each.stands.fen,
                "result": each.result,
            }
            for each in grants
        ],
    }
    return PublishedPlan.model_validate(whole).model_dump(mode="json")
