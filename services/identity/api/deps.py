"""What identity's routes are given: the kit's unit of work, clock and caller, and identity's own keys and counties.

Room: api of identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from common.kit.auth import NotYours
from common.kit.http import CurrentCaller, CursorKey, Now, Uow
from services.identity.adapters.sealing import Keys
from services.identity.domain.county import CountyRules
from services.identity.domain.viewing import Viewer, viewer_of

__all__ = ["Context", "CurrentCaller", "CurrentViewer", "CursorKey", "IdentityContext", "Now", "Uow"]


@dataclass(frozen=True, slots=True)
class IdentityContext:
    """What the composition root gives every route of identity."""

    counties: Mapping[str, CountyRules]
    keys: Keys


async def _context(request: Request) -> IdentityContext:
    context: IdentityContext = request.app.state.identity
    return context


async def _viewer(caller: CurrentCaller) -> Viewer:
    if caller.institution_code is not None:
        raise NotYours("a hospital's client has no people of its own")
    return viewer_of(client_id=caller.client_id, county=caller.county, township=caller.township)


Context = Annotated[IdentityContext, Depends(_context)]
CurrentViewer = Annotated[Viewer, Depends(_viewer)]
