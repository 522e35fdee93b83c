"""Cost control (三定、费用控制): what a hospital charged in a month, by kind, and package prices against charges.

What a patient pays never depends on it. Sources: programme.md S23, SE-11, indicators I10 and I11 (Guangze 2019, Beipiao
2016). Room: domain of settlement.
Next hop: services/settlement/usecases/read_cost_control.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from common.core.money import ZERO, Money
from common.core.period import Period


class CostKind(StrEnum):
    """What is watched."""

    DRUG = "drug"
    CONSUMABLE = "consumable"
    TEST = "test"
    OUT_OF_CATALOGUE = "out_of_catalogue"


@dataclass(frozen=True, slots=True)
class ShareLimit:
    """From which share on a hospital gets a signal, 0..1, on the days of a period."""

    county: str
    kind: CostKind
    limit: Decimal
    valid: Period


@dataclass(frozen=True, slots=True)
class CostRules:
    """Words of lines by kind, and the limits of the counties."""

    words: Mapping[str, CostKind]
    limits: tuple[ShareLimit, ...]

    def limit_of(self, *, county: str, kind: CostKind, day: date) -> Decimal | None:
        """Return the limit that counts on a day; None where the county has set none."""
        own = (each for each in self.limits if (each.county, each.kind) == (county, kind))
        return next((each.limit for each in own if each.valid.covers(day)), None)


@dataclass(frozen=True, slots=True)
class Packages:
    """Stays that were paid by a package price: how many, their prices and charges, and those charged above it."""

    stay_count: int
    price: Money
    charged: Money
    over_count: int
    over: Money


@dataclass(frozen=True, slots=True)
class MonthOfHospital:
    """What a hospital charged for the stays discharged in a month.

    Attributes:
        itemised: Charges of the stays that came with lines; shares of kinds are of these.
        charged: Word of a line's category -> charges.
    """

    institution_code: str
    stay_count: int
    total: Money
    own_expense: Money
    itemised_count: int
    itemised: Money
    charged: Mapping[str, Money]
    packages: Packages


@dataclass(frozen=True, slots=True)
class Share:
    """A kind's charges of a whole; `share` is None of nothing, `is_over` only where a limit is set and passed."""

    kind: CostKind
    amount: Money
    whole: Money
    limit: Decimal | None

    @property
    def share(self) -> Decimal | None:
        """Amount of the whole, to four places."""
        if not self.whole:
            return None
        return (Decimal(self.amount.fen) / self.whole.fen).quantize(Decimal("0.0001"))

    @property
    def is_over(self) -> bool:
        """Whether the exact share, not the rounded one, is above the limit."""
        return self.limit is not None and self.amount.fen > self.limit * self.whole.fen


def shares_of(*, month: MonthOfHospital, rules: CostRules, county: str, day: date) -> tuple[Share, ...]:
    """Return the four shares of a hospital's month.

    Args:
        month: What it charged.
        rules: Words and limits.
        county: Whose limits count.
        day: On which they count: the last of the month.
    """
    sums: dict[CostKind, Money] = {}
    for word, amount in month.charged.items():
        kind = rules.words.get(word)
        if kind is not None:
            sums[kind] = sums.get(kind, ZERO) + amount
    sums[CostKind.OUT_OF_CATALOGUE] = month.own_expense
    return tuple(
        Share(
            kind,
            sums.get(kind, ZERO),
            month.total if kind is CostKind.OUT_OF_CATALOGUE else month.itemised,
            rules.limit_of(county=county, kind=kind, day=day),
        )
        for kind in CostKind
    )
