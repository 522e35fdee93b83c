"""A bureau or township opens a family-doctor team.

Room: use cases of contracts.
"""

from __future__ import annotations

from common.kit.db import UnitOfWork
from services.contracts.adapters import teams
from services.contracts.domain.team import Team, team_of


async def open_team(uow: UnitOfWork, *, township: str, name: str) -> tuple[Team, bool]:
    """Return the team of that name in the township, and whether it is new."""
    team = team_of(township=township, name=name)
    return team, await teams.add_team(uow.connection, team)
