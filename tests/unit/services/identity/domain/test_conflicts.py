"""What rows of one list say against each other."""

from __future__ import annotations

import pytest

from services.identity.domain.conflicts import LARGEST_HOUSEHOLD, conflicts_in_file
from services.identity.domain.roster import RosterRow
from tests.unit.services.identity.builders import a_number, a_row


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ([a_row(2), a_row(3, number=a_number(2))], {}),
        ([a_row(2), a_row(3)], {3: "duplicate_in_file"}),
        ([a_row(2, name="王 某"), a_row(3)], {3: "duplicate_in_file"}),
        ([a_row(2, category="destitute"), a_row(3, category="orphan")], {}),
        (
            [a_row(2), a_row(3, household_no="B1")],
            {2: "number_in_two_households", 3: "number_in_two_households"},
        ),
        ([a_row(2), a_row(3, name="李某")], {2: "names_differ_in_file", 3: "names_differ_in_file"}),
        ([a_row(2, number=None), a_row(3, number=None)], {}),
    ],
)
def test_of_contradicting_rows_neither_wins(rows: list[RosterRow], codes: dict[int, str]) -> None:
    assert {number: reason.code for number, reason in conflicts_in_file(rows=rows).items()} == codes


def test_a_household_of_half_a_village_is_a_mistake() -> None:
    rows = [a_row(number + 2, number=a_number(number)) for number in range(LARGEST_HOUSEHOLD + 1)]

    found = conflicts_in_file(rows=rows)

    assert len(found) == LARGEST_HOUSEHOLD + 1
    assert {reason.code for reason in found.values()} == {"household_too_large"}
