"""Identity registered a person: their work goes to the township they live in.

Room: use cases of contracts.
"""

from __future__ import annotations

from common.kit.db import UnitOfWork
from common.published.identity import PersonRegistered
from services.contracts.adapters import persons
from services.contracts.domain.person import registered


async def register_person(uow: UnitOfWork, *, event: PersonRegistered) -> None:
    """Note where the person lives; open tasks and the live contract follow."""
    locked = await persons.lock_persons(uow.connection, [event.person_id], county=event.county)
    person = registered(locked[event.person_id], county=event.county, township=event.township)
    await persons.save_person(uow.connection, person)
