"""A family-doctor contract: at least a year, one at a time, ended once."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.contracts.domain.contract import (
    Contract,
    ContractAlreadyEnded,
    ContractAlreadyLive,
    ContractTooShort,
    DatesImpossible,
    EndReason,
    PersonIsEnded,
    Terms,
    check_terms,
    end,
    end_by_rule,
    running,
    sign,
)
from services.contracts.domain.person import Person

TODAY = date(2016, 9, 12)
NOW = datetime(2016, 9, 12, 2, tzinfo=UTC)
PERSON = Person(UUID(int=1), "211381", "211381101", is_registered=True)


def terms(valid_from=date(2016, 1, 1), valid_to=date(2016, 12, 31)) -> Terms:
    return Terms(UUID(int=9), ("basic",), valid_from, valid_to)


def a_contract(**fields) -> Contract:
    usual = Contract(UUID(int=5), PERSON.person_id, "211381", "211381101", terms(), NOW)
    return replace(usual, **fields)


class TestCheckTerms:
    @pytest.mark.parametrize(
        ("valid_from", "valid_to"),
        [
            (date(2016, 1, 1), date(2016, 12, 31)),
            (date(2016, 2, 29), date(2017, 2, 28)),
            (date(2017, 9, 12), date(2018, 9, 11)),
            (date(2016, 1, 1), date(9999, 12, 31)),
        ],
    )
    def test_lets_a_year_pass(self, valid_from, valid_to):
        check_terms(terms=terms(valid_from, valid_to), today=TODAY)

    @pytest.mark.parametrize(
        ("valid_from", "valid_to"),
        [(date(2016, 1, 1), date(2016, 12, 30)), (date(2016, 2, 29), date(2017, 2, 27))],
    )
    def test_refuses_a_day_less(self, valid_from, valid_to):
        with pytest.raises(ContractTooShort):
            check_terms(terms=terms(valid_from, valid_to), today=TODAY)

    @pytest.mark.parametrize(
        ("valid_from", "valid_to"),
        [
            (date(2016, 1, 2), date(2016, 1, 1)),
            (date(2017, 9, 13), date(2019, 1, 1)),
            (date(9999, 12, 31), date(9999, 12, 31)),
        ],
    )
    def test_refuses_days_that_cannot_be(self, valid_from, valid_to):
        with pytest.raises(DatesImpossible):
            check_terms(terms=terms(valid_from, valid_to), today=TODAY)


class TestSign:
    def sign(self, **fields):
        usual = {"person": PERSON, "terms": terms(), "live": None, "earlier_count": 0}
        return sign(**(usual | fields), signed_at=NOW, today=TODAY)

    def test_gives_the_same_contract_the_same_id_and_the_next_another(self):
        first, again, second = self.sign(), self.sign(), self.sign(earlier_count=1)

        assert first == again
        assert first.contract_id != second.contract_id
        assert (first.township, first.is_ended) == ("211381101", False)

    def test_refuses_a_second_one_while_one_is_live(self):
        with pytest.raises(ContractAlreadyLive):
            self.sign(live=a_contract())

    def test_refuses_who_died_or_left(self):
        with pytest.raises(PersonIsEnded):
            self.sign(person=replace(PERSON, ended_on=TODAY))


class TestRunning:
    @pytest.mark.parametrize(
        ("contract", "day", "runs"),
        [
            (a_contract(), date(2016, 12, 31), True),
            (a_contract(), date(2017, 1, 1), False),
            (a_contract(ended_on=TODAY, reason=EndReason.LOST), TODAY, False),
            (None, TODAY, False),
        ],
    )
    def test_knows_the_last_day(self, contract, day, runs):
        assert (running(contract=contract, day=day) is not None) is runs


class TestEnd:
    def end(self, contract=None, ended_on=TODAY, reason=EndReason.OWN_WISH):
        return end(contract=contract or a_contract(), ended_on=ended_on, reason=reason, today=TODAY)

    def test_ends_a_contract_once(self):
        ended = self.end()

        assert (ended.ended_on, ended.reason) == (TODAY, EndReason.OWN_WISH)
        assert self.end(ended) is ended

    @pytest.mark.parametrize("other", [{"ended_on": date(2016, 9, 11)}, {"reason": EndReason.DIED}])
    def test_refuses_another_end_afterwards(self, other):
        with pytest.raises(ContractAlreadyEnded):
            self.end(self.end(), **other)

    @pytest.mark.parametrize("day", [date(2015, 12, 31), date(2016, 9, 13)])
    def test_refuses_days_outside(self, day):
        with pytest.raises(DatesImpossible):
            self.end(ended_on=day)

    def test_refuses_a_day_after_the_last(self):
        over = a_contract(terms=terms(date(2015, 1, 1), date(2015, 12, 31)))

        with pytest.raises(DatesImpossible):
            self.end(over, ended_on=date(2016, 1, 1))

    @pytest.mark.parametrize(
        ("on", "ended_on"),
        [
            (date(2015, 1, 1), date(2016, 1, 1)),
            (date(2016, 5, 5), date(2016, 5, 5)),
            (date(2017, 5, 5), date(2016, 12, 31)),
        ],
    )
    def test_by_rule_stays_inside_the_contract(self, on, ended_on):
        ended = end_by_rule(contract=a_contract(), on=on, reason=EndReason.EXPIRED)

        assert (ended.ended_on, ended.reason) == (ended_on, EndReason.EXPIRED)
