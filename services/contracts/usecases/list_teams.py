"""The teams a caller may see.

Room: use cases of contracts.
"""

from __future__ import annotations

from collections.abc import Sequence

from common.kit.db import UnitOfWork
from services.contracts.adapters import teams
from services.contracts.domain.team import Team
from services.contracts.domain.viewing import Viewer


async def list_teams(
    uow: UnitOfWork, *, viewer: Viewer, township: str | None, after: Sequence[str] | None, limit: int
) -> list[Team]:
    """Return teams in order of township and name, after a position."""
    return await teams.teams_seen(uow.connection, viewer=viewer, township=township, after=after, limit=limit)
