"""Who belongs where, whatever the order in which it was told."""

from datetime import UTC, date, datetime
from itertools import permutations
from uuid import UUID

import pytest

from services.monitoring.domain.membership import Presence, Said, Statement, of_household, presences_of

WHO, FIRST, SECOND, THIRD = (UUID(int=number) for number in range(1, 5))
MARCH, JUNE = date(2016, 3, 1), date(2016, 6, 1)


def said(what, household, as_of=date.min, told=1) -> Statement:
    return Statement(WHO, household, what, as_of, datetime(2016, 1, told, tzinfo=UTC))


def spans(*statements):
    found = presences_of(person_id=WHO, statements=statements)
    return [(each.household_id, each.from_on, each.until_on) for each in found]


class TestPresencesOf:
    def test_stands_alone_while_no_household_is_known(self):
        assert spans() == [(None, None, None)]

    def test_takes_the_first_household_as_the_one_from_always(self):
        assert spans(said(Said.REGISTERED, FIRST)) == [(FIRST, None, None)]
        assert spans(said(Said.JOINED, FIRST, MARCH)) == [(FIRST, None, None)]

    @pytest.mark.parametrize(
        "told",
        list(
            permutations(
                [
                    said(Said.REGISTERED, FIRST),
                    said(Said.JOINED, FIRST, date(2016, 1, 1)),
                    said(Said.LEFT, FIRST, MARCH, 2),
                    said(Said.JOINED, SECOND, MARCH, 2),
                    said(Said.LEFT, SECOND, JUNE, 3),
                ]
            )
        ),
    )
    def test_follows_a_move_in_whatever_order_it_is_told(self, told):
        assert spans(*told) == [(FIRST, None, MARCH), (SECOND, MARCH, JUNE), (None, JUNE, None)]

    def test_moves_on_without_being_told_of_the_leaving(self):
        assert spans(said(Said.JOINED, FIRST), said(Said.JOINED, SECOND, MARCH, 2)) == [
            (FIRST, None, MARCH),
            (SECOND, MARCH, None),
        ]

    def test_passes_over_leaving_a_household_it_is_not_in(self):
        assert spans(said(Said.JOINED, FIRST), said(Said.LEFT, SECOND, MARCH)) == [(FIRST, None, None)]

    def test_takes_the_later_told_of_two_facts_of_one_day(self):
        told = [said(Said.JOINED, FIRST), said(Said.JOINED, SECOND, MARCH, 2), said(Said.JOINED, THIRD, MARCH, 3)]

        assert spans(*told) == [(FIRST, None, MARCH), (THIRD, MARCH, None)]

    def test_stands_alone_after_the_end(self):
        assert spans(said(Said.JOINED, FIRST), said(Said.ENDED, None, JUNE)) == [
            (FIRST, None, JUNE),
            (None, JUNE, None),
        ]

    def test_stays_alone_where_only_the_end_is_known(self):
        assert spans(said(Said.ENDED, None, JUNE)) == [(None, None, None)]


class TestPresence:
    @pytest.mark.parametrize(
        ("day", "inside"), [(date(2016, 2, 29), False), (MARCH, True), (date(2016, 5, 31), True), (JUNE, False)]
    )
    def test_covers_its_first_day_and_not_its_end(self, day, inside):
        assert Presence(WHO, FIRST, MARCH, JUNE).covers(day=day) is inside

    def test_is_open_where_nothing_is_told(self):
        assert Presence(WHO, FIRST).covers(day=date.max)

    def test_is_chosen_by_household(self):
        ours, alone = Presence(WHO, FIRST), Presence(WHO, None)

        assert of_household(presences=[ours, alone], household_id=FIRST) == (ours,)
        assert of_household(presences=[ours, alone], household_id=None) == (alone,)
