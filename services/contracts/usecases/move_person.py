"""A person moved: open work goes to the new township, closed work stays with the old one.

Room: use cases of contracts.
"""

from __future__ import annotations

from common.kit.db import UnitOfWork
from common.published.identity import PersonMoved
from services.contracts.adapters import persons
from services.contracts.domain.person import registered


async def move_person(uow: UnitOfWork, *, event: PersonMoved) -> None:
    """Note the new township; open tasks and the live contract follow."""
    locked = await persons.lock_persons(uow.connection, [event.person_id], county=event.county)
    person = registered(locked[event.person_id], county=event.county, township=event.township)
    await persons.save_person(uow.connection, person)
