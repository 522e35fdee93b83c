"""Tells the other services what a slice of a list changed: ids, dates and codes, never names or numbers.

Room: use cases of identity. Next hop: common/kit/outbox.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from common.core.ids import HouseholdId, PersonId, named_id
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from common.published.identity import (
    EntitlementChanged,
    HouseholdChanged,
    NameCheckChanged,
    PersonMoved,
    PersonRegistered,
)
from services.identity.domain.archive import ArchivedPerson
from services.identity.domain.category import counting_category
from services.identity.domain.county import CountyRules
from services.identity.domain.entitlement import Statement, categories_on
from services.identity.domain.household import HouseholdChange, Seat
from services.identity.domain.staging import Roster
from services.identity.usecases.compare_rows import Comparison


def tell_changes(
    uow: UnitOfWork,
    *,
    listed: Roster,
    compared: Comparison,
    changes: Sequence[HouseholdChange],
    seats: Mapping[HouseholdId, Seat],
    rules: CountyRules,
    now: datetime,
) -> None:
    """Publish one event per fact of the slice: persons first, then households, then categories."""
    for person_id in sorted(compared.after):
        _tell_person(uow, compared.before[person_id], compared.after[person_id], as_of=listed.terms.as_of, now=now)
    first_row = min((judged.row.row_no for judged in compared.judged), default=0)
    for change in changes:
        change_id = named_id("household_change", listed.roster_id, change.household_id, first_row)
        seat = seats[change.household_id]
        uow.publish(
            HouseholdChanged(
                county=listed.terms.county,
                household_id=change.household_id,
                change_id=change_id,
                township=seat.township,
                head_person_id=seat.head_person_id,
                joined=list(change.joined),
                left=list(change.left),
                as_of=listed.terms.as_of,
            ),
            occurred_at=now,
        )
    for statement, _ in compared.statements:
        uow.publish(_entitlement(statement, compared.after, rules, now), occurred_at=now)


def _tell_person(uow: UnitOfWork, before: ArchivedPerson, after: ArchivedPerson, *, as_of: date, now: datetime) -> None:
    """Tell a registration, else what changed; a row that was rejected left both archives the same."""
    person_id, county = after.person_id, after.county
    if not before.is_registered:
        uow.publish(
            PersonRegistered(
                county=county,
                person_id=person_id,
                household_id=after.place.household_id,
                township=after.place.township,
                name_check=after.name_check,
                is_head=after.place.is_head,
            ),
            occurred_at=now,
        )
        return
    if after.name_check is not None and after.name_check != before.name_check:
        uow.publish(
            NameCheckChanged(county=county, person_id=person_id, name_check=after.name_check, changed_on=as_of),
            occurred_at=now,
        )
    if after.place.township is not None and after.place.township != before.place.township:
        uow.publish(
            PersonMoved(county=county, person_id=person_id, township=after.place.township, moved_on=as_of),
            occurred_at=now,
        )


def _entitlement(
    statement: Statement, after: Mapping[PersonId, ArchivedPerson], rules: CountyRules, now: datetime
) -> EntitlementChanged:
    """Return the event of one statement; the head is counted today, or on the day the category begins."""
    day = max(china_date(now), statement.effective_from)
    held = categories_on(statements=after[statement.person_id].entitlements, day=day)
    return EntitlementChanged(
        county=statement.county,
        person_id=statement.person_id,
        entitlement_id=statement.entitlement_id,
        version=statement.version,
        category=statement.category,
        counting_category=counting_category(categories=held, precedence=rules.precedence),
        effective_from=statement.effective_from,
        effective_to=statement.effective_to,
        authority=statement.source,
        list_date=statement.list_date,
        known_since=statement.known_since,
        withdrawn=statement.withdrawn,
    )
