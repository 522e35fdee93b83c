"""Teams in the database.

Room: adapters of contracts.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import TeamId
from services.contracts.adapters.tables import team
from services.contracts.domain.team import Team
from services.contracts.domain.viewing import Viewer


async def add_team(connection: AsyncConnection, opened: Team) -> bool:
    """Add a team; False when it was there before."""
    values = {
        "team_id": opened.team_id,
        "county": opened.county,
        "township": opened.township,
        "name": opened.name,
    }
    done = await connection.execute(upsert(team).values(values).on_conflict_do_nothing().returning(team.c.team_id))
    return done.one_or_none() is not None


async def team_of_id(connection: AsyncConnection, team_id: UUID) -> Team | None:
    """Return one team, or None."""
    row = (await connection.execute(select(team).where(team.c.team_id == team_id))).one_or_none()
    return _team(row) if row else None


async def teams_seen(
    connection: AsyncConnection, *, viewer: Viewer, township: str | None, after: Sequence[str] | None, limit: int
) -> list[Team]:
    """Return the viewer's teams in order of township and name, `limit` of them after a position."""
    query = select(team).where(team.c.county == viewer.county)
    for place in (viewer.township, township):
        if place is not None:
            query = query.where(team.c.township == place)
    if after is not None:
        query = query.where(tuple_(team.c.township, team.c.name) > tuple_(*after))
    rows = await connection.execute(query.order_by(team.c.township, team.c.name).limit(limit))
    return [_team(row) for row in rows]


def _team(row: Row[tuple[object, ...]]) -> Team:
    return Team(TeamId(row.team_id), row.county, row.township, row.name)
