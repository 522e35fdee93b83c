"""Re-rating (追溯重算): settled stays computed again, the differences listed, decided by a second person and booked.

Room: api of settlement. Next hop: services/settlement/usecases/open_rerating.py
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from common.kit.auth import require_own
from common.kit.http import json_answer, secured, secured_router
from common.kit.idempotency import answer_once, require_key
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, decode_cursor, decode_place, page_of
from services.settlement.adapters.reratings import Rerating
from services.settlement.api.deps import Context, CurrentCaller, CursorKey, Now, Uow
from services.settlement.api.rerating_forms import (
    CorrectionList,
    DecisionIn,
    ReratingHead,
    ReratingIn,
    ReratingLineOut,
    ReratingLinePage,
    ReratingOut,
    ReratingPage,
)
from services.settlement.api.settlements import CurrentReader, reader_of
from services.settlement.domain.policy import CountyUnknown, policy_of
from services.settlement.domain.second_person import SecondPersonNeeded
from services.settlement.usecases.decide_rerating import ReratingNotProposed, decide_rerating
from services.settlement.usecases.open_rerating import ReratingRangeImpossible, Wanted, open_rerating
from services.settlement.usecases.read_corrections import read_corrections
from services.settlement.usecases.read_rerating import (
    ReratingNotFound,
    ReratingSums,
    list_reratings,
    read_rerating,
    read_rerating_lines,
    read_rerating_sums,
)
from services.settlement.usecases.reverse_settlement import SettlementNotFound

router = secured_router(tag="settlement")


@router.post(
    "/v1/reratings",
    status_code=201,
    response_model=ReratingOut,
    **secured("funds", problems=(ReratingRangeImpossible, CountyUnknown), idempotent=True),
)
async def post_rerating(
    request: Request, body: ReratingIn, caller: CurrentCaller, context: Context, uow: Uow, now: Now
) -> Response:
    """Ask which settled stays would be paid otherwise by what is known now; the worker lists them."""
    require_key(request)
    require_own(caller, county=body.county)

    async def work() -> Response:
        policy_of(policies=context.policies, county=body.county)
        wanted = Wanted(**body.model_dump())
        case = await open_rerating(uow, wanted=wanted, client_id=caller.client_id, now=now)
        return json_answer(_told(case, ReratingSums([], {})), 201)

    return await answer_once(uow, request, caller, body, work)


@router.get(
    "/v1/reratings", response_model=ReratingPage, **secured("funds", problems=(CursorInvalid, ReratingNotFound))
)
async def get_reratings(
    caller: CurrentCaller, uow: Uow, key: CursorKey, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> Response:
    """List the county's cases in the order opened."""
    county = reader_of(caller).county
    of = f"reratings {county}"
    after = decode_place(cursor, key=key, of=of) if cursor else None
    found = await list_reratings(uow, county=county, after=after, limit=limit + 1)
    items, next_cursor = page_of(found, limit=limit, position_of=_place, key=key, of=of)
    heads = [ReratingHead.model_validate(asdict(each)).model_dump(mode="json") for each in items]
    return json_answer({"items": heads, "next_cursor": next_cursor})


@router.get("/v1/reratings/{rerating_id}", response_model=ReratingOut, **secured("funds", problems=(ReratingNotFound,)))
async def get_rerating(rerating_id: UUID, caller: CurrentCaller, uow: Uow) -> Response:
    """Answer one case with what it comes to."""
    case = await read_rerating(uow, rerating_id=rerating_id, county=reader_of(caller).county)
    return json_answer(_told(case, await read_rerating_sums(uow, case=case)))


@router.get(
    "/v1/reratings/{rerating_id}/lines",
    response_model=ReratingLinePage,
    **secured("funds", problems=(CursorInvalid, ReratingNotFound)),
)
async def get_rerating_lines(
    rerating_id: UUID,
    caller: CurrentCaller,
    uow: Uow,
    key: CursorKey,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Response:
    """List the stays that differ, each with what every fund and the patient pay more or less."""
    of = f"rerating lines {rerating_id}"
    after = int(decode_cursor(cursor, key=key, of=of)[0]) if cursor else 0
    case = await read_rerating(uow, rerating_id=rerating_id, county=reader_of(caller).county)
    found = await read_rerating_lines(uow, case=case, after=after, limit=limit + 1)
    items, next_cursor = page_of(found, limit=limit, position_of=lambda each: [each.line_no], key=key, of=of)
    lines = [ReratingLineOut.model_validate(asdict(each)).model_dump(mode="json") for each in items]
    return json_answer({"items": lines, "next_cursor": next_cursor})


@router.post(
    "/v1/reratings/{rerating_id}/decision",
    response_model=ReratingOut,
    **secured("funds", problems=(ReratingNotFound, ReratingNotProposed, SecondPersonNeeded), idempotent=True),
)
async def post_decision(
    request: Request, rerating_id: UUID, body: DecisionIn, caller: CurrentCaller, uow: Uow, now: Now
) -> Response:
    """Approve or decline a listed case; what is approved the worker books person by person."""
    require_key(request)

    async def work() -> Response:
        case = await decide_rerating(
            uow,
            rerating_id=rerating_id,
            county=reader_of(caller).county,
            approves=body.decision == "approved",
            by=body.decided_by,
            reason=body.reason,
            now=now,
        )
        return json_answer(_told(case, await read_rerating_sums(uow, case=case)))

    return await answer_once(uow, request, caller, body, work)


@router.get(
    "/v1/settlements/{settlement_id}/corrections",
    response_model=CorrectionList,
    **secured("his", "funds", problems=(SettlementNotFound,)),
)
async def get_corrections(settlement_id: UUID, reader: CurrentReader, uow: Uow) -> Response:
    """Answer a settlement's later results, oldest first; none: the first one stands."""
    found = await read_corrections(uow, settlement_id=settlement_id, reader=reader)
    items = [
        {
            "ordinal": each.kept.ordinal,
            "rerating_id": str(each.kept.rerating_id),
            "booked_at": each.kept.booked_at.isoformat(),
            "patient_fen": each.patient_fen,
            "result": each.result,
        }
        for each in found
    ]
    return json_answer({"items": items})


def _told(case: Rerating, sums: ReratingSums) -> dict[str, Any]:
    whole = asdict(case) | {
        "outcomes": [asdict(each) for each in sums.outcomes],
        "funds": [{"fund": fund, "fen": fen} for fund, fen in sums.funds.items()],
    }
    return ReratingOut.model_validate(whole).model_dump(mode="json")


def _place(case: Rerating) -> tuple[str, str]:
    return case.opened_at.isoformat(), str(case.rerating_id)
