"""Members joined or left a household: its sum is now that of those who belong to it on each day.

Room: use cases of monitoring. Next hop: services/monitoring/usecases/judge_persons.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from common.core.ids import HouseholdId, PersonId
from common.kit.db import UnitOfWork
from common.published.identity import HouseholdChanged
from services.monitoring.adapters import memberships, persons, subjects
from services.monitoring.domain.membership import Said, Statement
from services.monitoring.domain.warning_line import WarningLine
from services.monitoring.usecases.judge_persons import judge_persons


async def change_household(
    uow: UnitOfWork,
    *,
    event: HouseholdChanged,
    told_at: datetime,
    lines: Mapping[str, Sequence[WarningLine]],
    now: datetime,
) -> None:
    """Note who joined and left, head and township, and judge every sum that changes.

    The head is locked too: who moves at the same time waits, and then finds the household they head.
    """
    named = {*event.joined, *event.left}
    heads = [] if event.head_person_id is None else [event.head_person_id]
    locked = await persons.lock_persons(uow.connection, [*named, *heads], county=event.county)
    home = HouseholdId(event.household_id)
    for person_ids, said in ((event.left, Said.LEFT), (event.joined, Said.JOINED)):
        for person_id in person_ids:
            who: PersonId = locked[person_id].person_id
            told = Statement(who, home, said, event.as_of, told_at)
            await memberships.add_statement(uow.connection, told)
    await subjects.add_household(uow.connection, home, county=event.county)
    head = next((locked[each].person_id for each in heads), None)
    await subjects.seat_household(uow.connection, home, head_person_id=head, township=event.township)
    changed = {locked[person_id].person_id for person_id in named}
    await judge_persons(uow, person_ids=changed, also={home}, county=event.county, lines=lines, now=now)
