"""What a county paid before it came here, as its papers say (历史汇总数据): kept as reported, with the difference.

Papers do not always add up: Rongjiang reports 3628 万 for 2015 and names 2545 and 843 of them (decision D11 of the
programme). Nothing is made to fit. Room: domain of settlement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.core.money import ZERO, Money


@dataclass(frozen=True, slots=True)
class Part:
    """What one fund, or something the paper names otherwise (`fund` empty), is said to have paid."""

    fund: str
    name: str
    amount: Money


@dataclass(frozen=True, slots=True)
class ReportedTotal:
    """A total of a year with its parts."""

    report_id: UUID
    county: str
    year: int
    total: Money
    parts: tuple[Part, ...]
    source: str
    reported_at: datetime

    @property
    def difference(self) -> Money:
        """What the parts leave unexplained of the total; below zero where they are more."""
        return self.total - sum((each.amount for each in self.parts), ZERO)
