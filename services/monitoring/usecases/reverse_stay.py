"""A settlement was undone: its share leaves the sums it was in.

Room: use cases of monitoring. Next hop: services/monitoring/usecases/judge_persons.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from common.kit.db import UnitOfWork
from common.published.settlement import SettlementReversed
from services.monitoring.adapters import persons, stays
from services.monitoring.domain.warning_line import WarningLine
from services.monitoring.usecases.judge_persons import judge_persons


async def reverse_stay(
    uow: UnitOfWork, *, event: SettlementReversed, lines: Mapping[str, Sequence[WarningLine]], now: datetime
) -> None:
    """Note the reversal and judge the sums without the stay.

    Raises:
        StayUnknown: If the settlement was never told.
    """
    locked = await persons.lock_persons(uow.connection, [event.person_id], county=event.county)
    await stays.mark_reversed(uow.connection, event.settlement_id)
    person_id = locked[event.person_id].person_id
    await judge_persons(uow, person_ids={person_id}, county=event.county, lines=lines, now=now)
