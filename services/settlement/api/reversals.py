"""Undoing a settlement, by its id or by the hospital's record number (冲正).

Next hop: services/settlement/usecases/reverse_settlement.py
"""

from __future__ import annotations

from uuid import UUID

from fastapi import Request, Response

from common.kit.http import json_answer, or_again, secured, secured_router
from common.kit.idempotency import answer_once, require_key
from services.settlement.api.answers import ReversalOut
from services.settlement.api.deps import CurrentCaller, Now, Uow, own_institution
from services.settlement.api.schemas import ReasonIn, RecordReversalIn
from services.settlement.usecases.reverse_settlement import (
    Reversed,
    SettlementNotFound,
    reverse_record,
    reverse_settlement,
)

router = secured_router(tag="settlement")
_DECLARED = or_again(secured("his", problems=(SettlementNotFound,), idempotent=True), ReversalOut)


@router.post("/v1/settlements/{settlement_id}/reversal", status_code=201, response_model=ReversalOut, **_DECLARED)
async def post_reversal(
    settlement_id: UUID, request: Request, body: ReasonIn, caller: CurrentCaller, uow: Uow, now: Now
) -> Response:
    """Reverse a settlement; a repeat is answered with the first reversal (200)."""
    require_key(request)

    async def reverse() -> Response:
        return _answer(
            await reverse_settlement(
                uow,
                settlement_id=settlement_id,
                institution_code=own_institution(caller),
                reason=body.reason,
                client_id=caller.client_id,
                now=now,
            )
        )

    return await answer_once(uow, request, caller, body, reverse)


@router.post("/v1/reversals", status_code=201, response_model=ReversalOut, **_DECLARED)
async def post_record_reversal(
    request: Request, body: RecordReversalIn, caller: CurrentCaller, uow: Uow, now: Now
) -> Response:
    """Reverse what is settled under a record number, for a hospital that never received our answer."""
    require_key(request)

    async def reverse() -> Response:
        return _answer(
            await reverse_record(
                uow,
                institution_code=own_institution(caller),
                record_no=body.record_no,
                reason=body.reason,
                client_id=caller.client_id,
                now=now,
            )
        )

    return await answer_once(uow, request, caller, body, reverse)


def _answer(done: Reversed) -> Response:
    return json_answer(done.answer, 201 if done.is_new else 200)
