"""When the sum of twelve months crossed the line, replayed from the facts."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.core.money import Money
from common.core.period import Period
from services.monitoring.domain.crossing import episodes_of
from services.monitoring.domain.membership import Presence
from services.monitoring.domain.stay import Stay
from services.monitoring.domain.warning_line import WarningLine, window_from

FATHER, MOTHER = UUID(int=1), UUID(int=2)
HOME = UUID(int=9)
LINE = WarningLine(Period(date(2016, 1, 1)), "own_share", Money(600_000))
BOTH = (Presence(FATHER, HOME), Presence(MOTHER, HOME))
TOLD = datetime(2016, 1, 1, tzinfo=UTC)


def a_stay(number, day, yuan, *, who=FATHER, told=TOLD) -> Stay:
    return Stay(UUID(int=number), who, day, Money(yuan * 100), told)


def episodes(*stays, presences=BOTH, lines=(LINE,), through=date(2018, 1, 1)):
    found = episodes_of(stays=stays, presences=presences, lines=lines, through=through)
    return [
        (each.crossing.crossed_on, each.crossing.settlement_id.int, each.crossing.amount.fen // 100, each.ended_on)
        for each in found
    ]


class TestEpisodesOf:
    def test_finds_nothing_below_the_line(self):
        assert episodes(a_stay(1, date(2016, 3, 1), 5999)) == []

    def test_begins_on_the_day_the_sum_reaches_the_line_and_ends_when_a_window_runs_out(self):
        stays = [a_stay(1, date(2016, 3, 1), 4000), a_stay(2, date(2016, 5, 1), 2000, who=MOTHER)]

        assert episodes(*stays) == [(date(2016, 5, 1), 2, 6000, date(2017, 3, 1))]

    def test_counts_the_day_exactly_twelve_months_later_no_more(self):
        first = a_stay(1, date(2016, 3, 1), 4000)

        assert episodes(first, a_stay(2, date(2017, 2, 28), 2000))[0][0] == date(2017, 2, 28)
        assert episodes(first, a_stay(2, date(2017, 3, 1), 2000)) == []

    def test_is_armed_again_after_it_fell_below(self):
        stays = [a_stay(1, date(2016, 1, 10), 7000), a_stay(2, date(2017, 2, 1), 8000)]

        assert episodes(*stays) == [
            (date(2016, 1, 10), 1, 7000, date(2017, 1, 10)),
            (date(2017, 2, 1), 2, 8000, None),
        ]

    def test_does_not_fall_on_a_day_that_fills_what_runs_out(self):
        stays = [a_stay(1, date(2016, 1, 10), 7000), a_stay(2, date(2017, 1, 10), 7000)]

        assert episodes(*stays) == [(date(2016, 1, 10), 1, 7000, None)]

    def test_looks_no_further_than_asked(self):
        assert episodes(a_stay(1, date(2016, 3, 1), 7000), through=date(2017, 2, 28))[0][3] is None
        assert episodes(a_stay(1, date(2016, 3, 1), 7000), through=date(2017, 3, 1))[0][3] == date(2017, 3, 1)

    def test_names_the_stay_that_reached_the_line_among_those_of_one_day(self):
        day, later = date(2016, 3, 1), TOLD + timedelta(hours=1)
        stays = [a_stay(1, day, 5000, told=later), a_stay(2, day, 5000), a_stay(3, day, 5000, told=later)]

        assert episodes(*stays)[0][:3] == (day, 1, 15000)

    def test_counts_a_stay_before_joining_from_the_day_of_joining(self):
        joined = (Presence(FATHER, HOME), Presence(MOTHER, HOME, date(2016, 4, 1)))
        mothers = a_stay(1, date(2016, 3, 1), 7000, who=MOTHER)

        assert episodes(mothers, presences=joined) == []
        assert episodes(mothers, a_stay(2, date(2016, 5, 1), 1), presences=joined)[0][:3] == (date(2016, 5, 1), 2, 7001)

    def test_ends_when_a_member_leaves(self):
        left = (Presence(FATHER, HOME), Presence(MOTHER, HOME, None, date(2016, 4, 1)))

        found = episodes(a_stay(1, date(2016, 3, 1), 7000, who=MOTHER), presences=left)

        assert found == [(date(2016, 3, 1), 1, 7000, date(2016, 4, 1))]

    def test_leaves_out_what_the_window_lost_before_the_patient_joined(self):
        joined = (Presence(FATHER, HOME), Presence(MOTHER, HOME, date(2017, 6, 1)))

        assert episodes(a_stay(1, date(2016, 3, 1), 7000, who=MOTHER), presences=joined) == []

    def test_keeps_a_stay_of_29_february_until_the_last_of_the_next(self):
        assert episodes(a_stay(1, date(2016, 2, 29), 7000)) == [(date(2016, 2, 29), 1, 7000, date(2017, 3, 1))]

    def test_leaves_stays_of_strangers_out(self):
        assert episodes(a_stay(1, date(2016, 3, 1), 7000, who=UUID(int=3))) == []

    def test_knows_no_line_before_its_first_day_and_a_raised_one_from_its_own(self):
        raised = WarningLine(Period(date(2016, 7, 1)), "own_share", Money(800_000))
        lines = (WarningLine(Period(date(2016, 1, 1), date(2016, 7, 1)), "own_share", Money(600_000)), raised)

        assert episodes(a_stay(1, date(2015, 12, 31), 9000), through=date(2016, 5, 1)) == []
        assert episodes(a_stay(1, date(2016, 3, 1), 7000), lines=lines)[0][3] == date(2016, 7, 1)
        assert episodes(a_stay(1, date(2016, 3, 1), 7000), lines=()) == []

    @given(
        st.lists(
            st.tuples(st.integers(0, 1200), st.integers(-500, 4000), st.sampled_from([FATHER, MOTHER])), max_size=12
        ),
        st.randoms(use_true_random=False),
    )
    def test_depends_on_the_facts_and_not_on_their_order(self, drawn, shuffle):
        start = date(2016, 1, 1)
        stays = [
            a_stay(number, start + timedelta(days=days), yuan, who=who)
            for number, (days, yuan, who) in enumerate(drawn)
        ]
        mixed = list(stays)
        shuffle.shuffle(mixed)

        found = episodes(*stays, through=date(2021, 1, 1))

        assert found == episodes(*mixed, through=date(2021, 1, 1))
        for crossed_on, _, yuan, _ in found:
            window = [each for each in stays if window_from(day=crossed_on) <= each.discharged_on <= crossed_on]
            assert yuan * 100 == sum(each.own_share.fen for each in window) >= LINE.line.fen


class TestWindowFrom:
    @pytest.mark.parametrize(
        ("day", "first"),
        [
            (date(2016, 9, 12), date(2015, 9, 13)),
            (date(2017, 2, 28), date(2016, 2, 29)),
            (date(2016, 2, 29), date(2015, 3, 1)),
            (date(2016, 12, 31), date(2016, 1, 1)),
        ],
    )
    def test_holds_twelve_months_and_no_day_more(self, day, first):
        assert window_from(day=day) == first
