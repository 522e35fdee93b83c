"""A hospital holds its own sheet against ours (对账).

Next hop: services/settlement/usecases/reconcile.py
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Response
from pydantic import Field

from common.core.money import Money
from common.kit.fields import CountField, DayField, FenField, RecordNoField, RequestModel, ResponseModel
from common.kit.http import json_answer, secured, secured_router
from services.settlement.api.deps import CurrentCaller, Uow, own_institution
from services.settlement.domain.reconciliation import Amounts, Difference, OurStay, TheirStay, Totals
from services.settlement.usecases.reconcile import Reconciled, reconcile
from services.settlement.usecases.reverse_settlement import SettlementNotFound
from services.settlement.usecases.stays_of_period import PeriodImpossible

router = secured_router(tag="settlement")
MOST_DETAILS = 20_000


class DetailIn(RequestModel):
    """One line of the hospital's details."""

    record_no: RecordNoField
    total_fen: FenField
    fund_paid_fen: FenField
    patient_paid_fen: FenField


class ReconciliationIn(RequestModel):
    """The hospital's sheet over what it holds to be settled and not reversed; days are China days, both included."""

    first: Annotated[DayField, Field(alias="from")]
    last: Annotated[DayField, Field(alias="to")]
    settlement_count: CountField
    total_fen: FenField
    fund_paid_fen: FenField
    patient_paid_fen: FenField
    details: Annotated[list[DetailIn] | None, Field(max_length=MOST_DETAILS)] = None


class TotalsOut(ResponseModel):
    """Sums over the period, in fen."""

    settlement_count: int
    total_fen: int
    fund_paid_fen: int
    patient_paid_fen: int


class SideOut(ResponseModel):
    """A record on one side, in fen; only ours has an id, a day and a state."""

    total_fen: int
    fund_paid_fen: int
    patient_paid_fen: int
    settlement_id: str | None = None
    settled_on: str | None = None
    state: str | None = None


class DifferenceOut(ResponseModel):
    """A record on which the sides differ.

    `amounts_differ` · `listed_twice` · `not_listed` (settled here, not in the details) · `not_settled` (never settled
    here) · `reversed` · `settled_outside_period`.
    """

    record_no: str
    reason: str
    ours: SideOut | None
    theirs: SideOut | None


class ReconciliationOut(ResponseModel):
    """Whether both sides agree, each side's totals, and the records that differ where details were given."""

    agrees: bool
    institution_code: str
    ours: TotalsOut
    theirs: TotalsOut
    differences: list[DifferenceOut]


@router.post(
    "/v1/reconciliations",
    response_model=ReconciliationOut,
    **secured("his", problems=(PeriodImpossible, SettlementNotFound)),
)
async def post_reconciliation(body: ReconciliationIn, caller: CurrentCaller, uow: Uow) -> Response:
    """Compare the hospital's totals and details with what stands here; nothing is booked and no key is needed."""
    institution_code = own_institution(caller)
    found = await reconcile(
        uow,
        institution_code=institution_code,
        first=body.first,
        last=body.last,
        theirs=Totals(body.settlement_count, _amounts(body)),
        details=None if body.details is None else [TheirStay(each.record_no, _amounts(each)) for each in body.details],
    )
    return json_answer(_told(found, institution_code))


def _amounts(sent: ReconciliationIn | DetailIn) -> Amounts:
    return Amounts(Money(sent.total_fen), Money(sent.fund_paid_fen), Money(sent.patient_paid_fen))


def _told(found: Reconciled, institution_code: str) -> dict[str, Any]:
    return {
        "agrees": found.agrees,
        "institution_code": institution_code,
        "ours": _totals(found.ours),
        "theirs": _totals(found.theirs),
        "differences": [_difference(each) for each in found.differences],
    }


def _totals(totals: Totals) -> dict[str, Any]:
    return {"settlement_count": totals.count, **_fen(totals.amounts)}


def _fen(amounts: Amounts) -> dict[str, Any]:
    return {
        "total_fen": amounts.total.fen,
        "fund_paid_fen": amounts.fund_paid.fen,
        "patient_paid_fen": amounts.patient_paid.fen,
    }


def _difference(each: Difference) -> dict[str, Any]:
    nobody = {"settlement_id": None, "settled_on": None, "state": None}
    return {
        "record_no": each.record_no,
        "reason": each.reason.value,
        "ours": None if each.ours is None else _fen(each.ours.amounts) | _ours(each.ours),
        "theirs": None if each.theirs is None else _fen(each.theirs.amounts) | nobody,
    }


def _ours(stay: OurStay) -> dict[str, Any]:
    state = "settled" if stay.is_live else "reversed"
    return {"settlement_id": stay.settlement_id, "settled_on": stay.settled_on.isoformat(), "state": state}
