"""Route of the verification tasks: whom to visit because a ruinous bill met somebody on no list.

Room: api of identity.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query

from common.kit.fields import ResponseModel
from common.kit.http import secured, secured_router
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, Page, decode_cursor, page_of
from services.identity.api.deps import Context, CurrentViewer, CursorKey, Now, Uow
from services.identity.usecases.list_verification_tasks import VisitTask, list_verification_tasks

router = secured_router()
TaskState = Literal["open", "registered", "withdrawn"]


class VerificationTaskAnswer(ResponseModel):
    """A visit to be made (入户核实任务); `township` null means the county desk."""

    task_id: UUID
    settlement_id: UUID
    person_id: UUID
    county: str
    township: str | None
    name: str | None
    citizen_id: str | None
    discharged_on: date
    patient_pays_fen: int
    line_fen: int
    opened_at: datetime
    due_on: date
    state: TaskState


@router.get("/v1/verification-tasks", **secured("identity:read", problems=(CursorInvalid,)))
async def get_verification_tasks(
    uow: Uow,
    viewer: CurrentViewer,
    context: Context,
    key: CursorKey,
    now: Now,
    state: Annotated[TaskState | None, Query(description="Only tasks of this state")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[VerificationTaskAnswer]:
    """Return the tasks of the caller's county or township, the most urgent first."""
    of = f"verification_tasks {viewer.county} {viewer.township} {state}"
    after = None
    if cursor:
        due_on, task_id = decode_cursor(cursor, key=key, of=of)
        after = (date.fromisoformat(str(due_on)), UUID(str(task_id)))
    tasks = await list_verification_tasks(
        uow, viewer=viewer, state=state, after=after, limit=limit + 1, seal=context.keys.seal, now=now
    )
    shown, following = page_of(tasks, limit=limit, position_of=_position, key=key, of=of)
    return Page(items=[_answer(task) for task in shown], next_cursor=following)


def _position(task: VisitTask) -> tuple[str, str]:
    return task.row.due_on.isoformat(), str(task.row.task_id)


def _answer(task: VisitTask) -> VerificationTaskAnswer:
    row = task.row
    return VerificationTaskAnswer(
        task_id=row.task_id,
        settlement_id=row.settlement_id,
        person_id=row.person_id,
        county=row.county,
        township=row.township,
        name=task.name,
        citizen_id=task.citizen_id,
        discharged_on=row.discharged_on,
        patient_pays_fen=row.patient_pays_fen,
        line_fen=row.line_fen,
        opened_at=row.opened_at,
        due_on=row.due_on,
        state=row.state,
    )
