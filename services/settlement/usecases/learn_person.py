"""What identity tells about a person enters settlement's own picture, so that nobody need be asked at the counter.

Room: use cases of settlement. Next hop: services/settlement/usecases/settle_discharge.py
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from common.kit.db import UnitOfWork
from common.published.base import PublishedEvent
from common.published.identity import (
    EntitlementChanged,
    HouseholdChanged,
    InsuranceChanged,
    NameCheckChanged,
    PersonEnded,
    PersonMerged,
    PersonMoved,
    PersonRegistered,
)
from services.settlement.adapters import accumulators, family_accounts, persons


async def learn_person(uow: UnitOfWork, *, event: PublishedEvent, told_on: date) -> None:
    """Take one fact about a person; facts of other kinds are none of settlement's business.

    Args:
        uow: Open unit of work.
        event: The fact.
        told_on: China day on which it was told; a household that becomes known has its account from that year on.
    """
    connection = uow.connection
    match event:
        case PersonRegistered():
            await persons.register(connection, event)
            await _open_account(uow, event.household_id, event.county, told_on)
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


async def learn_household(uow: UnitOfWork, *, event: HouseholdChanged, told_on: date) -> None:
    """Take who lives in a household from a day on; draws from then on are on its account."""
    await persons.rehouse(uow.connection, event)
    await _open_account(uow, event.household_id, event.county, min(event.as_of, told_on))


async def _open_account(uow: UnitOfWork, household_id: UUID | None, county: str, on: date) -> None:
    if household_id is not None:
        await family_accounts.open_account(uow.connection, household_id=household_id, county=county, year=on.year)
