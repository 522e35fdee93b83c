"""What the routes of monitoring are given."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from common.kit.auth import NotYours, require_own
from common.kit.fields import TownshipField
from common.kit.http import CurrentCaller, CursorKey, Now, Uow
from services.monitoring.domain.viewing import Viewer, viewer_of

__all__ = ["CurrentCaller", "CurrentViewer", "CursorKey", "Now", "OwnTownship", "Uow"]


async def _viewer(caller: CurrentCaller) -> Viewer:
    if caller.institution_code is not None:
        raise NotYours("a hospital's client has no people of its own")
    return viewer_of(client_id=caller.client_id, county=caller.county, township=caller.township)


async def _own_township(caller: CurrentCaller, township: Annotated[TownshipField | None, Query()] = None) -> str | None:
    if township is not None:
        require_own(caller, township=township)
    return township


CurrentViewer = Annotated[Viewer, Depends(_viewer)]
OwnTownship = Annotated[str | None, Depends(_own_township)]
