"""Yearly accumulators (年度累计): what a person's stays of a year used up and were paid, per account of the policy.

Room: domain of settlement. The year is that of the discharge day; stays count in the order of settling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.core.money import ZERO, Money


@dataclass(frozen=True, slots=True)
class Balance:
    """State of one account, or a change of it; changes may be negative.

    Attributes:
        base: Cost counted so far (累计基数).
        deductible: Start lines charged so far (累计起付线).
        paid: Paid so far (累计支付).
        stay_count: Stays that used the account.
    """

    base: Money = ZERO
    deductible: Money = ZERO
    paid: Money = ZERO
    stay_count: int = 0

    def __add__(self, other: Balance) -> Balance:
        return Balance(
            self.base + other.base,
            self.deductible + other.deductible,
            self.paid + other.paid,
            self.stay_count + other.stay_count,
        )

    def __neg__(self) -> Balance:
        return Balance(-self.base, -self.deductible, -self.paid, -self.stay_count)


EMPTY = Balance()
Balances = Mapping[str, Balance]


def moved(*, before: Balances, changes: Balances) -> dict[str, Balance]:
    """Return the balances after the changes; accounts without a change stay as they are."""
    return dict(before) | {account: before.get(account, EMPTY) + change for account, change in changes.items()}


def mirrored_changes(*, changes: Balances) -> dict[str, Balance]:
    """Return the exact negative, as a reversal (冲正) books it."""
    return {account: -change for account, change in changes.items()}
