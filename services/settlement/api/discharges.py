"""The main call and its preview (出院结算、预结算).

Next hop: services/settlement/usecases/settle_discharge.py
"""

from __future__ import annotations

from datetime import datetime

from fastapi import Request, Response

from common.kit.auth import Caller, NotYours, require_own
from common.kit.db import UnitOfWork
from common.kit.http import json_answer, or_again, secured, secured_router
from common.kit.idempotency import answer_once, require_key
from services.settlement.api.answers import SettlementOut
from services.settlement.api.deps import Context, CurrentCaller, Now, SettlementContext, Uow
from services.settlement.api.schemas import DischargeIn
from services.settlement.domain.bill import BillInconsistent
from services.settlement.domain.policy import CountyUnknown, InstitutionNotListed, PolicyNotInForce
from services.settlement.domain.recognition import PersonDeceased
from services.settlement.domain.second_telling import StaySettledOtherwise
from services.settlement.domain.stay import DatesImpossible
from services.settlement.usecases.assess_discharge import ContinuedStayUnknown, Rules
from services.settlement.usecases.preview_discharge import preview_discharge
from services.settlement.usecases.settle_discharge import DischargeAlreadySettled, settle_discharge

router = secured_router(tag="settlement")
JUDGED = (
    NotYours,
    DatesImpossible,
    BillInconsistent,
    CountyUnknown,
    PolicyNotInForce,
    InstitutionNotListed,
    PersonDeceased,
    ContinuedStayUnknown,
)


@router.post(
    "/v1/discharges",
    status_code=201,
    response_model=SettlementOut,
    **or_again(
        secured("his", problems=(*JUDGED, DischargeAlreadySettled, StaySettledOtherwise), idempotent=True),
        SettlementOut,
    ),
)
async def post_discharge(
    request: Request, body: DischargeIn, caller: CurrentCaller, context: Context, uow: Uow, now: Now
) -> Response:
    """Record a discharge, settle it, and answer what the patient pays now; an equal live one is answered with 200."""
    require_key(request)
    require_own(caller, institution_code=body.institution_code)
    return await settled_once(request, body, caller, context, uow, now)


@router.post("/v1/discharges/preview", response_model=SettlementOut, **secured("his", problems=JUDGED))
async def post_preview(body: DischargeIn, caller: CurrentCaller, context: Context, uow: Uow, now: Now) -> Response:
    """Answer what a settlement of the same body would pay now; nothing is booked and no key is needed."""
    require_own(caller, institution_code=body.institution_code)
    return json_answer(await preview_discharge(uow, discharge=body.discharge(), rules=rules_of(context), now=now))


async def settled_once(
    request: Request, body: DischargeIn, caller: Caller, context: SettlementContext, uow: UnitOfWork, now: datetime
) -> Response:
    """Settle what a caller may settle, once per key: 201 when this call booked it, 200 for an equal live one."""

    async def settle() -> Response:
        settled = await settle_discharge(
            uow, discharge=body.discharge(), rules=rules_of(context), seal=context.seal, now=now
        )
        return json_answer(settled.answer, 201 if settled.is_new else 200)

    return await answer_once(uow, request, caller, body.canonical(), settle)


def rules_of(context: SettlementContext) -> Rules:
    """Return what judging needs beside the database."""
    return Rules(policies=context.policies, person_key=context.person_key, charts=context.charts)
