"""A bureau reads whom its full list no longer names: proposals to end, which somebody has to decide.

Room: use cases of identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from common.core.ids import RosterId
from common.kit.db import UnitOfWork
from services.identity.adapters import end_proposals
from services.identity.domain.viewing import Viewer
from services.identity.usecases.find_own_roster import find_own_roster


async def read_end_proposals(
    uow: UnitOfWork, *, roster_id: RosterId, viewer: Viewer, after: UUID | None, limit: int
) -> Sequence[Any]:
    """Return up to `limit` proposals behind an entitlement's id.

    Raises:
        UnknownHere: If the list is unknown or another county's.
    """
    await find_own_roster(uow, roster_id=roster_id, viewer=viewer)
    return await end_proposals.proposals_page(uow.connection, roster_id, after=after, limit=limit)
