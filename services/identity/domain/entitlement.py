"""Entitlements (身份类别的有效期): when a category counts, and since when we know it.

Every change is a further statement about the same period and nothing is overwritten, so that any past day can be asked
both ways: what was known then, and what is known now to have been true then (programme.md ID-1).

Room: domain of identity.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from common.core.ids import PersonId, named_id
from common.core.period import Period


@dataclass(frozen=True, slots=True)
class Statement:
    """The n-th thing said about one period of one category of one person; a later version replaces the earlier."""

    entitlement_id: UUID
    version: int
    person_id: PersonId
    county: str
    category: str
    source: str
    effective_from: date
    effective_to: date | None
    list_date: date
    known_since: datetime
    withdrawn: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the period still runs, as last stated."""
        return not self.withdrawn and self.effective_to is None

    def covers(self, day: date) -> bool:
        """Say whether the category counts on the day, as stated here."""
        return not self.withdrawn and Period(self.effective_from, self.effective_to).covers(day)


@dataclass(frozen=True, slots=True)
class Listing:
    """What one good row says: this person stands in this category."""

    person_id: PersonId
    county: str
    category: str
    source: str
    as_of: date
    recognised_on: date | None


def as_known(*, statements: Iterable[Statement], known_at: datetime) -> list[Statement]:
    """Return, per entitlement, the last statement that was known at the instant, oldest period first."""
    latest: dict[UUID, Statement] = {}
    for statement in sorted(statements, key=lambda each: each.version):
        if statement.known_since <= known_at:
            latest[statement.entitlement_id] = statement
    return sorted(latest.values(), key=lambda each: (each.effective_from, each.category, each.source))


def categories_on(*, statements: Iterable[Statement], day: date) -> list[str]:
    """Return the categories that the latest statements let count on the day, each once."""
    return sorted({statement.category for statement in statements if statement.covers(day)})


def next_statement(*, listing: Listing, held: Iterable[Statement], known_since: datetime) -> Statement | None:
    """Return what a list's row adds to what is held, or None when it says nothing new.

    A category begins on the recognition date, else on the list's `as_of`. A newer list that repeats it raises the list
    date; another recognition date corrects the beginning. An older list changes nothing that a newer one said.
    """
    same = [each for each in held if (each.source, each.category) == (listing.source, listing.category)]
    running = next((each for each in same if each.is_open), None)
    if running is None:
        return _begun(listing, nth=len(same) + 1, known_since=known_since)
    if listing.as_of < running.list_date:
        return None
    starts_on = listing.recognised_on or running.effective_from
    if (starts_on, listing.as_of) == (running.effective_from, running.list_date):
        return None
    return replace(
        running,
        version=running.version + 1,
        effective_from=starts_on,
        list_date=listing.as_of,
        known_since=known_since,
    )


def _begun(listing: Listing, *, nth: int, known_since: datetime) -> Statement:
    entitlement_id = named_id("entitlement", listing.person_id, listing.source, listing.category, nth)
    return Statement(
        entitlement_id=entitlement_id,
        version=1,
        person_id=listing.person_id,
        county=listing.county,
        category=listing.category,
        source=listing.source,
        effective_from=listing.recognised_on or listing.as_of,
        effective_to=None,
        list_date=listing.as_of,
        known_since=known_since,
    )
