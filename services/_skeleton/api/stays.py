"""Routes about stays.

Next hop: services/_skeleton/usecases/summarise_stays.py
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import Response

from common.core.ids import PersonId
from common.kit.auth import NotYours
from common.kit.fields import ResponseModel
from common.kit.http import json_answer, secured, secured_router
from services._skeleton.api.deps import CurrentCaller, Uow
from services._skeleton.usecases.summarise_stays import PersonUnknown, summarise_stays

router = secured_router(tag="skeleton")


class StaySummaryAnswer(ResponseModel):
    """How often a person was discharged, and when last."""

    person_id: UUID
    stay_count: int
    last_discharged_on: date | None


@router.get(
    "/v1/skeleton/persons/{person_id}/stays",
    response_model=StaySummaryAnswer,
    **secured("identity:read", problems=(PersonUnknown,)),
)
async def get_stays(person_id: UUID, caller: CurrentCaller, uow: Uow) -> Response:
    """Summarise the stays of a person insured in the caller's county."""
    if caller.county is None:
        raise NotYours("a caller bound to a county is needed")
    summary = await summarise_stays(uow, person_id=PersonId(person_id), county=caller.county)
    return json_answer(
        StaySummaryAnswer(
            person_id=person_id, stay_count=summary.stay_count, last_discharged_on=summary.last_discharged_on
        )
    )
