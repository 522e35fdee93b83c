"""A visit was done (随访完成): the task closes once; the same visit again is answered with the first.

Room: use cases of contracts. Next hop: services/contracts/domain/visit.py
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.contracts.adapters import follow_ups, persons
from services.contracts.domain.follow_up import FollowUp, State, Visit
from services.contracts.domain.viewing import UnknownHere, Viewer
from services.contracts.domain.visit import carry_out
from services.contracts.usecases.close_task import close_task


async def record_visit(
    uow: UnitOfWork, *, viewer: Viewer, follow_up_id: UUID, visit: Visit, now: datetime
) -> tuple[FollowUp, bool]:
    """Return the task as it stands closed and whether this visit closed it.

    Raises:
        UnknownHere: If the caller may see no such task.
        FollowUpWithdrawn: If nothing is to be done any more.
        VisitAlreadyRecorded: If a different visit closed it.
        OutcomeNotFitting: If the outcome is none of the task's kind.
        DatesImpossible: If the visit lies in the future or before the discharge.
    """
    seen = await follow_ups.task_of_id(uow.connection, follow_up_id)
    person = await persons.person_of(uow.connection, seen.person_id, lock=True) if seen else None
    task = await follow_ups.task_of_id(uow.connection, follow_up_id, lock=True)
    if task is None or person is None:
        raise UnknownHere("no such task among the caller's")
    if not viewer.may_see(county=task.county, townships=(task.township, person.township)):
        raise UnknownHere("no such task among the caller's")
    done = carry_out(task=task, visit=visit, today=china_date(now))
    if task.closed is State.DONE:
        return done, False
    await close_task(uow, task=task, visit=visit, now=now)
    return done, True
