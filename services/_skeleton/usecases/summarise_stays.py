"""A bureau asks how often a person of its county was in hospital."""

from __future__ import annotations

from common.core.errors import NotFound
from common.core.ids import PersonId
from common.kit.db import UnitOfWork
from services._skeleton.adapters import stays
from services._skeleton.domain.stay import StaySummary, summary_of


class PersonUnknown(NotFound):
    """No stay of this person is known in the caller's county."""

    zh = "本县没有此人的住院记录"


async def summarise_stays(uow: UnitOfWork, *, person_id: PersonId, county: str) -> StaySummary:
    """Return the summary of a person's stays in a county.

    Raises:
        PersonUnknown: If there is none.
    """
    known = await stays.of_person(uow, person_id=person_id, county=county)
    if not known:
        raise PersonUnknown("no stay of this person is known in your county")
    return summary_of(stays=known)
