"""Money: whole fen, and one rounding."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.core.errors import Refused
from common.core.money import ZERO, Money, NotWholeFen, money_from_yuan, round_half_up
from common.core.period import Period, PeriodReversed


class TestMoney:
    @pytest.mark.parametrize("value", [1.0, "1", Decimal(1), True])
    def test_is_made_of_an_integer_only(self, value):
        with pytest.raises(TypeError):
            Money(value)

    def test_adds_subtracts_and_turns(self):
        assert Money(5) - Money(7) == -Money(2)
        assert Money(5) + Money(7) == Money(12)
        assert not ZERO

    def test_prints_yuan_with_two_decimals(self):
        assert [str(Money(n)) for n in (0, -5, 397160)] == ["0.00", "-0.05", "3971.60"]


class TestRoundHalfUp:
    @pytest.mark.parametrize(
        ("exact", "fen"), [("0.4999", 0), ("0.5", 1), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("-0.49", 0)]
    )
    def test_goes_away_from_zero_at_the_half(self, exact, fen):
        assert round_half_up(Decimal(exact)) == Money(fen)
        assert round_half_up(Fraction(exact)) == Money(fen)

    @given(st.fractions())
    def test_is_never_more_than_half_a_fen_off(self, exact):
        assert abs(round_half_up(exact).fen - exact) <= Fraction(1, 2)


class TestMoneyFromYuan:
    def test_reads_yuan(self):
        assert money_from_yuan("2875.30") == Money(287530)

    @pytest.mark.parametrize("text", ["1.001", "x", "NaN", "Infinity"])
    def test_refuses_what_is_no_amount_of_fen(self, text):
        with pytest.raises(NotWholeFen):
            money_from_yuan(text)


class TestPeriod:
    def test_covers_its_first_day_but_not_its_last(self):
        period = Period(date(2016, 1, 1), date(2016, 7, 1))

        assert period.covers(date(2016, 1, 1))
        assert not period.covers(date(2016, 7, 1))
        assert not period.covers(date(2015, 12, 31))

    def test_overlaps_only_when_a_day_is_shared(self):
        first, second = Period(date(2016, 1, 1), date(2016, 7, 1)), Period(date(2016, 7, 1))

        assert not first.overlaps(second)
        assert not second.overlaps(first)
        assert second.overlaps(Period(date(2020, 1, 1)))

    def test_cannot_end_before_it_begins(self):
        with pytest.raises(PeriodReversed):
            Period(date(2016, 7, 1), date(2016, 1, 1))


class TestDomainError:
    def test_carries_both_texts_and_its_facts(self):
        error = Refused("no", zh="不行", county="211381")

        assert (error.code, error.detail, error.detail_zh, error.facts) == (
            "refused",
            "no",
            "不行",
            {"county": "211381"},
        )
        assert Refused("no").detail_zh == "no"
