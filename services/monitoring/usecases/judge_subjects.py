"""The sums of some households are judged anew: crossings are replayed and the alerts made to agree with them.

Room: use cases of monitoring. Next hop: services/monitoring/domain/crossing.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from common.kit.db import UnitOfWork
from common.published.monitoring import AlertRaised
from services.monitoring.adapters import alerts, memberships, stays, subjects
from services.monitoring.domain.alert import Alert, raised_alert, steps_for
from services.monitoring.domain.crossing import Episode, episodes_of
from services.monitoring.domain.membership import Presence
from services.monitoring.domain.stay import Stay
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
    watched = await subjects.lock_subjects(uow.connection, subject_ids)
    known = await alerts.alerts_of(uow.connection, [each.subject_id for each in watched])
    replayed = await _replayed(uow, watched, lines, through)
    for subject in watched:
        told = known[subject.subject_id]
        steps = steps_for(alerts=told, episodes=replayed[subject.subject_id])
        for changed in steps.changed:
            await alerts.save_alert(uow.connection, changed)
        for number, episode in enumerate(steps.raised):
            raised = raised_alert(subject=subject, episode=episode, earlier_count=len(told) + number, raised_at=now)
            await alerts.add_alert(uow.connection, raised)
            uow.publish(_told(raised), occurred_at=now)
        if through is not None:
            await subjects.save_judged(uow.connection, subject.subject_id, through=through)


async def _replayed(
    uow: UnitOfWork, watched: Sequence[Subject], lines: Mapping[str, Sequence[WarningLine]], through: date | None
) -> dict[UUID, tuple[Episode, ...]]:
    """Return the episodes of each subject, from one look at who belongs where and one at their stays."""
    presences = await memberships.presences_of_subjects(uow.connection, watched)
    patients = {each.person_id for present in presences.values() for each in present}
    counted = await stays.stays_of(uow.connection, patients)
    return {
        subject.subject_id: _episodes(
            subject, presences[subject.subject_id], counted, lines.get(subject.county, ()), through
        )
        for subject in watched
    }


def _episodes(
    subject: Subject,
    presences: Sequence[Presence],
    counted: Mapping[UUID, Sequence[Stay]],
    lines: Sequence[WarningLine],
    through: date | None,
) -> tuple[Episode, ...]:
    own = [stay for person_id in {each.person_id for each in presences} for stay in counted.get(person_id, ())]
    days = [stay.discharged_on for stay in own]
    days += [day for day in (through, subject.judged_through) if day is not None]
    return episodes_of(stays=own, presences=presences, lines=lines, through=max(days, default=date.min))


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
