"""Two archives are one person: stays and households of the retired one go to the surviving one.

Room: use cases of monitoring. The fact is told under both ids and takes effect once.
Next hop: services/monitoring/usecases/judge_persons.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from common.kit.db import UnitOfWork
from common.published.identity import PersonMerged
from services.monitoring.adapters import memberships, persons, stays, subjects
from services.monitoring.domain.warning_line import WarningLine
from services.monitoring.usecases.judge_persons import judge_persons


async def merge_persons(
    uow: UnitOfWork, *, event: PersonMerged, lines: Mapping[str, Sequence[WarningLine]], now: datetime
) -> None:
    """Hand everything over and judge every sum either of the two was in."""
    ids = [event.surviving_person_id, event.retired_person_id]
    locked = await persons.lock_persons(uow.connection, ids, county=event.county)
    surviving = locked[event.surviving_person_id]
    retired = await persons.person_of(uow.connection, event.retired_person_id)
    if retired is None or retired.merged_into is not None or retired.person_id == surviving.person_id:
        return
    both = {surviving.person_id, retired.person_id}
    homes = await memberships.households_of(uow.connection, both)
    pair = {"retired": retired.person_id, "surviving": surviving.person_id}
    await stays.hand_over_stays(uow.connection, **pair)
    await memberships.hand_over_statements(uow.connection, **pair)
    await subjects.change_head(uow.connection, **pair)
    await persons.save_person(uow.connection, replace(retired, merged_into=surviving.person_id))
    await persons.save_person(uow.connection, replace(surviving, township=surviving.township or retired.township))
    await judge_persons(uow, person_ids=both, also=homes, county=event.county, lines=lines, now=now)
