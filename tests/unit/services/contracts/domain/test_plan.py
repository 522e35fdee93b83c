"""What a discharge asks for."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.contracts.adapters.rule_file import load_rules
from services.contracts.domain.contract import Contract, Terms
from services.contracts.domain.follow_up import follow_up_id_of
from services.contracts.domain.follow_up_rule import RuleNotInForce, version_on
from services.contracts.domain.person import Person, met, registered
from services.contracts.domain.plan import tasks_after, visits_after
from services.contracts.domain.stay import Stay

DAY = date(2016, 9, 12)
VERSION = version_on(versions=load_rules(), day=DAY)
PERSON = Person(UUID(int=1), "211381", "211381101", is_registered=True)
STAY = Stay(UUID(int=7), PERSON.person_id, "211381", DAY, ("tuberculosis",))
CONTRACT = Contract(
    UUID(int=5),
    PERSON.person_id,
    "211381",
    "211381101",
    Terms(UUID(int=9), (), date(2016, 1, 1), date(2017, 12, 31)),
    datetime(2016, 1, 1, tzinfo=UTC),
)


def tasks(*, stay=STAY, person=PERSON, contract=CONTRACT):
    found = tasks_after(stay=stay, person=person, contract=contract, version=VERSION)
    return [(task.rule, str(task.window_to)) for task in found]


class TestTasksAfter:
    def test_visits_the_signed_by_disease(self):
        found = tasks(stay=replace(STAY, diseases=("hypertension", "other")))

        assert found == [
            ("hypertension.first", "2016-09-26"),
            ("hypertension.quarter_1", "2016-12-11"),
            ("hypertension.quarter_2", "2017-03-11"),
            ("hypertension.quarter_3", "2017-06-09"),
            ("hypertension.quarter_4", "2017-09-07"),
            ("other.once", "2016-09-26"),
        ]

    def test_signs_the_unsigned_first(self):
        assert tasks(contract=None) == [("sign_contract", "2016-10-12")]

    def test_finds_out_who_an_unrecognised_patient_is(self):
        found = tasks(stay=replace(STAY, identity_open=True), contract=None)

        assert found == [("verify", "2016-09-19"), ("sign_contract", "2016-10-12")]

    def test_asks_nothing_else_of_a_provisional_person(self):
        stay = replace(STAY, identity_open=True, is_provisional=True)

        assert tasks(stay=stay, contract=None) == [("verify", "2016-09-19")]

    def test_leaves_visits_that_are_no_stay_alone(self):
        assert tasks(stay=replace(STAY, diseases=())) == []

    @pytest.mark.parametrize(
        "change", [{"person": replace(PERSON, ended_on=DAY)}, {"stay": replace(STAY, is_reversed=True)}]
    )
    def test_asks_nothing_where_nobody_is_to_be_visited(self, change):
        assert tasks(**change) == []

    def test_does_not_make_up_for_what_lies_before_the_contract(self):
        late = replace(CONTRACT, terms=replace(CONTRACT.terms, valid_from=date(2017, 1, 1)))

        assert [rule for rule, _ in tasks(contract=late)] == [
            "tuberculosis.month_4",
            "tuberculosis.month_5",
            "tuberculosis.month_6",
        ]


class TestRules:
    def test_ask_nothing_after_a_visit_that_is_not_followed_up(self):
        assert VERSION.diseases_of(diagnoses=["I10"], visit_type="outpatient") == ()

    def test_ask_nothing_for_a_disease_no_longer_listed(self):
        assert visits_after(stay=replace(STAY, diseases=("plague",)), version=VERSION, not_before=DAY) == ()

    def test_are_not_in_force_before_their_first_day(self):
        with pytest.raises(RuleNotInForce):
            version_on(versions=load_rules(), day=date(2009, 12, 31))


class TestIds:
    def test_are_the_same_for_the_same_settlement_and_others_for_the_next(self):
        first = follow_up_id_of(settlement_id=UUID(int=7), rule="other.once", window_to=DAY)

        assert first == follow_up_id_of(settlement_id=UUID(int=7), rule="other.once", window_to=DAY)
        assert first != follow_up_id_of(settlement_id=UUID(int=8), rule="other.once", window_to=DAY)


class TestPerson:
    def test_takes_a_township_from_a_discharge_until_identity_tells_one(self):
        unknown = Person(UUID(int=1), "211381")

        assert met(unknown, township="211381102").township == "211381102"
        assert met(unknown, township=None) == unknown
        assert met(PERSON, township="211381102") == PERSON

    def test_takes_identitys_township_and_keeps_one_where_identity_tells_none(self):
        guessed = Person(UUID(int=1), "211381", "211381102")

        assert registered(guessed, county="211381", township="211381103").township == "211381103"
        assert registered(guessed, county="211381", township=None).township == "211381102"
