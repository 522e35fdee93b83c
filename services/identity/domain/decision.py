"""What one good row does to one archive: accepted, changed, unchanged or rejected, with the new state (名单比对).

Pure: staging asks it for the verdict, publishing asks it again and writes what it says.
Room: domain of identity. Next hop: services/identity/usecases/apply_roster_slice.py
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from common.core.citizen_number import normalised_name
from common.core.ids import HouseholdId, PersonId
from services.identity.domain import columns
from services.identity.domain.archive import BY_LIST, ArchivedPerson, Place
from services.identity.domain.entitlement import Listing, Statement, next_statement
from services.identity.domain.roster import Reason, RosterRow, RosterTerms

_ELSEWHERE = Reason(
    "registered_elsewhere", columns.CITIZEN_ID, "another county has this person on its lists", "此人已由其他县登记"
)
_NAME_CONFLICT = Reason(
    "name_conflict", columns.NAME, "the archive knows this number under another name", "姓名与档案不一致"
)
_STATED_BEFORE = Reason(
    "already_superseded",
    columns.NAME,
    "a list of the same day said this before and was corrected since; send a list with a newer as_of",
    "同日名单曾作此表述且已被更正，请提供更新日期的名单",
)


class Verdict(StrEnum):
    """What became of a row (比对结果)."""

    ACCEPTED = "accepted"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A good row with what only keys and other rows can tell: the person's id, the name's check, the household."""

    row: RosterRow
    person_id: PersonId
    name_check: str
    household_id: HouseholdId


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome for one row; `after` is the archive with the row applied, `before` itself when nothing is written."""

    verdict: Verdict
    after: ArchivedPerson
    reasons: tuple[Reason, ...] = ()
    statement: Statement | None = None


def decide(
    *, named: NamedRow, before: ArchivedPerson, terms: RosterTerms, household_register: str, now: datetime
) -> Decision:
    """Compare a row with the archive.

    Args:
        named: The row, good by itself and within its file.
        before: The archive; an empty one for a person nobody knew.
        terms: County, source and `as_of` of the list.
        household_register: Source whose households and places stand where sources differ.
        now: Instant since when the outcome is known.
    """
    refusal = _refusal(named, before, terms)
    if refusal is not None:
        return Decision(Verdict.REJECTED, before, (refusal,))
    after = _placed(_renamed(named, before, terms), named, terms, household_register)
    if after.place.township != before.place.township and after.place.township in before.stated_townships:
        return Decision(Verdict.REJECTED, before, (replace(_STATED_BEFORE, field=columns.TOWNSHIP),))
    if after != before:
        after = replace(after, version=before.version + 1, known_by=BY_LIST, county=terms.county)
    statement = next_statement(listing=_listing(named, terms), held=before.entitlements, known_since=now)
    verdict = _verdict(before, after, statement)
    if statement is not None:
        others = [each for each in before.entitlements if each.entitlement_id != statement.entitlement_id]
        after = replace(after, entitlements=(*others, statement))
    return Decision(verdict, after, (), statement)


def _refusal(named: NamedRow, before: ArchivedPerson, terms: RosterTerms) -> Reason | None:
    """Return why the archive cannot take the row."""
    if before.is_registered and before.county != terms.county:
        return _ELSEWHERE
    if not _renames(named, before):
        return None
    is_own_word = before.named_by == terms.source and before.place.household_id == named.household_id
    if not is_own_word or _is_older(terms.as_of, before.named_as_of):
        return _NAME_CONFLICT
    return _STATED_BEFORE if named.name_check in before.stated_names else None


def _renames(named: NamedRow, before: ArchivedPerson) -> bool:
    return before.name is not None and normalised_name(before.name) != normalised_name(named.row.name)


def _is_older(as_of: date, held: date | None) -> bool:
    return held is not None and as_of < held


def _renamed(named: NamedRow, before: ArchivedPerson, terms: RosterTerms) -> ArchivedPerson:
    """Return the archive with the row's name, where it has none or the source that gave it corrects it."""
    if before.name is not None and not _renames(named, before):
        return before
    return replace(
        before,
        name=named.row.name,
        name_check=named.name_check,
        named_by=terms.source,
        named_as_of=terms.as_of,
        stated_names=before.stated_names | {named.name_check},
    )


def _placed(archive: ArchivedPerson, named: NamedRow, terms: RosterTerms, household_register: str) -> ArchivedPerson:
    """Return the archive with the row's place, where its source may say so; an empty cell says nothing."""
    is_first = archive.placed_by in {None, terms.source}
    if not is_first and terms.source != household_register:
        return archive
    if archive.placed_by == terms.source and _is_older(terms.as_of, archive.placed_as_of):
        return archive
    held, row = archive.place, named.row
    place = Place(
        household_id=named.household_id,
        relation=row.relation or held.relation,
        is_head=row.is_head if row.relation else held.is_head,
        township=row.township or held.township,
        village=row.village or held.village,
        phone=row.phone or held.phone,
    )
    if place == held and archive.placed_by == terms.source:
        return archive
    stated = archive.stated_townships | ({place.township} if place.township else frozenset())
    return replace(
        archive, place=place, placed_by=terms.source, placed_as_of=terms.as_of, stated_townships=frozenset(stated)
    )


def _listing(named: NamedRow, terms: RosterTerms) -> Listing:
    return Listing(
        person_id=named.person_id,
        county=terms.county,
        category=named.row.category or "",
        source=terms.source,
        as_of=terms.as_of,
        recognised_on=named.row.recognised_on,
    )


def _verdict(before: ArchivedPerson, after: ArchivedPerson, statement: Statement | None) -> Verdict:
    """A new period is accepted, another name, place or beginning is changed; a newer list date alone is neither."""
    if statement is not None and statement.version == 1:
        return Verdict.ACCEPTED
    begins = {each.entitlement_id: each.effective_from for each in before.entitlements}
    if statement is not None and begins[statement.entitlement_id] != statement.effective_from:
        return Verdict.CHANGED
    return Verdict.CHANGED if after != before else Verdict.UNCHANGED
