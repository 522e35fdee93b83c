"""The home office settles a stay elsewhere that the patient has paid; the funds owe the patient (异地就医回乡报销).

Next hop: services/settlement/usecases/settle_discharge.py
"""

from __future__ import annotations

from uuid import UUID

from fastapi import Request, Response

from common.kit.auth import require_own
from common.kit.http import json_answer, or_again, secured, secured_router
from common.kit.idempotency import answer_once, require_key
from services.settlement.api.answers import ReversalOut, SettlementOut
from services.settlement.api.claim_forms import ClaimIn
from services.settlement.api.deps import Context, CurrentCaller, Now, Uow
from services.settlement.api.discharges import JUDGED, rules_of, settled_once
from services.settlement.api.schemas import ReasonIn
from services.settlement.api.settlements import reader_of
from services.settlement.domain.policy import LevelUnknown
from services.settlement.domain.second_telling import StaySettledOtherwise
from services.settlement.usecases.preview_discharge import preview_discharge
from services.settlement.usecases.reverse_settlement import SettlementNotFound, reverse_claim
from services.settlement.usecases.settle_discharge import DischargeAlreadySettled

router = secured_router(tag="settlement")
_JUDGED = (*JUDGED, LevelUnknown)


@router.post(
    "/v1/claims",
    status_code=201,
    response_model=SettlementOut,
    **or_again(
        secured("funds", problems=(*_JUDGED, DischargeAlreadySettled, StaySettledOtherwise), idempotent=True),
        SettlementOut,
    ),
)
async def post_claim(
    request: Request, body: ClaimIn, caller: CurrentCaller, context: Context, uow: Uow, now: Now
) -> Response:
    """Settle a stay that the patient has paid, by the rules of a discharge; one settled already is refused."""
    require_key(request)
    require_own(caller, county=body.county)
    return await settled_once(request, body, caller, context, uow, now)


@router.post("/v1/claims/preview", response_model=SettlementOut, **secured("funds", problems=_JUDGED))
async def post_claim_preview(body: ClaimIn, caller: CurrentCaller, context: Context, uow: Uow, now: Now) -> Response:
    """Answer what a claim of the same body would give back now; nothing is booked and no key is needed."""
    require_own(caller, county=body.county)
    return json_answer(await preview_discharge(uow, discharge=body.discharge(), rules=rules_of(context), now=now))


@router.post(
    "/v1/claims/{settlement_id}/reversal",
    status_code=201,
    response_model=ReversalOut,
    **or_again(secured("funds", problems=(SettlementNotFound,), idempotent=True), ReversalOut),
)
async def post_claim_reversal(
    settlement_id: UUID, request: Request, body: ReasonIn, caller: CurrentCaller, uow: Uow, now: Now
) -> Response:
    """Reverse a claim; a repeat is answered with the first reversal (200)."""
    require_key(request)

    async def reverse() -> Response:
        done = await reverse_claim(
            uow,
            settlement_id=settlement_id,
            county=reader_of(caller).county,
            reason=body.reason,
            client_id=caller.client_id,
            now=now,
        )
        return json_answer(done.answer, 201 if done.is_new else 200)

    return await answer_once(uow, request, caller, body, reverse)
