"""A person died or left: nobody visits them any more, and their contract ends.

Room: use cases of contracts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from common.kit.db import UnitOfWork
from common.published.identity import PersonEnded
from services.contracts.adapters import contracts, follow_ups, persons
from services.contracts.domain.contract import EndReason, end_by_rule
from services.contracts.usecases.close_contract import close_contract


async def end_person(uow: UnitOfWork, *, event: PersonEnded, now: datetime) -> None:
    """Withdraw the person's open tasks and end the live contract."""
    locked = await persons.lock_persons(uow.connection, [event.person_id], county=event.county)
    person = replace(locked[event.person_id], ended_on=event.ended_on)
    await persons.save_person(uow.connection, person)
    await follow_ups.withdraw_all_of(uow.connection, person.person_id)
    live = await contracts.live_contract_of(uow.connection, person.person_id)
    if live is not None:
        ended = end_by_rule(contract=live, on=event.ended_on, reason=EndReason.PERSON_ENDED)
        await close_contract(uow, contract=ended, now=now)
