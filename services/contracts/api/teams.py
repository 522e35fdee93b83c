"""Routes of family-doctor teams.

Next hop: services/contracts/usecases/open_team.py
"""

from __future__ import annotations

from fastapi import Response

from common.kit.auth import require_own
from common.kit.http import json_answer, secured, secured_router
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, decode_cursor, page_of
from services.contracts.api.deps import CurrentCaller, CurrentViewer, CursorKey, OwnTownship, Uow, or_again
from services.contracts.api.schemas import TeamIn, TeamOut, TeamPage
from services.contracts.usecases.list_teams import list_teams
from services.contracts.usecases.open_team import open_team

router = secured_router(tag="contracts")


@router.post("/v1/teams", status_code=201, response_model=TeamOut, **or_again(secured("contracts"), TeamOut))
async def post_team(body: TeamIn, caller: CurrentCaller, _viewer: CurrentViewer, uow: Uow) -> Response:
    """Open a team in a township; a team of that name in the township is answered with itself (200)."""
    require_own(caller, township=body.township)
    team, is_new = await open_team(uow, township=body.township, name=body.name)
    return json_answer(TeamOut.of(team), 201 if is_new else 200)


@router.get("/v1/teams", **secured("contracts", problems=[CursorInvalid]))
async def get_teams(
    viewer: CurrentViewer,
    township: OwnTownship,
    uow: Uow,
    key: CursorKey,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> TeamPage:
    """List the caller's teams."""
    of = f"teams {viewer} {township}"
    after = [str(part) for part in decode_cursor(cursor, key=key, of=of)] if cursor else None
    found = await list_teams(uow, viewer=viewer, township=township, after=after, limit=limit + 1)
    items, next_cursor = page_of(
        found, limit=limit, position_of=lambda team: (team.township, team.name), key=key, of=of
    )
    return TeamPage(items=[TeamOut.of(team) for team in items], next_cursor=next_cursor)
