"""An amount as a policy writes it (金额的写法): yuan, or a share of an income figure or of the bill between limits.

Room: domain of settlement. Next hop: services/settlement/domain/condition.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from common.core.money import ZERO, Money, round_half_up

NO_SHARE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Amount:
    """Yuan, or a share of a named quantity, rounded half up to the fen (policies.md 2 A).

    Attributes:
        fixed: The amount itself; None when it is a share.
        share: Ratio, may be above 1 (twice an income).
        of: `total` or `in_scope` of the bill, or the name of a figure (收入指标).
        at_least: Lower limit of a share.
        at_most: Upper limit of a share.
    """

    fixed: Money | None
    share: Decimal = NO_SHARE
    of: str = ""
    at_least: Money | None = None
    at_most: Money | None = None

    def __str__(self) -> str:
        """As the file writes it.

        >>> str(Amount(Money(30000))), str(Amount(None, Decimal("0.2"), "total", Money(200000), Money(1000000)))
        ('300.00', '0.2 of total, at least 2000.00, at most 10000.00')
        """
        if self.fixed is not None:
            return str(self.fixed)
        least = f", at least {self.at_least}" if self.at_least is not None else ""
        most = f", at most {self.at_most}" if self.at_most is not None else ""
        return f"{self.share} of {self.of}{least}{most}"

    def worth(self, quantities: Mapping[str, Money]) -> Money:
        """Return the amount in fen.

        Args:
            quantities: Name -> amount, of the bill and the figures.
        """
        if self.fixed is not None:
            return self.fixed
        exact = round_half_up(quantities[self.of].fen * self.share)
        if self.at_least is not None:
            exact = max(exact, self.at_least)
        return exact if self.at_most is None else min(exact, self.at_most)


def yuan(amount: Money = ZERO) -> Amount:
    """Return an amount that is simply yuan."""
    return Amount(amount)
