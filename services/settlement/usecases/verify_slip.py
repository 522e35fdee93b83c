"""Whoever holds a slip asks whether it is ours and still counts; nobody's name, number or illness is told (结算单核验).

Room: use cases of settlement. Next hop: services/settlement/domain/slip_code.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from common.core.money import Money
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.settlement.adapters import corrections, settlements
from services.settlement.domain.slip_code import SlipUnknown, read_slip_code
from services.settlement.usecases.render_slip import SlipPrint, hospital_name


class SlipState(StrEnum):
    """How a slip stands: it counts, a later result stands in its place, or the settlement was reversed."""

    VALID = "valid"
    CORRECTED = "corrected"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class VerifiedSlip:
    """What a genuine slip says, to be held against the paper."""

    state: SlipState
    county: str
    hospital: str
    settled_on: date
    correction: int
    total: Money
    fund_paid: Money
    hospital_borne: Money
    patient_pays: Money


async def verify_slip(uow: UnitOfWork, *, code: str, printed_with: SlipPrint) -> VerifiedSlip:
    """Return what the slip with a code says, and whether it still counts.

    Raises:
        SlipUnknown: If no slip has the code.
    """
    settlement_id, ordinal = read_slip_code(code=code, key=printed_with.code_key)
    kept = await settlements.find(uow.connection, settlement_id)
    if kept is None:
        raise SlipUnknown("no slip has this code")
    later = (await corrections.of(uow.connection, [settlement_id])).get(settlement_id, [])
    answers = {0: kept.first_answer, **{each.ordinal: each.answer for each in later}}
    if ordinal not in answers:
        raise SlipUnknown("no slip has this code")
    answer, policy = answers[ordinal], printed_with.policies[kept.county]
    state = SlipState.VALID if ordinal == max(answers) else SlipState.CORRECTED
    return VerifiedSlip(
        state=state if kept.is_live else SlipState.REVERSED,
        county=policy.name,
        hospital=hospital_name(policy=policy, kept=kept),
        settled_on=china_date(kept.settled_at),
        correction=ordinal,
        total=Money(answer["total_fen"]),
        fund_paid=Money(answer["fund_paid_fen"]),
        hospital_borne=Money(answer["hospital_borne_fen"]),
        patient_pays=Money(answer["patient_pays_fen"]),
    )
