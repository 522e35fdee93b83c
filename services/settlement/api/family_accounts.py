"""A bureau reads a household's account, and books what the household had before the start (门诊家庭账户).

Room: api of settlement. Next hop: services/settlement/usecases/read_family_account.py
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import Field

from common.core.money import Money
from common.kit.auth import require_own
from common.kit.clock import china_date
from common.kit.fields import CountyField, FenField, RequestModel, ResponseModel, ShortText
from common.kit.http import json_answer, secured, secured_router
from common.kit.idempotency import answer_once, require_key
from services.settlement.api.deps import Context, CurrentCaller, Now, Uow
from services.settlement.domain.policy import CountyUnknown
from services.settlement.usecases.read_family_account import (
    AlreadyDrawn,
    HouseholdNotKnown,
    ShownAccount,
    book_family_opening,
    read_family_account,
)

router = secured_router(tag="settlement")


class FamilyMoveOut(ResponseModel):
    """A move; into the account positive."""

    kind: Annotated[str, Field(description="credit, opening, draw or return")]
    year: int
    amount_fen: int
    settlement_id: UUID | None
    source: str
    booked_at: datetime


class FamilyAccountOut(ResponseModel):
    """A household's account: what stands there, and what the next draw finds."""

    household_id: UUID
    county: str
    since_year: int
    balance_fen: int
    due_fen: Annotated[int, Field(description="Yearly credits that are booked with the next move")]
    available_fen: int
    moves: Annotated[list[FamilyMoveOut], Field(description="The newest 200, newest first")]


class FamilyOpeningIn(RequestModel):
    """What a household had before the start; told again, it replaces what was told."""

    county: CountyField
    amount_fen: FenField
    source: ShortText


@router.get(
    "/v1/family-accounts/{household_id}",
    response_model=FamilyAccountOut,
    **secured("funds", problems=(CountyUnknown, HouseholdNotKnown)),
)
async def get_family_account(
    household_id: UUID,
    county: Annotated[CountyField, Query()],
    caller: CurrentCaller,
    context: Context,
    uow: Uow,
    now: Now,
) -> Response:
    """Answer a household's account with its newest moves; credits of years not yet booked are counted in."""
    require_own(caller, county=county)
    shown = await read_family_account(
        uow, household_id=household_id, county=county, policies=context.policies, today=china_date(now)
    )
    return json_answer(_told(shown))


@router.post(
    "/v1/family-accounts/{household_id}/openings",
    status_code=201,
    response_model=FamilyAccountOut,
    **secured("funds", problems=(CountyUnknown, HouseholdNotKnown, AlreadyDrawn), idempotent=True),
)
async def post_family_opening(
    request: Request,
    household_id: UUID,
    body: FamilyOpeningIn,
    caller: CurrentCaller,
    context: Context,
    uow: Uow,
    now: Now,
) -> Response:
    """Book what a household's account held before the start; told again, the difference is booked."""
    require_key(request)
    require_own(caller, county=body.county)

    async def book() -> Response:
        shown = await book_family_opening(
            uow,
            household_id=household_id,
            county=body.county,
            amount=Money(body.amount_fen),
            source=body.source,
            policies=context.policies,
            client_id=caller.client_id,
            now=now,
        )
        return json_answer(_told(shown), 201)

    return await answer_once(uow, request, caller, body, book)


def _told(shown: ShownAccount) -> FamilyAccountOut:
    account = shown.account
    return FamilyAccountOut(
        household_id=account.household_id,
        county=shown.county,
        since_year=shown.since_year,
        balance_fen=account.balance.fen,
        due_fen=(account.available - account.balance).fen,
        available_fen=account.available.fen,
        moves=[
            FamilyMoveOut(
                kind=each.kind,
                year=each.year,
                amount_fen=each.amount.fen,
                settlement_id=each.settlement_id,
                source=each.source,
                booked_at=each.booked_at,
            )
            for each in shown.moves
        ],
    )
