"""A later correction changed what a patient bore (补差): the sums change with it.

Room: use cases of monitoring. Next hop: services/monitoring/usecases/judge_persons.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from common.kit.db import UnitOfWork
from common.published.settlement import SupplementBooked
from services.monitoring.adapters import persons, stays
from services.monitoring.domain.warning_line import WarningLine
from services.monitoring.usecases.judge_persons import judge_persons


async def book_supplement(
    uow: UnitOfWork, *, event: SupplementBooked, lines: Mapping[str, Sequence[WarningLine]], now: datetime
) -> None:
    """Change the stay's share and judge the sums again.

    Raises:
        StayUnknown: If the settlement was never told.
    """
    locked = await persons.lock_persons(uow.connection, [event.person_id], county=event.county)
    await stays.add_supplement(uow.connection, event)
    person_id = locked[event.person_id].person_id
    await judge_persons(uow, person_ids={person_id}, county=event.county, lines=lines, now=now)
