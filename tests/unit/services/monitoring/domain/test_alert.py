"""One alert per crossing, kept while the sum stays above the line."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from common.core.money import Money
from services.monitoring.domain.alert import Alert, Reason, State, raised_alert, steps_for
from services.monitoring.domain.crossing import Crossing, Episode
from services.monitoring.domain.subject import Subject

HOME = Subject(UUID(int=9), UUID(int=9), "211381", UUID(int=1), "211381101")
NOW = datetime(2016, 9, 12, tzinfo=UTC)


def an_episode(crossed_on=date(2016, 5, 1), ended_on=None, *, settlement=1, yuan=7000) -> Episode:
    crossing = Crossing(crossed_on, UUID(int=settlement), UUID(int=1), "own_share", Money(yuan * 100), Money(600_000))
    return Episode(crossing, ended_on)


def an_alert(episode=None, *, earlier=0, **fields) -> Alert:
    raised = raised_alert(subject=HOME, episode=episode or an_episode(), earlier_count=earlier, raised_at=NOW)
    return replace(raised, **fields)


def closed(episode=None, *, earlier=0, reason=Reason.FELL_BELOW) -> Alert:
    return an_alert(episode, earlier=earlier, state=State.WITHDRAWN, reason=reason)


class TestRaisedAlert:
    def test_tells_sum_line_and_window(self):
        alert = an_alert()

        assert (alert.window_from, alert.window_to) == (date(2015, 5, 2), date(2016, 5, 1))
        assert (alert.amount_fen, alert.line_fen, alert.state) == (700_000, 600_000, State.OPEN)
        assert (alert.household_id, alert.township) == (HOME.household_id, "211381101")

    def test_is_told_and_withdrawn_where_the_crossing_is_over(self):
        alert = an_alert(an_episode(ended_on=date(2016, 8, 1)))

        assert (alert.state, alert.reason) == (State.WITHDRAWN, Reason.FELL_BELOW)

    def test_has_an_id_that_follows_from_its_cause(self):
        assert an_alert().alert_id == an_alert().alert_id
        assert an_alert().alert_id != an_alert(earlier=1).alert_id
        assert an_alert().alert_id != an_alert(an_episode(settlement=2)).alert_id


class TestStepsFor:
    def steps(self, alerts, *episodes):
        found = steps_for(alerts=alerts, episodes=episodes)
        return [(each.window_to, each.state, each.reason) for each in found.changed], list(found.raised)

    def test_raises_each_crossing_nobody_was_told_of(self):
        past, current = an_episode(date(2015, 1, 1), date(2015, 6, 1)), an_episode()

        assert self.steps([], past, current) == ([], [past, current])

    def test_does_nothing_where_alert_and_crossing_agree(self):
        assert self.steps([an_alert()], an_episode()) == ([], [])
        assert self.steps([], *[]) == ([], [])
        over = an_episode(ended_on=date(2016, 8, 1))
        assert self.steps([closed(over)], over) == ([], [])

    def test_withdraws_when_the_sum_fell_below(self):
        changed, raised = self.steps([an_alert()], an_episode(ended_on=date(2016, 8, 1)))

        assert changed == [(date(2016, 5, 1), State.WITHDRAWN, Reason.FELL_BELOW)]
        assert raised == []

    def test_withdraws_what_never_was(self):
        changed, raised = self.steps([an_alert()])

        assert changed == [(date(2016, 5, 1), State.WITHDRAWN, Reason.CORRECTED)]
        assert raised == []

    def test_keeps_one_alert_for_a_crossing_that_moved_to_another_day(self):
        for day in (date(2016, 4, 1), date(2016, 6, 1)):
            moved = an_episode(day, settlement=2, yuan=8000)
            found = steps_for(alerts=[an_alert()], episodes=[moved])

            assert [(each.alert_id, each.window_to, each.amount_fen) for each in found.changed] == [
                (an_alert().alert_id, day, 800_000)
            ]
            assert found.raised == ()

    def test_raises_the_next_crossing_beside_the_one_that_is_over(self):
        over, current = an_episode(ended_on=date(2016, 8, 1)), an_episode(date(2016, 9, 1))

        changed, raised = self.steps([an_alert()], over, current)

        assert changed == [(date(2016, 5, 1), State.WITHDRAWN, Reason.FELL_BELOW)]
        assert raised == [current]

    def test_raises_anew_after_a_correction(self):
        changed, raised = self.steps([closed(reason=Reason.CORRECTED)], an_episode())

        assert (changed, raised) == ([], [an_episode()])

    def test_reopens_an_alert_whose_crossing_never_ended(self):
        changed, raised = self.steps([closed()], an_episode())

        assert changed == [(date(2016, 5, 1), State.OPEN, None)]
        assert raised == []

    def test_withdraws_an_alert_that_stands_for_nothing_beside_one_that_tells_of_the_last_crossing(self):
        last = an_episode(date(2016, 9, 1), date(2016, 10, 1))

        changed, raised = self.steps([an_alert(), closed(last, earlier=1)], last)

        assert changed == [(date(2016, 5, 1), State.WITHDRAWN, Reason.CORRECTED)]
        assert raised == []

    @pytest.mark.parametrize("ended_on", [None, date(2016, 10, 1)])
    def test_never_leaves_two_alerts_open(self, ended_on):
        alerts = [closed(), an_alert(an_episode(date(2016, 9, 1)), earlier=1)]

        changed, raised = self.steps(alerts, an_episode(ended_on=ended_on))

        assert len([state for _, state, _ in changed if state is State.OPEN]) + len(raised) <= 1
