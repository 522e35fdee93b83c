"""What the made-up people fall ill with, and what their stays cost: diagnoses and bills in whole fen.

Costs are made up; a bill always adds up to the fen. Next hop: local/world_discharges.py
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass

from local.world_places import County, Institution

INPATIENT, OUTPATIENT, SPECIAL_OUTPATIENT = "inpatient", "outpatient", "special_outpatient"
_CHILD_BELOW, _ELDER_FROM = 15, 60
_CHILD = ("J18.9", "J20.9", "A09.9", "Q21.0", "S52.5")
_ADULT = ("I10", "E11.9", "F20.9", "A15.0", "I63.9", "K80.2", "J18.9", "S82.1", "M51.2", "C16.9", "N18.5", "K35.8")
_ELDER = ("I10", "E11.9", "I63.9", "J44.1", "H25.9", "S72.0", "C34.9", "I21.9", "A15.0", "I25.1")
_LONG_LASTING = ("I10", "E11.9", "F20.9", "N18.5")
_GRAVE = ("C34.9", "C16.9", "I63.9", "I21.9", "N18.5")
_IN_YUAN = {"township": (500, 3_000), "county": (1_800, 9_000)}
_OUT_YUAN = (60, 420)
_GRAVE_IN_SCOPE_YUAN = (30_000, 90_000)


@dataclass(frozen=True, slots=True)
class Bill:
    """The five totals of a bill, in fen; the first is the sum of the others."""

    total_fen: int
    own_expense_fen: int
    over_limit_fen: int
    first_self_pay_fen: int
    in_scope_fen: int

    def as_request(self) -> dict[str, int]:
        """Return the bill as `POST /v1/discharges` takes it."""
        return asdict(self)


def diagnoses_of(own: random.Random, *, years: int, visit_type: str, is_grave: bool) -> tuple[str, ...]:
    """Return one to three ICD-10 codes that fit an age, the main one first."""
    if is_grave:
        main = own.choice(_GRAVE)
    elif visit_type == SPECIAL_OUTPATIENT:
        main = own.choice(_LONG_LASTING)
    else:
        main = own.choice(_usual(years))
    others = [code for code in own.sample(_usual(years), own.choice((0, 0, 1, 2))) if code != main]
    return (main, *others)


def usual_bill(own: random.Random, *, institution: Institution, visit_type: str) -> Bill:
    """Return the bill of a usual stay or visit."""
    low, high = _IN_YUAN[institution.level] if visit_type == INPATIENT else _OUT_YUAN
    total = own.randrange(low * 100, high * 100)
    own_expense = total * own.randint(0, 70) // 1000
    over_limit = total * own.choice((0, 0, 0, 15)) // 1000
    first_self_pay = total * own.randint(0, 60) // 1000
    return _added_up(own_expense, over_limit, first_self_pay, total - own_expense - over_limit - first_self_pay)


def grave_bill(own: random.Random, *, county: County) -> Bill:
    """Return the bill of a stay whose own expense alone passes the county's warning line for a household."""
    low, high = _GRAVE_IN_SCOPE_YUAN
    line = county.warning_line_fen
    return _added_up(own.randrange(line + line // 10, 2 * line), 0, own.randrange(line), own.randrange(low, high) * 100)


def _added_up(own_expense: int, over_limit: int, first_self_pay: int, in_scope: int) -> Bill:
    total = own_expense + over_limit + first_self_pay + in_scope
    return Bill(total, own_expense, over_limit, first_self_pay, in_scope)


def _usual(years: int) -> tuple[str, ...]:
    if years < _CHILD_BELOW:
        return _CHILD
    return _ELDER if years >= _ELDER_FROM else _ADULT
