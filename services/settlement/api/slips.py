"""Slips are verified by whoever holds one, without a token (结算单核验).

Room: api of settlement. Next hop: services/settlement/usecases/verify_slip.py
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Path, Response
from pydantic import Field

from common.kit.fields import ResponseModel
from common.kit.http import json_answer, public, public_router
from services.settlement.api.deps import Context, Uow
from services.settlement.domain.slip_code import SlipUnknown
from services.settlement.usecases.verify_slip import verify_slip

router = public_router(tag="settlement")
SlipCode = Annotated[str, Path(description="As printed on the slip (验证码): 45 capitals and digits")]


class SlipOut(ResponseModel):
    """What the slip says, in fen, to be held against the paper."""

    state: str = Field(description="valid, corrected (a later result stands in its place) or reversed (作废)")
    county: str
    hospital: str
    settled_on: date
    correction: int = Field(description="Number of the correction that it shows; 0: the first result")
    total_fen: int
    fund_paid_fen: int
    hospital_borne_fen: int
    patient_pays_fen: int


@router.get("/v1/slips/{code}", response_model=SlipOut, **public(problems=(SlipUnknown,)))
async def get_slip_by_code(code: SlipCode, context: Context, uow: Uow) -> Response:
    """Answer whether a slip is genuine and still counts, and its amounts; nothing about the patient."""
    found = await verify_slip(uow, code=code, printed_with=context.printed_with)
    told = SlipOut(
        state=found.state.value,
        county=found.county,
        hospital=found.hospital,
        settled_on=found.settled_on,
        correction=found.correction,
        total_fen=found.total.fen,
        fund_paid_fen=found.fund_paid.fen,
        hospital_borne_fen=found.hospital_borne.fen,
        patient_pays_fen=found.patient_pays.fen,
    )
    return json_answer(told.model_dump(mode="json"))
