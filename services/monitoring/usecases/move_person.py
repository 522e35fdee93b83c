"""A person moved: the open alerts of the households they head go to the new township.

Room: use cases of monitoring.
"""

from __future__ import annotations

from common.kit.db import UnitOfWork
from common.published.identity import PersonMoved
from services.monitoring.adapters import persons, subjects
from services.monitoring.domain.person import registered


async def move_person(uow: UnitOfWork, *, event: PersonMoved) -> None:
    """Note the new township; locking a subject places it, and its open alert, where its head lives now."""
    locked = await persons.lock_persons(uow.connection, [event.person_id], county=event.county)
    person = registered(locked[event.person_id], county=event.county, township=event.township)
    await persons.save_person(uow.connection, person)
    headed = await subjects.headed_by(uow.connection, person.person_id)
    await subjects.lock_subjects(uow.connection, headed)
