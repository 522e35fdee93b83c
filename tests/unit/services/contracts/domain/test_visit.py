"""A visit closes a task once, with an outcome that fits."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.contracts.domain.contract import DatesImpossible
from services.contracts.domain.follow_up import FollowUp, Kind, State, Visit
from services.contracts.domain.visit import (
    OUTCOMES,
    FollowUpWithdrawn,
    OutcomeNotFitting,
    VisitAlreadyRecorded,
    carry_out,
)

TODAY = date(2016, 9, 20)
VISIT = Visit(date(2016, 9, 15), "on_target", "felt well")
TASK = FollowUp(
    follow_up_id=UUID(int=1),
    person_id=UUID(int=2),
    county="211381",
    township=None,
    team_id=None,
    kind=Kind.FOLLOW_UP,
    rule="other.once",
    disease="other",
    window_from=date(2016, 9, 12),
    window_to=date(2016, 9, 26),
    settlement_id=UUID(int=3),
    discharged_on=date(2016, 9, 12),
    planned_at=datetime(2016, 9, 12, tzinfo=UTC),
)


class TestCarryOut:
    def test_closes_the_task_with_the_visit(self):
        done = carry_out(task=TASK, visit=VISIT, today=TODAY)

        assert (done.closed, done.visit) == (State.DONE, VISIT)

    def test_answers_the_same_visit_with_the_first(self):
        done = carry_out(task=TASK, visit=VISIT, today=TODAY)

        assert carry_out(task=done, visit=VISIT, today=TODAY) is done

    def test_refuses_a_different_visit_afterwards(self):
        done = carry_out(task=TASK, visit=VISIT, today=TODAY)

        with pytest.raises(VisitAlreadyRecorded):
            carry_out(task=done, visit=replace(VISIT, note=None), today=TODAY)

    def test_refuses_a_withdrawn_task(self):
        with pytest.raises(FollowUpWithdrawn):
            carry_out(task=replace(TASK, closed=State.WITHDRAWN), visit=VISIT, today=TODAY)

    @pytest.mark.parametrize(
        ("kind", "outcome"),
        [(Kind.FOLLOW_UP, "refused"), (Kind.SIGN_CONTRACT, "on_target"), (Kind.VERIFY, "refused"), (Kind.VERIFY, "x")],
    )
    def test_refuses_an_outcome_of_another_kind(self, kind, outcome):
        with pytest.raises(OutcomeNotFitting):
            carry_out(task=replace(TASK, kind=kind), visit=replace(VISIT, outcome_code=outcome), today=TODAY)

    @pytest.mark.parametrize("day", [date(2016, 9, 11), date(2016, 9, 21)])
    def test_refuses_a_day_before_the_discharge_or_after_today(self, day):
        with pytest.raises(DatesImpossible):
            carry_out(task=TASK, visit=replace(VISIT, visited_on=day), today=TODAY)

    def test_takes_every_outcome_of_its_kind(self):
        for kind, outcomes in OUTCOMES.items():
            for outcome in outcomes:
                visit = replace(VISIT, outcome_code=outcome.value)
                assert carry_out(task=replace(TASK, kind=kind), visit=visit, today=TODAY).closed is State.DONE


class TestStateOn:
    @pytest.mark.parametrize(
        ("closed", "day", "state"),
        [
            (None, date(2016, 9, 26), State.OPEN),
            (None, date(2016, 9, 27), State.OVERDUE),
            (State.DONE, date(2016, 9, 27), State.DONE),
            (State.WITHDRAWN, date(2016, 9, 27), State.WITHDRAWN),
        ],
    )
    def test_is_overdue_from_the_day_after_the_window(self, closed, day, state):
        assert replace(TASK, closed=closed).state_on(day=day) is state
