"""Whatever a fact about some persons touches is judged anew: each of them alone, and every household they were in.

Room: use cases of monitoring. Next hop: services/monitoring/usecases/judge_subjects.py
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from common.kit.db import UnitOfWork
from services.monitoring.adapters import memberships, subjects
from services.monitoring.domain.warning_line import WarningLine
from services.monitoring.usecases.judge_subjects import judge_subjects


async def judge_persons(
    uow: UnitOfWork,
    *,
    person_ids: Collection[UUID],
    also: Collection[UUID] = (),
    county: str,
    lines: Mapping[str, Sequence[WarningLine]],
    now: datetime,
) -> None:
    """Judge the persons' subjects and `also` further ones; the persons are locked and the fact is written."""
    await subjects.add_lone_persons(uow.connection, person_ids, county=county)
    homes = await memberships.households_of(uow.connection, person_ids)
    await judge_subjects(uow, subject_ids={*person_ids, *homes, *also}, lines=lines, now=now)
