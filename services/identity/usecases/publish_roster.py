"""A staged list is published: from now on its good rows count, its bad rows stay explained.

The first slice is applied at once, which is all of a usual list; the worker goes on with a longer one.
Room: use cases of identity. Next hop: services/identity/usecases/apply_roster_slice.py
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from common.core.ids import RosterId
from common.kit.db import UnitOfWork
from services.identity.adapters import rosters
from services.identity.adapters.sealing import Keys
from services.identity.domain.county import CountyRules
from services.identity.domain.staging import COMPARING, STAGED, RosterReport
from services.identity.usecases.apply_roster_slice import apply_roster_slice


async def publish_roster(
    uow: UnitOfWork,
    *,
    roster_id: RosterId,
    published_by: str,
    counties: Mapping[str, CountyRules],
    keys: Keys,
    now: datetime,
) -> RosterReport:
    """Publish a list and return its totals; a list already published stays as it is.

    A long list need not be compared to the end first: every row is compared when it is applied.

    Raises:
        RosterUnknown: If there is no such list.
    """
    listed = await rosters.roster_of(uow.connection, roster_id, lock=True)
    if listed.state in {COMPARING, STAGED}:
        await rosters.begin_publishing(uow.connection, roster_id, by=published_by, cause=uow.cause, now=now)
    await apply_roster_slice(uow, roster_id=roster_id, counties=counties, keys=keys, now=now)
    return await rosters.report_of(uow.connection, await rosters.roster_of(uow.connection, roster_id))
