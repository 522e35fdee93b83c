"""Recording a visit (随访): which outcome fits which task, and that it is recorded once.

Room: domain of contracts. A visit moves no money.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum

from common.core.errors import Conflict, Refused
from services.contracts.domain.contract import DatesImpossible
from services.contracts.domain.follow_up import FollowUp, Kind, State, Visit


class Outcome(StrEnum):
    """What a visit found (随访结果)."""

    ON_TARGET = "on_target"
    NOT_ON_TARGET = "not_on_target"
    REFERRED = "referred"
    LOST = "lost"
    REFUSED = "refused"
    AWAY = "away"
    PAPERS_MISSING = "papers_missing"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"


SIGNED = "signed"
"""Outcome of a task to sign that a signature closed; nobody reports it by hand."""

OUTCOMES: Mapping[Kind, frozenset[Outcome]] = {
    Kind.FOLLOW_UP: frozenset({Outcome.ON_TARGET, Outcome.NOT_ON_TARGET, Outcome.REFERRED, Outcome.LOST}),
    Kind.SIGN_CONTRACT: frozenset({Outcome.REFUSED, Outcome.AWAY, Outcome.PAPERS_MISSING}),
    Kind.VERIFY: frozenset({Outcome.CONFIRMED, Outcome.NOT_CONFIRMED, Outcome.LOST}),
}


class FollowUpWithdrawn(Refused):
    """The task was withdrawn: its settlement was reversed or its person is no longer here."""

    code = "follow_up_withdrawn"
    zh = "随访任务已撤销"


class VisitAlreadyRecorded(Conflict):
    """Another visit closed the task before."""

    code = "visit_already_recorded"
    zh = "该任务已登记过不同的随访结果"


class OutcomeNotFitting(Refused):
    """The outcome belongs to another kind of task."""

    code = "outcome_not_fitting"
    zh = "随访结果与任务类型不符"


def carry_out(*, task: FollowUp, visit: Visit, today: date) -> FollowUp:
    """Return the task closed by a visit; the same visit again changes nothing.

    Raises:
        FollowUpWithdrawn: If nothing is to be done any more.
        VisitAlreadyRecorded: If a different visit closed it.
        OutcomeNotFitting: If the outcome is none of the task's kind.
        DatesImpossible: If the visit lies in the future or before the discharge.
    """
    if task.closed is State.WITHDRAWN:
        raise FollowUpWithdrawn("the task was withdrawn")
    if task.closed is State.DONE:
        if task.visit == visit:
            return task
        raise VisitAlreadyRecorded("another visit closed this task")
    if visit.outcome_code not in OUTCOMES[task.kind]:
        raise OutcomeNotFitting(
            f"a {task.kind} task ends with one of {', '.join(sorted(OUTCOMES[task.kind]))}",
            outcomes=sorted(OUTCOMES[task.kind]),
        )
    if not task.discharged_on <= visit.visited_on <= today:
        raise DatesImpossible("a visit lies between the discharge and today")
    return replace(task, closed=State.DONE, visit=visit)
