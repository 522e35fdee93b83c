"""Two archives are one person: work and contracts of the retired one go to the surviving one.

Room: use cases of contracts. The fact is told under both ids and takes effect once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from common.kit.db import UnitOfWork
from common.published.identity import PersonMerged
from services.contracts.adapters import contracts, follow_ups, persons
from services.contracts.domain.contract import EndReason, end_by_rule
from services.contracts.domain.person import Person
from services.contracts.usecases.close_contract import close_contract


async def merge_persons(uow: UnitOfWork, *, event: PersonMerged, now: datetime) -> None:
    """Hand everything over; where both have a live contract, the surviving person's stays."""
    ids = [event.surviving_person_id, event.retired_person_id]
    locked = await persons.lock_persons(uow.connection, ids, county=event.county)
    surviving = locked[event.surviving_person_id]
    retired = await persons.person_of(uow.connection, event.retired_person_id)
    if retired is None or retired.merged_into is not None or retired.person_id == surviving.person_id:
        return
    await _end_second_contract(uow, event, surviving, retired, now)
    pair = {"retired": retired.person_id, "surviving": surviving.person_id}
    await persons.hand_over_stays(uow.connection, **pair)
    await follow_ups.hand_over_tasks(uow.connection, **pair)
    await contracts.hand_over_contracts(uow.connection, **pair)
    await persons.save_person(uow.connection, replace(retired, merged_into=surviving.person_id))
    place = surviving.township or retired.township
    await persons.save_person(uow.connection, replace(surviving, township=place))


async def _end_second_contract(
    uow: UnitOfWork, event: PersonMerged, surviving: Person, retired: Person, now: datetime
) -> None:
    kept = await contracts.live_contract_of(uow.connection, surviving.person_id)
    second = await contracts.live_contract_of(uow.connection, retired.person_id)
    if kept is not None and second is not None:
        ended = end_by_rule(contract=second, on=event.merged_on, reason=EndReason.MERGED)
        await close_contract(uow, contract=ended, now=now)
