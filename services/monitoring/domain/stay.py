"""The stay as monitoring counts it: when it ended and what its patient bore.

Room: domain of monitoring. Next hop: services/monitoring/domain/crossing.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from common.core.ids import PersonId, SettlementId
from common.core.money import Money


@dataclass(frozen=True, slots=True)
class Stay:
    """A settled discharge that was not reversed.

    Attributes:
        own_share: What the patient pays (个人负担), supplements included; may be negative after one.
        settled_at: When the settlement was told; orders the stays of one day.
    """

    settlement_id: SettlementId
    person_id: PersonId
    discharged_on: date
    own_share: Money
    settled_at: datetime
