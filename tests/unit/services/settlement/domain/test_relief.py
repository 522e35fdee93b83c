"""What relief may take of a fund, and the entries it makes."""

from uuid import UUID

import pytest

from common.core.money import ZERO, Money
from services.settlement.domain.relief import (
    CLASS_NAMES,
    WEIGHED_NAMES,
    FundYear,
    ReliefClass,
    Weighed,
    cut_entry,
    cut_kind,
    over_share,
    relief_entry,
)

SELF, LEDGER = "", "precise_relief"


@pytest.mark.parametrize(
    ("given", "booked", "relieved", "ledger", "left"),
    [
        ({}, 0, {}, SELF, 0),
        ({SELF: 1000}, 300, {}, SELF, 700),
        ({SELF: 1000}, 1300, {}, SELF, -300),
        # 500 of the 600 that are booked came out of the earmarked money.
        ({SELF: 1000, LEDGER: 500}, 600, {LEDGER: 500}, SELF, 900),
        ({SELF: 1000, LEDGER: 500}, 600, {LEDGER: 500, SELF: 100}, SELF, 900),
        ({SELF: 1000, LEDGER: 500}, 9000, {LEDGER: 200}, LEDGER, 300),
        ({SELF: 1000}, 0, {}, LEDGER, 0),
    ],
)
def test_takes_only_what_its_account_still_has(given, booked, relieved, ledger, left):
    year = FundYear(
        given={name: Money(fen) for name, fen in given.items()},
        booked=Money(booked),
        relieved={name: Money(fen) for name, fen in relieved.items()},
    )

    assert year.left_for_relief(ledger=ledger) == Money(left)


def test_what_is_taken_back_mirrors_what_was_given():
    given = relief_entry(entry_id=UUID(int=1), fund="finance", amount=Money(500))
    cut = cut_entry(entry_id=UUID(int=2), kind=cut_kind(3), fund="finance", amount=Money(500))

    assert (given.kind, cut.kind) == ("relief", "relief_cut_3")
    assert [(each.account, each.amount.fen) for each in given.postings] == [
        ("receivable:finance", 500),
        ("patient_share", -500),
    ]
    assert [(each.account, each.layer, each.amount.fen) for each in cut.postings] == [
        ("receivable:finance", "precise_relief", -500),
        ("patient_share", "", 500),
    ]


@pytest.mark.parametrize(("relief", "share", "over"), [(500, 300, 200), (300, 300, 0), (1, 300, 0), (5, -5, 10)])
def test_is_never_more_than_the_share(relief, share, over):
    assert over_share(relief=Money(relief), share=Money(share)) == Money(over)
    assert over_share(relief=ZERO, share=ZERO) == ZERO


def test_every_word_that_is_published_has_its_chinese():
    assert set(CLASS_NAMES) == set(ReliefClass)
    assert set(WEIGHED_NAMES) == set(Weighed)
