"""What the routes of contracts are given."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request

from common.kit.auth import NotYours, require_own
from common.kit.fields import TownshipField
from common.kit.http import CurrentCaller, CursorKey, Now, Uow, or_again
from services.contracts.domain.follow_up_rule import RuleVersion
from services.contracts.domain.viewing import Viewer, viewer_of

__all__ = ["CurrentCaller", "CurrentViewer", "CursorKey", "Now", "OwnTownship", "Rules", "Uow", "or_again"]


async def _viewer(caller: CurrentCaller) -> Viewer:
    if caller.institution_code is not None:
        raise NotYours("a hospital's client has no people of its own")
    return viewer_of(client_id=caller.client_id, county=caller.county, township=caller.township)


async def _own_township(caller: CurrentCaller, township: Annotated[TownshipField | None, Query()] = None) -> str | None:
    if township is not None:
        require_own(caller, township=township)
    return township


async def _rules(request: Request) -> tuple[RuleVersion, ...]:
    rules: tuple[RuleVersion, ...] = request.app.state.rules
    return rules


CurrentViewer = Annotated[Viewer, Depends(_viewer)]
OwnTownship = Annotated[str | None, Depends(_own_township)]
Rules = Annotated[tuple[RuleVersion, ...], Depends(_rules)]
