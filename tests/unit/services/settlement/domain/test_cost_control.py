"""Shares of a hospital's month, worked out by hand, and when they pass a limit."""

from datetime import date
from decimal import Decimal

import pytest

from common.core.money import ZERO, Money
from common.core.period import Period
from services.settlement.domain.cost_control import (
    CostKind,
    CostRules,
    MonthOfHospital,
    Packages,
    ShareLimit,
    shares_of,
)

WORDS = {"西药费": CostKind.DRUG, "11": CostKind.DRUG, "耗材费": CostKind.CONSUMABLE, "检查费": CostKind.TEST}
DAY = date(2019, 8, 31)


def month(charged, *, total=1000, itemised=800, own=100):
    return MonthOfHospital(
        institution_code="H1",
        stay_count=2,
        total=Money(total),
        own_expense=Money(own),
        itemised_count=1,
        itemised=Money(itemised),
        charged={word: Money(fen) for word, fen in charged.items()},
        packages=Packages(0, ZERO, ZERO, 0, ZERO),
    )


def limits(*rows):
    return tuple(
        ShareLimit("350723", kind, Decimal(limit), Period(date(2019, 7, 22), end)) for kind, limit, end in rows
    )


def told(charged, rules=CostRules(WORDS, ()), **fields):  # noqa: B008 - never changed
    shares = shares_of(month=month(charged, **fields), rules=rules, county="350723", day=DAY)
    return {each.kind.value: (each.amount.fen, each.share, each.is_over) for each in shares}


def test_are_of_itemised_charges_and_outside_the_catalogue_of_all():
    assert told({"西药费": 200, "11": 40, "耗材费": 100, "床位费": 460}) == {
        "drug": (240, Decimal("0.3000"), False),
        "consumable": (100, Decimal("0.1250"), False),
        "test": (0, Decimal("0.0000"), False),
        "out_of_catalogue": (100, Decimal("0.1000"), False),
    }


def test_of_nothing_are_none():
    assert told({}, itemised=0)["drug"] == (0, None, False)


@pytest.mark.parametrize(
    ("kind", "limit", "end", "is_over"),
    [
        (CostKind.DRUG, "0.30", None, False),
        # 240 of 800 is 0.3 exactly: only above is over.
        (CostKind.DRUG, "0.2999", None, True),
        (CostKind.DRUG, "0.10", date(2019, 8, 31), False),
        (CostKind.DRUG, "0.10", date(2019, 9, 1), True),
        (CostKind.OUT_OF_CATALOGUE, "0.09", None, True),
    ],
)
def test_pass_a_limit_that_counts_on_the_day(kind, limit, end, is_over):
    rules = CostRules(WORDS, limits((kind, limit, end)))

    assert told({"西药费": 200, "11": 40}, rules)[kind.value][2] is is_over


def test_a_limit_of_another_county_says_nothing():
    other = CostRules(WORDS, (ShareLimit("211381", CostKind.DRUG, Decimal(0), Period(date(2019, 1, 1), None)),))

    assert not told({"西药费": 200}, other)["drug"][2]
