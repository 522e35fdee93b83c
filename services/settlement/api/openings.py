"""A county that goes live in mid-year brings what each person was already paid and charged (期初余额).

Room: api of settlement. Next hop: services/settlement/usecases/book_opening.py
"""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from common.core.citizen_number import CitizenNumber
from common.core.money import Money
from common.kit.auth import require_own
from common.kit.fields import (
    CitizenNumberField,
    CodeText,
    CountField,
    CountyField,
    FenField,
    RequestModel,
    ResponseModel,
    ShortText,
)
from common.kit.http import json_answer, secured, secured_router
from common.kit.idempotency import answer_once, require_key
from services.settlement.api.deps import Context, CurrentCaller, Now, Uow
from services.settlement.domain.accumulator import Balance
from services.settlement.domain.policy import CountyUnknown, PolicyNotInForce
from services.settlement.usecases.assess_discharge import Rules
from services.settlement.usecases.book_opening import (
    AccountUnknown,
    NameNotMatching,
    Opening,
    OpeningExists,
    OpeningNotStanding,
    book_opening,
)

router = secured_router(tag="settlement")
_MOST_LAYERS = 50
_MOST_STAYS = 10_000
_PROBLEMS = (CountyUnknown, PolicyNotInForce, AccountUnknown, NameNotMatching, OpeningExists, OpeningNotStanding)


class OpeningLayerIn(RequestModel):
    """What one account of the policy saw this year so far."""

    account: CodeText
    base_fen: FenField
    deductible_fen: FenField
    paid_fen: FenField
    stay_count: Annotated[CountField, Field(le=_MOST_STAYS)]


class OpeningIn(RequestModel):
    """One person's figures of one year, with their source."""

    citizen_id: CitizenNumberField
    name: ShortText
    county: CountyField
    year: Annotated[int, Field(strict=True, ge=2000, le=2100)]
    source: ShortText
    layers: Annotated[list[OpeningLayerIn], Field(min_length=1, max_length=_MOST_LAYERS)]
    replaces: Annotated[UUID | None, Field(description="The opening that was wrong; absent for the first")] = None

    @model_validator(mode="after")
    def _each_account_once(self) -> Self:
        if len({each.account for each in self.layers}) != len(self.layers):
            raise PydanticCustomError("account_repeated", "an account stands twice")
        return self

    def opening(self) -> Opening:
        """Return the figures as the use case takes them."""
        return Opening(
            number=CitizenNumber(self.citizen_id),
            name=self.name,
            county=self.county,
            year=self.year,
            source=self.source,
            changes={
                each.account: Balance(
                    Money(each.base_fen), Money(each.deductible_fen), Money(each.paid_fen), each.stay_count
                )
                for each in self.layers
            },
            replaces=self.replaces,
        )


class OpeningOut(ResponseModel):
    """The opening as booked; `attempt` counts the corrections."""

    opening_id: UUID
    person_id: UUID
    county: str
    year: int
    attempt: int


@router.post(
    "/v1/openings",
    status_code=201,
    response_model=OpeningOut,
    **secured("funds", problems=_PROBLEMS, idempotent=True),
)
async def post_opening(
    request: Request, body: OpeningIn, caller: CurrentCaller, context: Context, uow: Uow, now: Now
) -> Response:
    """Book a person's opening balances once per year; `replaces` corrects them by a mirrored entry."""
    require_key(request)
    require_own(caller, county=body.county)

    async def book() -> Response:
        rules = Rules(policies=context.policies, person_key=context.person_key)
        booked = await book_opening(uow, opening=body.opening(), rules=rules, client_id=caller.client_id, now=now)
        answer = OpeningOut(
            opening_id=booked.opening_id,
            person_id=booked.person_id,
            county=body.county,
            year=body.year,
            attempt=booked.attempt,
        )
        return json_answer(answer, 201)

    return await answer_once(uow, request, caller, body, book)
