"""Amounts in capitals read as a bank would, and back to the fen."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.core.money import Money
from services.settlement.domain.capitals import capitals_of

DIGITS = {digit: value for value, digit in enumerate("零壹贰叁肆伍陆柒捌玖")}
PLACES = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "零元整"),
        (5, "伍分"),
        (50, "伍角"),
        (100, "壹元整"),
        (1_000, "壹拾元整"),
        (1_005, "壹拾元零伍分"),
        (1_050, "壹拾元伍角"),
        (140_950, "壹仟肆佰零玖元伍角"),
        (600_714, "陆仟零柒元壹角肆分"),
        (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
        (10_700_053, "壹拾万柒仟元伍角叁分"),
        (1_000_100_00, "壹佰万零壹佰元整"),
        (10_000_000_000_00, "壹佰亿元整"),
        (100_000_001_00, "壹亿零壹元整"),
        (100_050_000_00, "壹亿零伍万元整"),
    ],
)
def test_reads_as_written_by_hand(fen, text):
    assert capitals_of(Money(fen)) == text


@given(fen=st.integers(0, 10**15))
@example(fen=10_000_00)
def test_reads_back_to_the_fen(fen):
    text = capitals_of(Money(fen))

    assert fen_of(text) == fen
    assert "零零" not in text
    assert text.endswith("整") is (fen % 100 == 0)


@pytest.mark.parametrize("fen", [-1, 10**18])
def test_refuses_what_nobody_pays(fen):
    with pytest.raises(ValueError, match="no capitals"):
        capitals_of(Money(fen))


def fen_of(text):
    """Read an amount in capitals back, without the rules that wrote it."""
    yuan, jiao, cents = re.fullmatch(r"(?:(.+)元)?整?(?:零?(.)角)?(?:零?(.)分)?", text).groups()
    return whole_of(yuan or "零") * 100 + DIGITS[jiao or "零"] * 10 + DIGITS[cents or "零"]


def whole_of(text):
    for unit, value in (("万亿", 10**12), ("亿", 10**8), ("万", 10**4)):
        if unit in text:
            high, low = text.split(unit, 1)
            return whole_of(high) * value + whole_of(low)
    total, digit = 0, 0
    for sign in text:
        if sign in DIGITS:
            digit = DIGITS[sign]
        else:
            total += digit * PLACES[sign]
            digit = 0
    return total + digit
