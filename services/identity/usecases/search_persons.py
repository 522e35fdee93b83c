"""Somebody looks for persons: by number, by name and village, or by ids from other services; the search is recorded.

Room: use cases of identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.core.citizen_number import CitizenNumber
from common.kit.db import UnitOfWork
from services.identity.adapters import archives, audit
from services.identity.adapters.archives import PersonShort
from services.identity.adapters.sealing import Keys
from services.identity.domain.viewing import Viewer


@dataclass(frozen=True, slots=True)
class NameAndVillage:
    """The name together with the village; a name alone never identifies anybody (conventions.md 5.2)."""

    name: str
    village: str


Wanted = CitizenNumber | NameAndVillage | Sequence[UUID]


async def search_persons(
    uow: UnitOfWork, *, wanted: Wanted, viewer: Viewer, keys: Keys, now: datetime
) -> list[PersonShort]:
    """Return who matches, of the viewer's own people only."""
    connection, county, township = uow.connection, viewer.county, viewer.township
    if isinstance(wanted, CitizenNumber):
        found = await archives.persons_by_number(connection, keys, wanted, county=county, township=township)
    elif isinstance(wanted, NameAndVillage):
        found = await archives.persons_by_name(
            connection, keys.seal, name=wanted.name, village=wanted.village, county=county, township=township
        )
    else:
        found = await archives.persons_by_id(connection, keys.seal, wanted, county=county, township=township)
    ids = [each.person_id for each in found]
    await audit.note_read(uow, client_id=viewer.client_id, action="search_persons", person_ids=ids, now=now)
    return found
