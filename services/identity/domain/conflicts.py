"""What the rows of one list say against each other: of two that contradict, neither wins silently (programme.md ID-5).

Room: domain of identity. Next hop: services/identity/domain/decision.py
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from common.core.citizen_number import normalised_name
from services.identity.domain import columns
from services.identity.domain.roster import Reason, RosterRow

LARGEST_HOUSEHOLD = 50
"""More rows than this under one household number are no household but a mistake in the column."""

_DUPLICATE = Reason(
    "duplicate_in_file", columns.CITIZEN_ID, "the same person stands in an earlier row", "与前面某行为同一人，重复"
)
_TWO_HOUSEHOLDS = Reason(
    "number_in_two_households", columns.CITIZEN_ID, "the same number stands in two households", "同一号码出现在两户"
)
_TWO_NAMES = Reason(
    "names_differ_in_file", columns.NAME, "the same number stands under two names", "同一号码对应不同姓名"
)
_TOO_LARGE = Reason(
    "household_too_large", columns.HOUSEHOLD_NO, f"more than {LARGEST_HOUSEHOLD} rows", "同一户编号行数过多"
)


def conflicts_in_file(*, rows: Iterable[RosterRow]) -> dict[int, Reason]:
    """Return, by row number, the reason why a row contradicts or repeats another one of the same list.

    Of rows that repeat the same person and category in one household the first stands.
    """
    taken = list(rows)
    found: dict[int, Reason] = {}
    sizes = Counter(row.household_no for row in taken if row.household_no)
    by_number: dict[str, list[RosterRow]] = defaultdict(list)
    for row in taken:
        if sizes[row.household_no] > LARGEST_HOUSEHOLD:
            found[row.row_no] = _TOO_LARGE
        if row.number is not None:
            by_number[row.number.value].append(row)
    for same in by_number.values():
        if len(same) > 1:
            found |= _among(same)
    return found


def _among(same: Sequence[RosterRow]) -> dict[int, Reason]:
    """Judge the rows of one number."""
    if len({row.household_no for row in same}) > 1:
        return {row.row_no: _TWO_HOUSEHOLDS for row in same}
    if len({normalised_name(row.name) for row in same}) > 1:
        return {row.row_no: _TWO_NAMES for row in same}
    seen: set[str | None] = set()
    repeated: dict[int, Reason] = {}
    for row in same:
        if row.category in seen:
            repeated[row.row_no] = _DUPLICATE
        seen.add(row.category)
    return repeated
