"""A bureau looks at its list: its state and the totals of its rows.

Room: use cases of identity.
"""

from __future__ import annotations

from common.core.ids import RosterId
from common.kit.db import UnitOfWork
from services.identity.adapters import rosters
from services.identity.domain.staging import RosterReport
from services.identity.domain.viewing import Viewer
from services.identity.usecases.find_own_roster import find_own_roster


async def read_roster(uow: UnitOfWork, *, roster_id: RosterId, viewer: Viewer) -> RosterReport:
    """Return a list's totals.

    Raises:
        UnknownHere: If it is unknown or another county's.
    """
    return await rosters.report_of(uow.connection, await find_own_roster(uow, roster_id=roster_id, viewer=viewer))
