"""Settlement's own picture of persons, fed by identity's events and read in one statement at the counter.

Room: adapters of settlement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import PersonId
from common.kit.statements import fetch, fetch_one
from common.published.identity import (
    EntitlementChanged,
    HouseholdChanged,
    InsuranceChanged,
    NameCheckChanged,
    PersonEnded,
    PersonMerged,
    PersonMoved,
    PersonRegistered,
)
from services.settlement.domain.discharge import Insurance
from services.settlement.domain.policy import Reach
from services.settlement.domain.recognition import Category, KnownPerson
from services.settlement.domain.vocabulary import InsuranceState, Scheme

_READ = """
WITH told AS MATERIALIZED (SELECT * FROM known_person WHERE person_id = $1 {holding}), found AS (
    SELECT coalesce(s.person_id, p.person_id) AS person_id, p.name_check,
           coalesce(s.household_id, p.household_id) AS household_id,
           coalesce(s.counting_category, p.counting_category) AS counting_category,
           coalesce(s.ended_on, p.ended_on) AS ended_on, coalesce(s.end_reason, p.end_reason) AS end_reason
    FROM told p LEFT JOIN known_person s ON s.person_id = p.merged_into
)
SELECT f.*,
  (SELECT coalesce(json_agg(json_build_array(c.category, c.list_date, c.effective_from)), '[]')::text
   FROM known_category c
   WHERE c.person_id IN ($1, f.person_id) AND c.county = $2 AND NOT c.withdrawn
     AND c.effective_from <= $4 AND (c.effective_to IS NULL OR $3 < c.effective_to)) AS categories,
  (SELECT json_build_array(i.scheme, i.state)::text FROM known_insurance i
   WHERE i.person_id IN ($1, f.person_id) AND i.effective_from <= $3
     AND (i.effective_to IS NULL OR $3 < i.effective_to)
   ORDER BY i.effective_from DESC, i.version DESC LIMIT 1) AS insurance
FROM found f
"""
# A merge waits for a booking that holds the person and hands over what it booked; a merge before it is seen.
_READ_HOLDING = _READ.format(holding="FOR SHARE")
_READ_FREELY = _READ.format(holding="")
_NOTE = """
INSERT INTO known_person AS k (person_id, county, household_id, township, name_check, ended_on, end_reason, merged_into)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (person_id) DO UPDATE SET county = excluded.county,
  household_id = CASE WHEN k.household_as_of IS NULL THEN coalesce(excluded.household_id, k.household_id)
    ELSE k.household_id END, township = coalesce(excluded.township, k.township),
  name_check = coalesce(excluded.name_check, k.name_check), ended_on = coalesce(excluded.ended_on, k.ended_on),
  end_reason = coalesce(excluded.end_reason, k.end_reason), merged_into = coalesce(excluded.merged_into, k.merged_into)
"""
_CATEGORISE = """
INSERT INTO known_category AS k (entitlement_id, person_id, county, version, category, effective_from, effective_to,
  authority, list_date, known_since, withdrawn)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (entitlement_id) DO UPDATE SET version = excluded.version, category = excluded.category,
  effective_from = excluded.effective_from, effective_to = excluded.effective_to, authority = excluded.authority,
  list_date = excluded.list_date, known_since = excluded.known_since, withdrawn = excluded.withdrawn
WHERE k.version < excluded.version
"""
_COUNT_AS = """
INSERT INTO known_person AS k (person_id, county, counting_category) VALUES ($1, $2, $3)
ON CONFLICT (person_id) DO UPDATE SET county = excluded.county, counting_category = excluded.counting_category
"""
_INSURE = """
INSERT INTO known_insurance AS k (person_id, scheme, effective_from, version, state, effective_to)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (person_id, scheme, effective_from) DO UPDATE SET version = excluded.version, state = excluded.state,
  effective_to = excluded.effective_to
WHERE k.version < excluded.version
"""
_JOIN = """
INSERT INTO known_person AS k (person_id, county, household_id, household_as_of)
SELECT person_id, $2, $3, $4 FROM unnest($1::uuid[]) AS t(person_id) ORDER BY person_id
ON CONFLICT (person_id) DO UPDATE SET household_id = excluded.household_id, household_as_of = excluded.household_as_of
WHERE coalesce(k.household_as_of, '-infinity') <= excluded.household_as_of
"""
_LEAVE = """
WITH left_it AS (
    SELECT person_id FROM known_person
    WHERE person_id = ANY ($1::uuid[]) AND household_id = $2 AND coalesce(household_as_of, '-infinity') <= $3
    ORDER BY person_id FOR UPDATE
)
UPDATE known_person k SET household_id = NULL, household_as_of = $3 FROM left_it l WHERE k.person_id = l.person_id
"""

_SURVIVING = "SELECT coalesce(merged_into, person_id) AS person_id FROM known_person WHERE person_id = $1 FOR SHARE"
_REPOINT = "UPDATE known_person SET merged_into = $2 WHERE merged_into = $1"

NO_REACH: Mapping[str, Reach] = {}
_FROM_ITS_DAY = Reach()
_LONGEST_REACH = timedelta(days=25 * 31)


async def known_person(
    connection: AsyncConnection,
    *,
    person_id: UUID,
    county: str,
    on: date,
    reach: Mapping[str, Reach] = NO_REACH,
    holding: bool = False,
) -> KnownPerson | None:
    """Return what identity told about a number's person for one county and day, None when it never did.

    Args:
        connection: Of a unit of work.
        person_id: As the number gives it.
        county: Whose categories are asked.
        on: Day on which they must be held.
        reach: How far before its first day a category counts.
        holding: Keep the person from being merged until the commit.
    """
    latest = min(on, date.max - _LONGEST_REACH) + _LONGEST_REACH if reach else on
    row = await fetch_one(connection, _READ_HOLDING if holding else _READ_FREELY, person_id, county, on, latest)
    if row is None:
        return None
    insurance = json.loads(row.insurance) if row.insurance else None
    return KnownPerson(
        person_id=PersonId(UUID(str(row.person_id))),
        name_check=row.name_check,
        counting_category=row.counting_category,
        ended_on=row.ended_on,
        end_reason=row.end_reason,
        categories=tuple(
            Category(name, date.fromisoformat(list_date))
            for name, list_date, first in json.loads(row.categories)
            if reach.get(name, _FROM_ITS_DAY).first_day(date.fromisoformat(first)) <= on
        ),
        insurance=Insurance(Scheme(insurance[0]), InsuranceState(insurance[1])) if insurance else None,
        household_id=UUID(str(row.household_id)) if row.household_id else None,
    )


async def register(connection: AsyncConnection, event: PersonRegistered) -> None:
    """Note a person with household, township and the check of their name."""
    values = (event.person_id, event.county, event.household_id, event.township, event.name_check, None, None, None)
    await connection.exec_driver_sql(_NOTE, values)


async def rehouse(connection: AsyncConnection, event: HouseholdChanged) -> None:
    """Note who lives in a household from a day on; an older statement about a member changes nothing."""
    household_id, as_of = event.household_id, event.as_of
    await fetch(connection, _JOIN, event.joined, event.county, household_id, as_of)
    await fetch(connection, _LEAVE, event.left, household_id, as_of)


async def move(connection: AsyncConnection, event: PersonMoved) -> None:
    """Note a person's new township."""
    values = (event.person_id, event.county, None, event.township, None, None, None, None)
    await connection.exec_driver_sql(_NOTE, values)


async def rename(connection: AsyncConnection, event: NameCheckChanged) -> None:
    """Note the check of a person's new name."""
    values = (event.person_id, event.county, None, None, event.name_check, None, None, None)
    await connection.exec_driver_sql(_NOTE, values)


async def end(connection: AsyncConnection, event: PersonEnded) -> None:
    """Note that a person died or left."""
    values = (event.person_id, event.county, None, None, None, event.ended_on, event.reason_code, None)
    await connection.exec_driver_sql(_NOTE, values)


async def merge(connection: AsyncConnection, event: PersonMerged) -> None:
    """Note that the retired id, and every id that led to it, now is another person's."""
    values = (event.retired_person_id, event.county, None, None, None, None, None, event.surviving_person_id)
    await connection.exec_driver_sql(_NOTE, values)
    await connection.exec_driver_sql(_REPOINT, (event.retired_person_id, event.surviving_person_id))


async def surviving_of(connection: AsyncConnection, person_id: UUID) -> UUID:
    """Return the id under which a person's accounts stand until the commit: their own, or that it was merged into."""
    row = await fetch_one(connection, _SURVIVING, person_id)
    return person_id if row is None else UUID(str(row.person_id))


async def categorise(connection: AsyncConnection, event: EntitlementChanged) -> None:
    """Take a statement about a category; an older one about the same period changes nothing."""
    values = (
        event.entitlement_id,
        event.person_id,
        event.county,
        event.version,
        event.category,
        event.effective_from,
        event.effective_to,
        event.authority,
        event.list_date,
        event.known_since,
        event.withdrawn,
    )
    await connection.exec_driver_sql(_CATEGORISE, values)
    await connection.exec_driver_sql(_COUNT_AS, (event.person_id, event.county, event.counting_category))


async def insure(connection: AsyncConnection, event: InsuranceChanged) -> None:
    """Take a statement about insurance; an older one about the same period changes nothing."""
    values = (
        event.person_id,
        event.scheme,
        event.effective_from,
        event.version,
        event.state,
        event.effective_to,
    )
    await connection.exec_driver_sql(_INSURE, values)
