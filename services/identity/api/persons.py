"""Routes of persons and households: archive as known on any day, search, household.

Room: api of identity. Next hop: services/identity/usecases/read_person.py
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query

from common.core.citizen_number import CitizenNumber
from common.kit.clock import china_date
from common.kit.fields import DayField, InstantField
from common.kit.http import secured, secured_router
from services.identity.api.deps import Context, CurrentViewer, Now, Uow
from services.identity.api.person_schemas import (
    ArchiveAnswer,
    HouseholdAnswer,
    PersonAnswer,
    PersonSearch,
    PersonsFound,
    archive_answer,
    household_answer,
)
from services.identity.domain.viewing import UnknownHere
from services.identity.usecases.read_household import read_household
from services.identity.usecases.read_person import read_person
from services.identity.usecases.search_persons import NameAndVillage, Wanted, search_persons

router = secured_router()
_SCOPE = "identity:read"


@router.get("/v1/persons/{person_id}", **secured(_SCOPE, problems=(UnknownHere,)))
async def get_person(
    person_id: UUID,
    uow: Uow,
    viewer: CurrentViewer,
    context: Context,
    now: Now,
    on: Annotated[DayField | None, Query(description="China day asked about; today when absent")] = None,
    known_at: Annotated[InstantField | None, Query(description="As known at this instant; now when absent")] = None,
) -> ArchiveAnswer:
    """Return a person's archive: dated categories and episodes, as known on any day."""
    archive = await read_person(
        uow,
        person_id=person_id,
        viewer=viewer,
        on=on or china_date(now),
        known_at=known_at or now,
        counties=context.counties,
        seal=context.keys.seal,
        now=now,
    )
    return archive_answer(archive)


@router.post("/v1/persons/search", **secured(_SCOPE))
async def search(asked: PersonSearch, uow: Uow, viewer: CurrentViewer, context: Context, now: Now) -> PersonsFound:
    """Find persons among the caller's own; nothing is searched by name alone."""
    found = await search_persons(uow, wanted=_wanted(asked), viewer=viewer, keys=context.keys, now=now)
    return PersonsFound(items=[PersonAnswer.model_validate(each, from_attributes=True) for each in found])


@router.get("/v1/households/{household_id}", **secured(_SCOPE, problems=(UnknownHere,)))
async def get_household(
    household_id: UUID, uow: Uow, viewer: CurrentViewer, context: Context, now: Now
) -> HouseholdAnswer:
    """Return a household with its present members."""
    found = await read_household(uow, household_id=household_id, viewer=viewer, seal=context.keys.seal, now=now)
    return household_answer(found)


def _wanted(asked: PersonSearch) -> Wanted:
    if asked.citizen_id is not None:
        return CitizenNumber(asked.citizen_id)
    if asked.person_ids is not None:
        return asked.person_ids
    return NameAndVillage(asked.name or "", asked.village or "")
