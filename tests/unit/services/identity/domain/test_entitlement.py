"""Dated categories: what counted when, and since when it was known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.identity.domain.entitlement import Listing, as_known, categories_on, next_statement
from tests.unit.services.identity.builders import COUNTY, NOW, PERSON, a_statement

FIRST = a_statement()
CORRECTED = a_statement(version=2, effective_from=date(2015, 6, 1), known_since=datetime(2016, 9, 1, tzinfo=UTC))


def a_listing(**fields: Any) -> Listing:
    usual: dict[str, Any] = {
        "person_id": PERSON,
        "county": COUNTY,
        "category": "registered_poor",
        "source": "poverty_relief",
        "as_of": date(2016, 9, 10),
        "recognised_on": None,
    }
    return Listing(**{**usual, **fields})


class TestNextStatement:
    @pytest.mark.parametrize(
        ("recognised_on", "begins"), [(None, date(2016, 9, 10)), (date(2016, 3, 1), date(2016, 3, 1))]
    )
    def test_begins_on_the_recognition_date_else_on_the_lists_day(
        self, recognised_on: date | None, begins: date
    ) -> None:
        statement = next_statement(listing=a_listing(recognised_on=recognised_on), held=(), known_since=NOW)

        assert statement is not None
        assert (statement.version, statement.effective_from, statement.known_since) == (1, begins, NOW)
        assert statement.is_open

    def test_begins_anew_under_another_id_when_the_earlier_period_ended(self) -> None:
        ended = a_statement(effective_to=date(2016, 5, 1))

        statement = next_statement(listing=a_listing(), held=[ended], known_since=NOW)

        assert statement is not None
        assert statement.version == 1
        assert statement.entitlement_id != ended.entitlement_id

    def test_begins_beside_a_category_of_another_source(self) -> None:
        other = a_statement(source="civil_affairs", category="destitute")

        statement = next_statement(listing=a_listing(), held=[other], known_since=NOW)

        assert statement is not None
        assert statement.category == "registered_poor"

    @pytest.mark.parametrize(
        ("as_of", "recognised_on"),
        [(date(2016, 8, 10), None), (date(2016, 8, 10), date(2016, 1, 5)), (date(2016, 8, 9), date(2014, 1, 1))],
    )
    def test_says_nothing_where_nothing_is_new(self, as_of: date, recognised_on: date | None) -> None:
        listing = a_listing(as_of=as_of, recognised_on=recognised_on)

        assert next_statement(listing=listing, held=[FIRST], known_since=NOW) is None

    def test_corrects_the_beginning_in_a_further_version(self) -> None:
        statement = next_statement(listing=a_listing(recognised_on=date(2015, 6, 1)), held=[FIRST], known_since=NOW)

        assert statement is not None
        assert (statement.entitlement_id, statement.version) == (FIRST.entitlement_id, 2)
        assert (statement.effective_from, statement.list_date) == (date(2015, 6, 1), date(2016, 9, 10))


class TestAsKnown:
    def test_answers_with_what_was_known_at_the_instant(self) -> None:
        then = as_known(statements=[CORRECTED, FIRST], known_at=datetime(2016, 8, 20, tzinfo=UTC))
        now = as_known(statements=[CORRECTED, FIRST], known_at=NOW)
        before = as_known(statements=[CORRECTED, FIRST], known_at=datetime(2016, 1, 1, tzinfo=UTC))

        assert (then, now, before) == ([FIRST], [CORRECTED], [])

    @pytest.mark.parametrize(
        ("day", "categories"),
        [(date(2016, 1, 4), []), (date(2016, 1, 5), ["registered_poor"])],
    )
    def test_counts_from_the_first_day_on(self, day: date, categories: list[str]) -> None:
        assert categories_on(statements=[FIRST], day=day) == categories

    def test_does_not_count_what_was_withdrawn_or_has_ended(self) -> None:
        statements = [
            a_statement(withdrawn=True),
            a_statement(category="orphan", effective_to=date(2016, 6, 1)),
        ]

        assert categories_on(statements=statements, day=date(2016, 6, 1)) == []
        assert not statements[0].is_open
