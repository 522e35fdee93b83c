"""Households (家庭): which archive a list's household number means, and who joined or left.

Two sources number the same families differently. A number not seen before means the household its members already live
in, if that is one and no other number of the same source claims it; else a new one.

Room: domain of identity. Next hop: services/identity/usecases/apply_roster_slice.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from common.core.ids import HouseholdId, PersonId, TownshipCode, named_id
from services.identity.domain.archive import ArchivedPerson


@dataclass(frozen=True, slots=True)
class NumberedMembers:
    """A household number of a list with the persons its rows name."""

    household_no: str
    person_ids: tuple[PersonId, ...]


@dataclass(slots=True)
class HouseholdChange:
    """Who joined and who left one household; both empty when only its head or place changed."""

    household_id: HouseholdId
    joined: list[PersonId] = field(default_factory=list)
    left: list[PersonId] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a household, with what seats it."""

    person_id: PersonId
    household_id: HouseholdId
    is_head: bool
    township: TownshipCode | None
    village: str | None


@dataclass(frozen=True, slots=True)
class Seat:
    """Head and place of a household."""

    head_person_id: PersonId | None = None
    township: TownshipCode | None = None
    village: str | None = None


def household_id_of(*, county: str, source: str, household_no: str) -> HouseholdId:
    """Return the id of a household first met under this number of this source."""
    return HouseholdId(named_id("household", county, source, household_no))


def resolve_households(
    *,
    numbered: Iterable[NumberedMembers],
    known: Mapping[str, HouseholdId],
    lived_in: Mapping[PersonId, HouseholdId],
    claimed: Iterable[HouseholdId],
    county: str,
    source: str,
) -> dict[str, HouseholdId]:
    """Return household number -> household for one list.

    Args:
        numbered: Numbers and members, in the list's order.
        known: Numbers of this source met before.
        lived_in: Where the members live now.
        claimed: Households that already have a number of this source.
        county: Six digits.
        source: Source of the list.
    """
    taken = set(claimed)
    found: dict[str, HouseholdId] = {}
    for group in numbered:
        homes = {lived_in[person_id] for person_id in group.person_ids if person_id in lived_in}
        if group.household_no in known:
            found[group.household_no] = known[group.household_no]
        elif len(homes) == 1 and not homes & taken:
            found[group.household_no] = homes.pop()
        else:
            found[group.household_no] = household_id_of(county=county, source=source, household_no=group.household_no)
        taken.add(found[group.household_no])
    return found


def household_changes(
    *, before: Mapping[PersonId, ArchivedPerson], after: Mapping[PersonId, ArchivedPerson]
) -> list[HouseholdChange]:
    """Return every household that somebody joined or left, or whose members' places changed, in order of id."""
    changes: dict[HouseholdId, HouseholdChange] = {}
    for person_id, archive in after.items():
        old, new = before[person_id].place, archive.place
        if old == new or new.household_id is None:
            continue
        change = changes.setdefault(new.household_id, HouseholdChange(new.household_id))
        if old.household_id == new.household_id:
            continue
        change.joined.append(person_id)
        if old.household_id is not None:
            changes.setdefault(old.household_id, HouseholdChange(old.household_id)).left.append(person_id)
    return sorted(changes.values(), key=lambda each: each.household_id)


def seat_of(*, members: Sequence[Member]) -> Seat:
    """Return head and place: a household lies where its head (户主) lives, else where its first member does."""
    ordered = sorted(members, key=lambda each: (not each.is_head, each.person_id))
    if not ordered:
        return Seat()
    first = ordered[0]
    placed = next((each for each in ordered if each.township), first)
    return Seat(first.person_id if first.is_head else None, placed.township, placed.village)
