"""The worklist (随访清单): tasks a caller may see, the one due first before the others.

Room: use cases of contracts.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from common.kit.db import UnitOfWork
from services.contracts.adapters import follow_ups
from services.contracts.adapters.follow_ups import FollowUpFilter
from services.contracts.domain.follow_up import FollowUp
from services.contracts.domain.viewing import Viewer


async def list_follow_ups(
    uow: UnitOfWork,
    *,
    viewer: Viewer,
    wanted: FollowUpFilter,
    day: date,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[FollowUp]:
    """Return tasks as they stand on a day, after a position."""
    return await follow_ups.tasks_seen(uow.connection, viewer=viewer, wanted=wanted, day=day, after=after, limit=limit)
