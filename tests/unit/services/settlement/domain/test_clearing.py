"""What a batch says and pays."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.core.money import Money
from services.settlement.domain.clearing import (
    Calendar,
    ClearingLine,
    Declaration,
    Terms,
    Verdict,
    closing_entry,
    declaration_of,
    is_end_of,
    lines_hash,
    repayment_entry,
    sum_of,
)

ID = UUID(int=1)
DIRECT = Terms(Calendar.MONTH, None)


def a_line(number, fen, verdict=None, kind="settlement"):
    return ClearingLine(number, UUID(int=number), f"R{number}", kind, Money(fen), verdict)


LINES = st.lists(st.tuples(st.integers(-(10**9), 10**9), st.sampled_from([*Verdict])), max_size=20).map(
    lambda drawn: [a_line(number, fen, verdict) for number, (fen, verdict) in enumerate(drawn, start=1)]
)


@pytest.mark.parametrize(
    ("calendar", "day", "ends"),
    [
        (Calendar.MONTH, "2016-02-29", True),
        (Calendar.MONTH, "2016-02-28", False),
        (Calendar.MONTH, "2015-12-31", True),
        (Calendar.QUARTER, "2016-09-30", True),
        (Calendar.QUARTER, "2016-10-31", False),
        (Calendar.QUARTER, "2016-09-29", False),
    ],
)
def test_a_period_ends_with_the_last_day_of_a_month_or_quarter(calendar, day, ends):
    assert is_end_of(calendar, date.fromisoformat(day)) is ends


def test_a_batch_declares_count_and_sum():
    assert declaration_of([a_line(1, 500), a_line(2, -200, kind="reversal")]) == Declaration(2, Money(300))


def test_the_hash_changes_with_every_field_that_counts():
    lines = [a_line(1, 500), a_line(2, 700)]
    others = [
        [a_line(1, 501), a_line(2, 700)],
        [a_line(1, 500, kind="reversal"), a_line(2, 700)],
        lines[:1],
        [lines[1], lines[0]],
    ]

    assert len({lines_hash(each) for each in (lines, *others)}) == 5
    assert lines_hash([a_line(1, 500, Verdict.REFUSED), a_line(2, 700)]) == lines_hash(lines)


@given(lines=LINES, centre=st.sampled_from([None, "basic", "aid"]))
def test_what_is_paid_and_lost_leaves_the_receivable_and_nothing_else_moves(lines, centre):
    entry = closing_entry(entry_id=ID, fund="aid", lines=lines, terms=Terms(Calendar.MONTH, centre), payee="H1")

    sides = {each.account: each.amount.fen for each in entry.postings}
    paid, lost = sum_of(lines, Verdict.ACCEPTED).fen, sum_of(lines, Verdict.REFUSED).fen
    assert sides.get("hospital_bank", 0) == paid
    assert sides.get("clearing_refused", 0) == lost
    assert sides.get("receivable:aid", 0) == -paid - lost
    fronted = paid if centre == "basic" else 0
    assert (sides.get("centre_claim:aid", 0), sides.get("centre_bank", 0)) == (fronted, -fronted)


def test_a_repayment_takes_the_claim_back():
    entry = repayment_entry(entry_id=ID, fund="aid", amount=Money(900))

    assert [(each.account, each.amount.fen) for each in entry.postings] == [
        ("centre_bank", 900),
        ("centre_claim:aid", -900),
    ]


def test_a_batch_of_nothing_but_postponed_lines_moves_nothing():
    assert (
        closing_entry(
            entry_id=ID, fund="aid", lines=[a_line(1, 5, Verdict.POSTPONED)], terms=DIRECT, payee="H1"
        ).postings
        == ()
    )
