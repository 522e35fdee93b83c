"""Every day: tasks whose window ended without a visit are told, once each.

Room: use cases of contracts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from common.published.contracts import FollowUpOverdue
from services.contracts.adapters import follow_ups


async def tell_overdue(uow: UnitOfWork, *, now: datetime, limit: int) -> int:
    """Tell of at most `limit` tasks; return how many, so that the caller goes on while there are more."""
    tasks = await follow_ups.newly_overdue(uow.connection, day=china_date(now), limit=limit)
    for task in tasks:
        uow.publish(
            FollowUpOverdue(
                county=task.county,
                follow_up_id=task.follow_up_id,
                person_id=task.person_id,
                kind=task.kind,
                disease=task.disease,
                overdue_since=task.window_to + timedelta(days=1),
            ),
            occurred_at=now,
        )
    return len(tasks)
