"""The list somebody names, if it belongs to their county.

Room: use cases of identity.
"""

from __future__ import annotations

from common.core.ids import RosterId
from common.kit.db import UnitOfWork
from services.identity.adapters import rosters
from services.identity.domain.staging import Roster
from services.identity.domain.viewing import UnknownHere, Viewer


async def find_own_roster(uow: UnitOfWork, *, roster_id: RosterId, viewer: Viewer) -> Roster:
    """Return a list of the viewer's county.

    Raises:
        UnknownHere: If there is none of this id; a township has no lists.
    """
    try:
        listed = await rosters.roster_of(uow.connection, roster_id)
    except rosters.RosterUnknown as error:
        raise UnknownHere("no such list") from error
    if not viewer.may_see(county=listed.terms.county, township=None):
        raise UnknownHere("no such list")
    return listed
