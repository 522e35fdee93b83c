"""A task that was carried out is written and told.

Room: use cases of contracts.
"""

from __future__ import annotations

from datetime import datetime

from common.kit.db import UnitOfWork
from common.published.contracts import FollowUpDone
from services.contracts.adapters import follow_ups
from services.contracts.domain.follow_up import FollowUp, Visit


async def close_task(uow: UnitOfWork, *, task: FollowUp, visit: Visit, now: datetime) -> None:
    """Close a task with a visit the rules have let pass."""
    await follow_ups.save_visit(uow.connection, task, visit)
    uow.publish(
        FollowUpDone(
            county=task.county,
            follow_up_id=task.follow_up_id,
            person_id=task.person_id,
            kind=task.kind,
            disease=task.disease,
            done_on=visit.visited_on,
            outcome_code=visit.outcome_code,
        ),
        occurred_at=now,
    )
