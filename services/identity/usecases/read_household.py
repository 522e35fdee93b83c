"""A bureau or township reads a household with its present members; the read is recorded.

Room: use cases of identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.kit.db import UnitOfWork
from common.kit.sealing import Seal
from services.identity.adapters import archives, audit, households
from services.identity.adapters.archives import PersonShort
from services.identity.domain.household import Seat
from services.identity.domain.viewing import UnknownHere, Viewer


@dataclass(frozen=True, slots=True)
class Household:
    """A household (家庭) as it stands."""

    household_id: UUID
    county: str
    seat: Seat
    members: list[PersonShort]


async def read_household(
    uow: UnitOfWork, *, household_id: UUID, viewer: Viewer, seal: Seal, now: datetime
) -> Household:
    """Return the household.

    Raises:
        UnknownHere: If it is unknown or does not lie in the viewer's county or township.
    """
    row = await households.household_row(uow.connection, household_id)
    if row is None or not viewer.may_see(county=row.county, township=row.township):
        raise UnknownHere("no such household")
    members = await archives.members_in_short(uow.connection, seal, household_id)
    ids = [each.person_id for each in members]
    await audit.note_read(
        uow, client_id=viewer.client_id, action="read_household", person_ids=ids, now=now, subject_id=household_id
    )
    return Household(
        household_id=household_id,
        county=row.county,
        seat=Seat(row.head_person_id, row.township, row.village),
        members=members,
    )
