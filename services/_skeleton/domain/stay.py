"""Stays (住院) of a person and what can be said about them together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from common.core.ids import PersonId


@dataclass(frozen=True, slots=True)
class Stay:
    """One settled stay."""

    settlement_id: UUID
    person_id: PersonId
    county: str
    discharged_on: date


@dataclass(frozen=True, slots=True)
class StaySummary:
    """How often a person was discharged, and when last; None when never."""

    stay_count: int
    last_discharged_on: date | None


def summary_of(*, stays: Sequence[Stay]) -> StaySummary:
    """Return the summary of a person's stays in any order."""
    return StaySummary(len(stays), max((stay.discharged_on for stay in stays), default=None))
