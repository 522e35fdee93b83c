"""Identity registered a person: their stays join the household they live in.

Room: use cases of monitoring. Next hop: services/monitoring/usecases/judge_persons.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from common.core.ids import HouseholdId
from common.kit.db import UnitOfWork
from common.published.identity import PersonRegistered
from services.monitoring.adapters import memberships, persons, subjects
from services.monitoring.domain.membership import Said, Statement
from services.monitoring.domain.person import registered
from services.monitoring.domain.warning_line import WarningLine
from services.monitoring.usecases.judge_persons import judge_persons


async def register_person(
    uow: UnitOfWork,
    *,
    event: PersonRegistered,
    told_at: datetime,
    lines: Mapping[str, Sequence[WarningLine]],
    now: datetime,
) -> None:
    """Note where the person lives and with whom, and judge the sums that changes."""
    locked = await persons.lock_persons(uow.connection, [event.person_id], county=event.county)
    person = registered(locked[event.person_id], county=event.county, township=event.township)
    await persons.save_person(uow.connection, person)
    if event.household_id is not None:
        home = HouseholdId(event.household_id)
        told = Statement(person.person_id, home, Said.REGISTERED, date.min, told_at)
        await memberships.add_statement(uow.connection, told)
        await subjects.add_household(uow.connection, home, county=event.county)
        head = person.person_id if event.is_head else None
        await subjects.seat_household(uow.connection, home, head_person_id=head, township=None)
    await judge_persons(uow, person_ids={person.person_id}, county=event.county, lines=lines, now=now)
