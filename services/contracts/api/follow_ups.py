"""Routes of the worklist.

Next hop: services/contracts/usecases/record_visit.py
"""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from common.kit.clock import china_date
from common.kit.fields import DayField
from common.kit.http import json_answer, secured, secured_router
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, decode_cursor, page_of
from services.contracts.adapters.follow_ups import FollowUpFilter
from services.contracts.api.deps import CurrentViewer, CursorKey, Now, OwnTownship, Uow, or_again
from services.contracts.api.schemas import FollowUpOut, FollowUpPage, VisitIn
from services.contracts.domain.contract import DatesImpossible
from services.contracts.domain.follow_up import Kind, State, Visit
from services.contracts.domain.viewing import UnknownHere
from services.contracts.domain.visit import FollowUpWithdrawn, OutcomeNotFitting, VisitAlreadyRecorded
from services.contracts.usecases.list_follow_ups import list_follow_ups
from services.contracts.usecases.record_visit import record_visit

router = secured_router(tag="contracts")
_VISITING = (UnknownHere, DatesImpossible, FollowUpWithdrawn, OutcomeNotFitting, VisitAlreadyRecorded)


async def _wanted(
    township: OwnTownship,
    person_id: Annotated[UUID | None, Query()] = None,
    settlement_id: Annotated[UUID | None, Query()] = None,
    kind: Annotated[Kind | None, Query()] = None,
    state: Annotated[State | None, Query(description="`overdue` is told by the day")] = None,
    due_before: Annotated[DayField | None, Query(description="Only windows that end before this day")] = None,
) -> FollowUpFilter:
    return FollowUpFilter(person_id, settlement_id, township, kind, state, due_before)


@router.get("/v1/follow-ups", **secured("contracts", problems=[CursorInvalid]))
async def get_follow_ups(
    viewer: CurrentViewer,
    wanted: Annotated[FollowUpFilter, Depends(_wanted)],
    uow: Uow,
    now: Now,
    key: CursorKey,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> FollowUpPage:
    """List the caller's tasks, the one due first before the others."""
    day = china_date(now)
    of = f"follow-ups {viewer} {wanted}"
    after = None
    if cursor:
        window_to, follow_up_id = decode_cursor(cursor, key=key, of=of)
        after = (date.fromisoformat(str(window_to)), UUID(str(follow_up_id)))
    found = await list_follow_ups(uow, viewer=viewer, wanted=wanted, day=day, after=after, limit=limit + 1)
    items, next_cursor = page_of(
        found,
        limit=limit,
        position_of=lambda task: (task.window_to.isoformat(), str(task.follow_up_id)),
        key=key,
        of=of,
    )
    return FollowUpPage(items=[FollowUpOut.of(task, day=day) for task in items], next_cursor=next_cursor)


@router.post(
    "/v1/follow-ups/{follow_up_id}/visit",
    status_code=201,
    response_model=FollowUpOut,
    **or_again(secured("contracts", problems=_VISITING), FollowUpOut),
)
async def post_visit(follow_up_id: UUID, body: VisitIn, viewer: CurrentViewer, uow: Uow, now: Now) -> Response:
    """Record a visit; the same visit again is answered with the first (200)."""
    visit = Visit(body.visited_on, body.outcome_code.value, body.note)
    task, is_new = await record_visit(uow, viewer=viewer, follow_up_id=follow_up_id, visit=visit, now=now)
    return json_answer(FollowUpOut.of(task, day=china_date(now)), 201 if is_new else 200)
