"""Every day: shares that are older than twelve months leave the sums; who falls below the line is armed again.

Room: use cases of monitoring. Next hop: services/monitoring/usecases/judge_subjects.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from common.kit.db import UnitOfWork
from services.monitoring.adapters import alerts, days
from services.monitoring.domain.warning_line import WarningLine
from services.monitoring.usecases.judge_subjects import judge_subjects

JOB = "let_windows_run_out"


async def let_windows_run_out(
    uow: UnitOfWork,
    *,
    lines: Mapping[str, Sequence[WarningLine]],
    after: UUID | None,
    day: date,
    now: datetime,
    limit: int,
) -> UUID | None:
    """Judge at most `limit` subjects with an open alert up to today; return the last one while there may be more.

    Args:
        uow: One transaction of several.
        lines: County -> its lines.
        after: Where the transaction before ended; None begins, unless the day was gone through already.
        day: Today, a China day.
        now: The present instant.
        limit: Subjects per transaction.
    """
    if after is None and await days.is_done(uow.connection, JOB, day=day):
        return None
    subject_ids = await alerts.subjects_with_open_alert(uow.connection, after=after, limit=limit)
    await judge_subjects(uow, subject_ids=subject_ids, lines=lines, now=now, through=day)
    if len(subject_ids) == limit:
        return subject_ids[-1]
    await days.mark_done(uow.connection, JOB, day=day)
    return None
