"""The person's archive (个人档案) as a list meets it: name and place with the source they rest on.

Room: domain of identity. Next hop: services/identity/domain/decision.py
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from common.core.ids import HouseholdId, PersonId, TownshipCode
from services.identity.domain.entitlement import Statement

BY_LIST = "list"
BY_DISCHARGE = "discharge"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person belongs: household, relation to its head, township, village, and a phone."""

    household_id: HouseholdId | None = None
    relation: str | None = None
    is_head: bool = False
    township: TownshipCode | None = None
    village: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class ArchivedPerson:
    """One archive as it stands.

    Attributes:
        version: How many statements about name and place there are.
        known_by: `list`, or `discharge` for somebody no list has named yet.
        named_by: Source the name rests on; None while there is no name from a list.
        named_as_of: `as_of` of the list that gave the name.
        placed_by: Source the place rests on.
        placed_as_of: `as_of` of the list that gave the place.
        entitlements: The latest statement about each period.
        stated_names: Name checks already stated under the as_of of the list at hand.
        stated_townships: Townships already stated under the as_of of the list at hand.
    """

    person_id: PersonId
    county: str
    version: int = 0
    known_by: str = BY_DISCHARGE
    name: str | None = None
    name_check: str | None = None
    named_by: str | None = None
    named_as_of: date | None = None
    place: Place = Place()
    placed_by: str | None = None
    placed_as_of: date | None = None
    entitlements: tuple[Statement, ...] = ()
    stated_names: frozenset[str] = frozenset()
    stated_townships: frozenset[TownshipCode] = frozenset()

    @property
    def is_registered(self) -> bool:
        """Whether a published list named this person."""
        return self.known_by == BY_LIST


@dataclass(frozen=True, slots=True)
class ArchiveStatement:
    """The n-th thing said about a person's name and place; earlier ones stay readable."""

    version: int
    name: str | None
    place: Place
    source: str
    as_of: date
    known_since: datetime


def archive_as_known(
    *, statements: Iterable[ArchiveStatement], on: date, known_at: datetime
) -> ArchiveStatement | None:
    """Return what was last said, until the instant, about the day; before the first list, what the oldest one said."""
    known = [each for each in statements if each.known_since <= known_at]
    about = [each for each in known if each.as_of <= on]
    if about:
        return max(about, key=lambda each: each.version)
    return min(known, key=lambda each: (each.as_of, -each.version), default=None)
