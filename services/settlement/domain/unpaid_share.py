"""What a patient who paid nothing, or not all, at discharge still owes the hospital (先诊疗后付费、患者欠费).

The hospital's own receivable: no fund is touched by it. Relief and corrections lessen the share, and so what is open.
Room: domain of settlement. Next hop: services/settlement/usecases/defer_share.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from common.core.errors import Conflict, Refused
from common.core.money import ZERO, Money


class AlreadyDeferred(Conflict):
    """The settlement's unpaid part is noted; what is received lessens it."""

    code = "already_deferred"
    zh = "该结算已登记欠费，请登记收款"


class MoreThanOpen(Refused):
    """More is deferred or received than the patient owes."""

    code = "more_than_open"
    zh = "金额超过患者尚欠金额"


class NothingDeferred(Conflict):
    """The patient paid at discharge, so nothing can be received later."""

    code = "nothing_deferred"
    zh = "该结算没有登记欠费"


@dataclass(frozen=True, slots=True)
class UnpaidShare:
    """A share that was not paid in full at discharge, as it stands.

    Attributes:
        first_share: Cash that was due at discharge.
        share: Cash that is due by now: as corrected, less relief; nothing once the stay was reversed.
        deferred: Part of the first share that was not paid at discharge.
        received: What came in since.
        due_on: China day until which the rest was promised.
    """

    settlement_id: UUID
    institution_code: str
    county: str
    record_no: str
    first_share: Money
    share: Money
    deferred: Money
    received: Money
    due_on: date
    noted_at: datetime

    @property
    def open(self) -> Money:
        """What the patient still owes; never below zero."""
        return max(self._balance, ZERO)

    @property
    def to_return(self) -> Money:
        """What the hospital has of the patient beyond the share, and gives back."""
        return max(-self._balance, ZERO)

    @property
    def _balance(self) -> Money:
        return self.share - (self.first_share - self.deferred) - self.received

    def is_overdue(self, *, today: date) -> bool:
        """Say whether something is open after the day until which it was promised."""
        return bool(self.open) and today > self.due_on
