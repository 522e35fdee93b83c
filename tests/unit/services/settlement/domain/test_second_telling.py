"""Which two in-patient stays of one person at one hospital are one and the same."""

from datetime import date

import pytest

from services.settlement.domain.second_telling import StayDays


def days(first, last):
    return StayDays(date(2016, 9, first), date(2016, 9, last))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (days(7, 12), days(7, 12), True),
        (days(7, 12), days(1, 9), True),
        (days(7, 12), days(1, 8), False),
        (days(7, 12), days(1, 7), False),
        (days(7, 12), days(1, 6), False),
        (days(7, 12), days(9, 10), False),
        (days(7, 12), days(9, 11), True),
        (days(7, 7), days(7, 7), True),
        (days(7, 8), days(7, 8), True),
        (days(7, 8), days(7, 9), False),
    ],
)
def test_they_share_more_than_a_day_or_both_days(one, other, same):
    assert one.is_also(other) is other.is_also(one) is same
