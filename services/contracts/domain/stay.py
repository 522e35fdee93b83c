"""The stay a follow-up rests on: when it ended and for which diseases.

Room: domain of contracts. Next hop: services/contracts/domain/plan.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from common.core.ids import PersonId, SettlementId


@dataclass(frozen=True, slots=True)
class Stay:
    """A settled discharge (出院) as far as follow-ups need it.

    Attributes:
        diseases: Disease groups of the rule file, in its order; empty where the kind of visit asks for no follow-up.
        identity_open: Whether the patient was not recognised at the counter.
        is_provisional: Whether the person id stands for this one stay only.
        is_reversed: Whether the settlement was undone.
    """

    settlement_id: SettlementId
    person_id: PersonId
    county: str
    discharged_on: date
    diseases: tuple[str, ...]
    identity_open: bool = False
    is_provisional: bool = False
    is_reversed: bool = False
