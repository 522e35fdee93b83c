"""A person died or left: from the day after they belong to no household.

Room: use cases of monitoring. Next hop: services/monitoring/usecases/judge_persons.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from common.kit.db import UnitOfWork
from common.published.identity import PersonEnded
from services.monitoring.adapters import memberships, persons
from services.monitoring.domain.membership import Said, Statement
from services.monitoring.domain.warning_line import WarningLine
from services.monitoring.usecases.judge_persons import judge_persons


async def end_person(
    uow: UnitOfWork,
    *,
    event: PersonEnded,
    told_at: datetime,
    lines: Mapping[str, Sequence[WarningLine]],
    now: datetime,
) -> None:
    """Note the end; a stay that ended in death that day still counts for the household."""
    locked = await persons.lock_persons(uow.connection, [event.person_id], county=event.county)
    person_id = locked[event.person_id].person_id
    first_without = event.ended_on + timedelta(days=1)
    await memberships.add_statement(uow.connection, Statement(person_id, None, Said.ENDED, first_without, told_at))
    await judge_persons(uow, person_ids={person_id}, county=event.county, lines=lines, now=now)
