"""Who belongs to which household on which day (家庭成员), told by facts that may arrive in any order.

Room: domain of monitoring. Next hop: services/monitoring/domain/crossing.py
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from common.core.ids import HouseholdId, PersonId


class Said(StrEnum):
    """What a fact says about a person and a household; who ended belongs to none any more."""

    REGISTERED = "registered"
    JOINED = "joined"
    LEFT = "left"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Statement:
    """One fact about where a person belongs.

    Attributes:
        household_id: None only where the person ended.
        as_of: First day on which it holds.
        told_at: Decides between facts of the same day.
    """

    person_id: PersonId
    household_id: HouseholdId | None
    said: Said
    as_of: date
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Presence:
    """Days on which a person's stays count for a household, or for the person alone.

    Attributes:
        household_id: None where the person belongs to no household.
        from_on: First day; None is always before.
        until_on: First day no more; None is open-ended.
    """

    person_id: PersonId
    household_id: HouseholdId | None
    from_on: date | None = None
    until_on: date | None = None

    def covers(self, *, day: date) -> bool:
        """Say whether the day lies inside."""
        return (self.from_on is None or self.from_on <= day) and (self.until_on is None or day < self.until_on)


def presences_of(*, person_id: PersonId, statements: Iterable[Statement]) -> tuple[Presence, ...]:
    """Return where a person belongs over time, without gaps, whatever the order of arrival.

    The first household a person is known in is their household from always: a list tells who lives together, not since
    when. Between two households, and after the end, a person stands alone.

    Args:
        person_id: Whose statements they are.
        statements: All facts about that person.
    """
    changes: list[tuple[date | None, HouseholdId | None]] = []
    ordered = sorted(statements, key=lambda each: (_since(each), each.told_at, each.said is not Said.LEFT))
    for each in ordered:
        current = changes[-1][1] if changes else None
        following = _after(each, current)
        if following == current:
            continue
        changes.append((_since(each) if changes else None, following))
    if not changes:
        return (Presence(person_id, None),)
    ends = [*(start for start, _ in changes[1:]), None]
    spans = zip(changes, ends, strict=True)
    return tuple(
        Presence(person_id, household, start, end) for (start, household), end in spans if start is None or start != end
    )


def of_household(*, presences: Sequence[Presence], household_id: HouseholdId | None) -> tuple[Presence, ...]:
    """Return the presences in one household, or those alone for None."""
    return tuple(each for each in presences if each.household_id == household_id)


def _since(statement: Statement) -> date:
    return date.min if statement.said is Said.REGISTERED else statement.as_of


def _after(statement: Statement, current: HouseholdId | None) -> HouseholdId | None:
    """Return the household a person is in after a fact."""
    if statement.said is Said.ENDED:
        return None
    if statement.said is Said.LEFT:
        return None if statement.household_id == current else current
    return statement.household_id
