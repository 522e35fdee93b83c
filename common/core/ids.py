"""Typed ids of the suite and how deterministic ones are made."""

from __future__ import annotations

from typing import NewType
from uuid import UUID, uuid5

PersonId = NewType("PersonId", UUID)
HouseholdId = NewType("HouseholdId", UUID)
DischargeId = NewType("DischargeId", UUID)
SettlementId = NewType("SettlementId", UUID)
ReversalId = NewType("ReversalId", UUID)
RosterId = NewType("RosterId", UUID)
TeamId = NewType("TeamId", UUID)
ContractId = NewType("ContractId", UUID)
FollowUpId = NewType("FollowUpId", UUID)
AlertId = NewType("AlertId", UUID)
EventId = NewType("EventId", UUID)
CountyCode = NewType("CountyCode", str)
TownshipCode = NewType("TownshipCode", str)

_NAMESPACE = UUID("6f1c1c0e-52ab-5f0e-9a39-7d2d0b1c7a11")


def named_id(kind: str, *parts: object) -> UUID:
    """Return the id (uuid5) that the same kind and parts always give, so that a repeat makes the same row.

    Parts are joined by an unprintable separator, so that ("ab", "c") and ("a", "bc") differ.

    >>> named_id("reversal", 1) == named_id("reversal", 1), named_id("a", "bc") == named_id("a", "b", "c")
    (True, False)
    """
    return uuid5(_NAMESPACE, "\x1f".join([kind, *map(str, parts)]))
