"""What one good row does to one archive."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.identity.domain.archive import BY_DISCHARGE, ArchivedPerson
from services.identity.domain.decision import Decision, NamedRow, Verdict, decide
from tests.unit.services.identity.builders import (
    COUNTY,
    DABAN,
    NOW,
    OTHER_HOME,
    PERSON,
    SHANGYUAN,
    a_place,
    a_row,
    an_archive,
    named,
    terms_of,
)

EMPTY = ArchivedPerson(PERSON, COUNTY)


def judge(row: NamedRow, before: ArchivedPerson, **terms: Any) -> Decision:
    return decide(named=row, before=before, terms=terms_of(**terms), household_register="poverty_relief", now=NOW)


class TestVerdict:
    def test_is_accepted_for_a_new_person(self) -> None:
        decision = judge(named(), EMPTY)

        assert decision.verdict is Verdict.ACCEPTED
        assert (decision.after.known_by, decision.after.version) == ("list", 1)
        assert decision.after.place == a_place()
        assert decision.after.entitlements == (decision.statement,)

    def test_is_unchanged_when_the_list_says_what_is_known(self) -> None:
        before = an_archive()

        decision = judge(named(), before, as_of=date(2016, 8, 10))

        assert decision == Decision(Verdict.UNCHANGED, before)

    def test_is_unchanged_when_only_the_list_is_newer(self) -> None:
        decision = judge(named(), an_archive())

        assert (decision.verdict, decision.after.version) == (Verdict.UNCHANGED, 1)
        assert decision.statement is not None
        assert decision.statement.list_date == date(2016, 9, 10)

    def test_is_changed_when_the_beginning_is_corrected(self) -> None:
        decision = judge(named(a_row(recognised_on=date(2015, 3, 1))), an_archive())

        assert decision.verdict is Verdict.CHANGED

    @pytest.mark.parametrize(
        "row",
        [
            {"township": SHANGYUAN},
            {"village": "南沟村"},
            {"phone": "138"},
            {"relation": "配偶"},
            {"name": "王某某"},
        ],
    )
    def test_is_changed_when_name_or_place_differ(self, row: dict[str, Any]) -> None:
        decision = judge(named(a_row(**row)), an_archive())

        assert (decision.verdict, decision.after.version) == (Verdict.CHANGED, 2)

    def test_is_rejected_for_a_person_of_another_county(self) -> None:
        decision = judge(named(), an_archive(county="522632"))

        assert (decision.verdict, decision.reasons[0].code) == (Verdict.REJECTED, "registered_elsewhere")

    def test_takes_over_who_was_known_by_discharge_elsewhere(self) -> None:
        before = ArchivedPerson(PERSON, "522632", known_by=BY_DISCHARGE)

        assert judge(named(), before).after.county == COUNTY


class TestName:
    @pytest.mark.parametrize(
        ("row", "terms"),
        [
            (named(a_row(name="李某"), household_id=OTHER_HOME), {}),
            (named(a_row(name="李某", category="destitute")), {"source": "civil_affairs"}),
            (named(a_row(name="李某")), {"as_of": date(2016, 8, 9)}),
        ],
        ids=["another household", "another source", "an older list"],
    )
    def test_is_never_guessed(self, row: NamedRow, terms: dict[str, Any]) -> None:
        decision = judge(row, an_archive(), **terms)

        assert (decision.verdict, decision.reasons[0].code) == (Verdict.REJECTED, "name_conflict")

    def test_does_not_go_back_to_what_a_list_of_the_day_said_before(self) -> None:
        before = an_archive(stated_names=frozenset({"check of 李某"}))

        decision = judge(named(a_row(name="李某")), before)

        assert (decision.verdict, decision.reasons[0].code) == (Verdict.REJECTED, "already_superseded")


class TestPlace:
    def test_does_not_go_back_to_a_township_of_the_same_day(self) -> None:
        before = an_archive(stated_townships=frozenset({SHANGYUAN}))

        decision = judge(named(a_row(township=SHANGYUAN)), before)

        assert (decision.reasons[0].code, decision.reasons[0].field) == ("already_superseded", "township")

    def test_stays_where_the_register_of_record_put_it(self) -> None:
        row = named(a_row(category="destitute", township=SHANGYUAN), household_id=OTHER_HOME)

        decision = judge(row, an_archive(), source="civil_affairs")

        assert (decision.verdict, decision.after.place) == (Verdict.ACCEPTED, a_place())

    def test_is_taken_over_by_the_register_of_record(self) -> None:
        before = an_archive(placed_by="civil_affairs", named_by="civil_affairs", entitlements=())

        decision = judge(named(a_row(township=SHANGYUAN)), before)

        assert (decision.after.place.township, decision.after.placed_by) == (SHANGYUAN, "poverty_relief")

    def test_is_not_changed_by_an_older_list(self) -> None:
        decision = judge(named(a_row(township=SHANGYUAN)), an_archive(), as_of=date(2016, 8, 9))

        assert (decision.verdict, decision.after.place.township) == (Verdict.UNCHANGED, DABAN)

    def test_keeps_what_an_empty_cell_does_not_say(self) -> None:
        row = a_row(relation=None, township=None, village=None, phone=None)

        decision = judge(named(row), an_archive())

        assert decision.after.place == a_place()

    def test_is_left_open_by_a_list_that_names_no_township(self) -> None:
        row = a_row(relation=None, township=None, village=None, phone=None)

        decision = judge(named(row), EMPTY)

        assert decision.after.place == replace(
            a_place(), relation=None, is_head=False, township=None, village=None, phone=None
        )
