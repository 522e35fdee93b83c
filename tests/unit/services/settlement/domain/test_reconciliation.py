"""A hospital's sheet against ours: every reason a line may differ, and the totals of what counts."""

from datetime import date, timedelta

import pytest

from common.core.money import Money
from services.settlement.domain.reconciliation import (
    Amounts,
    OurStay,
    Reason,
    TheirStay,
    Totals,
    differences,
    totals_of,
)

FIRST, LAST = date(2016, 9, 1), date(2016, 9, 30)


def amounts(total, fund, patient):
    return Amounts(Money(total), Money(fund), Money(patient))


def ours(record_no, day=FIRST, *, is_live=True):
    return OurStay(record_no, f"id of {record_no}", amounts(100, 80, 20), day, is_live)


def theirs(record_no, total=100, fund=80, patient=20):
    return TheirStay(record_no, amounts(total, fund, patient))


def reasons(own, sent):
    found = differences(ours=own, theirs=sent, first=FIRST, last=LAST)
    return [(each.record_no, each.reason, each.ours is not None, each.theirs is not None) for each in found]


@pytest.mark.parametrize(
    ("own", "sent", "found"),
    [
        ([], [], []),
        ([ours("A"), ours("B", LAST)], [theirs("B"), theirs("A")], []),
        ([ours("A")], [theirs("A", total=101)], [("A", Reason.AMOUNTS_DIFFER, True, True)]),
        ([ours("A")], [theirs("A", fund=79)], [("A", Reason.AMOUNTS_DIFFER, True, True)]),
        ([ours("A")], [theirs("A", patient=21)], [("A", Reason.AMOUNTS_DIFFER, True, True)]),
        ([], [theirs("A")], [("A", Reason.NOT_SETTLED, False, True)]),
        ([ours("A")], [], [("A", Reason.NOT_LISTED, True, False)]),
        ([ours("A", is_live=False)], [theirs("A")], [("A", Reason.REVERSED, True, True)]),
        ([ours("A", is_live=False)], [], []),
        ([ours("A", FIRST - timedelta(1))], [theirs("A")], [("A", Reason.SETTLED_OUTSIDE_PERIOD, True, True)]),
        ([ours("A", LAST + timedelta(1))], [theirs("A")], [("A", Reason.SETTLED_OUTSIDE_PERIOD, True, True)]),
        ([ours("A", LAST + timedelta(1))], [], []),
        ([ours("A")], [theirs("A"), theirs("A")], [("A", Reason.LISTED_TWICE, True, True)]),
        (
            [ours("A"), ours("B")],
            [theirs("C"), theirs("A", total=1)],
            [
                ("C", Reason.NOT_SETTLED, False, True),
                ("A", Reason.AMOUNTS_DIFFER, True, True),
                ("B", Reason.NOT_LISTED, True, False),
            ],
        ),
    ],
)
def test_every_reason(own, sent, found):
    assert reasons(own, sent) == found


def test_totals_count_what_lives_and_was_settled_in_the_period():
    own = [ours("A"), ours("B", LAST), ours("C", LAST + timedelta(1)), ours("D", is_live=False)]

    assert totals_of(ours=own, first=FIRST, last=LAST) == Totals(2, amounts(200, 160, 40))
