"""What identity tells about a person enters settlement's own picture, so that nobody need be asked at the counter.

Room: use cases of settlement. Next hop: services/settlement/usecases/settle_discharge.py
"""

from __future__ import annotations

from common.kit.db import UnitOfWork
from common.published.base import PublishedEvent
from common.published.identity import (
    EntitlementChanged,
    InsuranceChanged,
    NameCheckChanged,
    PersonEnded,
    PersonMerged,
    PersonMoved,
    PersonRegistered,
)
from services.settlement.adapters import accumulators, persons


async def learn_person(uow: UnitOfWork, *, event: PublishedEvent) -> None:
    """Take one fact about a person; facts of other kinds are none of settlement's business."""
    connection = uow.connection
    match event:
        case PersonRegistered():
            await persons.register(connection, event)
        case PersonMoved():
            await persons.move(connection, event)
        case NameCheckChanged():
            await persons.rename(connection, event)
        case EntitlementChanged():
            await persons.categorise(connection, event)
        case InsuranceChanged():
            await persons.insure(connection, event)
        case PersonEnded():
            await persons.end(connection, event)
        case PersonMerged():
            await persons.merge(connection, event)
            await accumulators.hand_over(
                connection, retired=event.retired_person_id, surviving=event.surviving_person_id
            )
        case _:
            raise TypeError(f"{type(event).__name__} is not heard by settlement")
