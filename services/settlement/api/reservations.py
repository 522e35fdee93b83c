"""A bureau sets money of a fund aside until a day, and gives it free (预算预留).

Room: api of settlement. Next hop: services/settlement/usecases/reserve_budget.py
"""

from __future__ import annotations

from uuid import UUID, uuid4

from fastapi import Request, Response

from common.core.money import Money
from common.kit.auth import require_own
from common.kit.http import json_answer, secured, secured_router
from common.kit.idempotency import answer_once, require_key
from services.settlement.api.deps import Context, CurrentCaller, Now, Uow
from services.settlement.api.fund_forms import ReservationIn, ReservationOut
from services.settlement.api.funds import Fund, reservation_told
from services.settlement.api.settlements import reader_of
from services.settlement.domain.budget import BudgetTooSmall, DayOutsideYear, Reservation
from services.settlement.domain.chart import WHOLE, FundUnknown
from services.settlement.domain.policy import CountyUnknown
from services.settlement.usecases.reserve_budget import ReservationNotFound, release_reservation, reserve_budget

router = secured_router(tag="settlement")
_RESERVING = (CountyUnknown, FundUnknown, DayOutsideYear, BudgetTooSmall)


@router.post(
    "/v1/funds/{fund}/reservations",
    status_code=201,
    response_model=ReservationOut,
    **secured("funds", problems=_RESERVING, idempotent=True),
)
async def post_reservation(
    fund: Fund, request: Request, body: ReservationIn, caller: CurrentCaller, context: Context, uow: Uow, now: Now
) -> Response:
    """Set money aside; neither relief nor another reservation takes it until the day is over or it is given free."""
    require_key(request)
    require_own(caller, county=body.county)
    wanted = Reservation(
        reservation_id=uuid4(),
        county=body.county,
        fund=fund,
        year=body.year,
        ledger=body.ledger or WHOLE,
        amount=Money(body.amount_fen),
        purpose=body.purpose,
        expires_on=body.expires_on,
        reserved_at=now,
    )

    async def reserve() -> Response:
        made = await reserve_budget(uow, wanted=wanted, charts=context.charts, client_id=caller.client_id, now=now)
        return json_answer(reservation_told(made), 201)

    return await answer_once(uow, request, caller, body, reserve)


@router.post(
    "/v1/funds/{fund}/reservations/{reservation_id}/release",
    response_model=ReservationOut,
    **secured("funds", problems=(ReservationNotFound,)),
)
async def post_release(fund: Fund, reservation_id: UUID, caller: CurrentCaller, uow: Uow, now: Now) -> Response:
    """Give a reservation free; a repeat is answered alike and changes nothing."""
    county = reader_of(caller).county
    released = await release_reservation(
        uow, reservation_id=reservation_id, county=county, fund=fund, client_id=caller.client_id, now=now
    )
    return json_answer(reservation_told(released))
