"""The sums of some households are judged anew: crossings are replayed and the alerts made to agree with them.

Room: use cases of monitoring. Next hop: services/monitoring/domain/crossing.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from common.core.ids import PersonId
from common.kit.db import UnitOfWork
from common.published.monitoring import AlertRaised
from services.monitoring.adapters import alerts, memberships, stays, subjects
from services.monitoring.domain.alert import Alert, raised_alert, steps_for
from services.monitoring.domain.crossing import Episode, episodes_of
from services.monitoring.domain.subject import Subject
from services.monitoring.domain.warning_line import WarningLine


async def judge_subjects(
    uow: UnitOfWork,
    *,
    subject_ids: Iterable[UUID],
    lines: Mapping[str, Sequence[WarningLine]],
    now: datetime,
    through: date | None = None,
) -> None:
    """Judge each subject under its lock; persons a fact is about were locked and written before.

    Args:
        uow: The transaction of the fact.
        subject_ids: Households and lone persons whose sum may have changed.
        lines: County -> its lines.
        now: The present instant.
        through: Day up to which windows are let run out; None looks no further than the last discharge and than
            windows were let run out before.
    """
    for subject in await subjects.lock_subjects(uow.connection, subject_ids):
        episodes = await _episodes(uow, subject, lines.get(subject.county, ()), through)
        known = await alerts.alerts_of(uow.connection, subject.subject_id)
        steps = steps_for(alerts=known, episodes=episodes)
        for changed in steps.changed:
            await alerts.save_alert(uow.connection, changed)
        for number, episode in enumerate(steps.raised):
            raised = raised_alert(subject=subject, episode=episode, earlier_count=len(known) + number, raised_at=now)
            await alerts.add_alert(uow.connection, raised)
            uow.publish(_told(raised), occurred_at=now)
        if through is not None:
            await subjects.save_judged(uow.connection, subject.subject_id, through=through)


async def _episodes(
    uow: UnitOfWork, subject: Subject, lines: Sequence[WarningLine], through: date | None
) -> tuple[Episode, ...]:
    if subject.household_id is not None:
        presences = await memberships.presences_in(uow.connection, subject.household_id)
    else:
        presences = await memberships.presences_alone(uow.connection, PersonId(subject.subject_id))
    counted = await stays.stays_of(uow.connection, {each.person_id for each in presences})
    days = [stay.discharged_on for stay in counted]
    days += [day for day in (through, subject.judged_through) if day is not None]
    return episodes_of(stays=counted, presences=presences, lines=lines, through=max(days, default=date.min))


def _told(alert: Alert) -> AlertRaised:
    return AlertRaised(
        county=alert.county,
        alert_id=alert.alert_id,
        household_id=alert.household_id,
        subject_id=alert.subject_id,
        person_id=alert.person_id,
        township=alert.township,
        rule=alert.rule,
        window_from=alert.window_from,
        window_to=alert.window_to,
        amount_fen=alert.amount_fen,
        line_fen=alert.line_fen,
        settlement_id=alert.settlement_id,
    )
