"""Budgets (基金预算): what a bureau gives a fund for a year, in dated changes, and what is left of it.

Nothing is stored twice: what was booked follows from the postings. Room: domain of settlement.
Next hop: services/settlement/adapters/budgets.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import accumulate
from uuid import UUID

from common.core.errors import Conflict, Refused
from common.core.money import ZERO, Money


class BudgetBelowZero(Conflict):
    """With the change the budget would be less than nothing on some day."""

    code = "budget_below_zero"
    zh = "调整后预算将小于零"


class BudgetChangeEmpty(Refused):
    """A change of nothing is none."""

    code = "budget_change_empty"
    zh = "预算调整金额不得为零"


class DayOutsideYear(Refused):
    """The change takes effect on a day that is not in the budget's year."""

    code = "dates_impossible"
    zh = "预算生效日须在预算年度内"


class BudgetTooSmall(Conflict):
    """The account has less left than is to be set aside."""

    code = "budget_too_small"
    zh = "账户可用余额不足，无法预留"


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money of an account's year that is set aside (预算预留) until a China day, that day included."""

    reservation_id: UUID
    county: str
    fund: str
    year: int
    ledger: str
    amount: Money
    purpose: str
    expires_on: date
    reserved_at: datetime
    released_at: datetime | None = None

    def released(self, at: datetime) -> Reservation:
        """Return it as it stands once it was given free."""
        return replace(self, released_at=at)


@dataclass(frozen=True, slots=True)
class BudgetChange:
    """One change of a budget (预算调整).

    Attributes:
        ledger: Sub-ledger; empty for the fund itself.
        effective_on: China day from which it counts.
        amount: Added to the budget; negative takes away.
    """

    ledger: str
    effective_on: date
    amount: Money


def require_change(*, year: int, before: Sequence[BudgetChange], change: BudgetChange) -> None:
    """Let a change through that leaves the account's budget at zero or more on every day.

    Args:
        year: The budget's.
        before: Changes of the same fund and year, in any order.
        change: The new one.

    Raises:
        BudgetChangeEmpty: If it changes nothing.
        DayOutsideYear: If it counts from a day of another year.
        BudgetBelowZero: If the budget of its ledger would be below zero on some day.
    """
    if not change.amount:
        raise BudgetChangeEmpty("a change of 0 fen is none")
    if change.effective_on.year != year:
        raise DayOutsideYear(f"{change.effective_on} is not in {year}")
    of_ledger = [each for each in (*before, change) if each.ledger == change.ledger]
    lowest = lowest_budget(changes=of_ledger)
    if lowest < ZERO:
        raise BudgetBelowZero(f"the budget would be {lowest.fen} fen", lowest_fen=lowest.fen)


def lowest_budget(*, changes: Sequence[BudgetChange]) -> Money:
    """Return the smallest budget at the end of any day, in fen; what changes on one day counts together."""
    by_day: dict[date, Money] = {}
    for each in sorted(changes, key=lambda one: one.effective_on):
        by_day[each.effective_on] = by_day.get(each.effective_on, ZERO) + each.amount
    return min(accumulate(by_day.values()), default=ZERO)


def budget_on(*, changes: Sequence[BudgetChange], day: date) -> dict[str, Money]:
    """Return each ledger's budget on a day, in fen."""
    found: dict[str, Money] = {}
    for each in changes:
        counted = each.amount if each.effective_on <= day else ZERO
        found[each.ledger] = found.get(each.ledger, ZERO) + counted
    return found


def require_reservation(*, wanted: Reservation, available: Money, today: date) -> None:
    """Let a reservation through that the account can bear and that counts on some day from today on.

    Args:
        wanted: What is to be set aside.
        available: What the account has left, in fen.
        today: China day of now.

    Raises:
        DayOutsideYear: If the last day is over or not in the budget's year.
        BudgetTooSmall: If the account has less.
    """
    if wanted.expires_on < today or wanted.expires_on.year != wanted.year:
        raise DayOutsideYear(f"{wanted.expires_on} is over or not in {wanted.year}")
    if wanted.amount > available:
        raise BudgetTooSmall(f"the account has {available.fen} fen left", available_fen=available.fen)


def held_on(*, reservations: Sequence[Reservation]) -> dict[str, Money]:
    """Return each ledger's sum of reservations, in fen."""
    found: dict[str, Money] = {}
    for each in reservations:
        found[each.ledger] = found.get(each.ledger, ZERO) + each.amount
    return found
