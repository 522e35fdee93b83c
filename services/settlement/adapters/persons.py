"""Settlement's own picture of persons, fed by identity's events and read in one statement at the counter.

Room: adapters of settlement.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.period import Period
from common.published.identity import (
    EntitlementChanged,
    InsuranceChanged,
    NameCheckChanged,
    PersonEnded,
    PersonMerged,
    PersonMoved,
    PersonRegistered,
)
from services.settlement.domain.recognition import NOBODY, Coverage, Entitlement, KnownPerson

_READ = """
SELECT p.name_check,
  (SELECT coalesce(json_agg(json_build_array(category, counting_category, effective_from, effective_to, list_date)
          ORDER BY known_since DESC, entitlement_id), '[]')
   FROM entitlement e WHERE e.person_id = $1 AND e.county = $2 AND NOT e.withdrawn) AS entitlements,
  (SELECT coalesce(json_agg(json_build_array(scheme, state, effective_from, effective_to)
          ORDER BY effective_from DESC, version DESC), '[]')
   FROM insurance i WHERE i.person_id = $1 AND i.county = $2) AS coverages
FROM (SELECT 1) one LEFT JOIN person p ON p.person_id = $1
"""
_REGISTER = """
INSERT INTO person (person_id, county, township, name_check) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id) DO UPDATE SET county = excluded.county, township = coalesce(excluded.township, person.township),
  name_check = coalesce(excluded.name_check, person.name_check)
"""
_ENTITLE = """
INSERT INTO entitlement (entitlement_id, version, person_id, county, category, counting_category, effective_from,
  effective_to, list_date, known_since, withdrawn)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (entitlement_id) DO UPDATE SET version = excluded.version, person_id = excluded.person_id,
  county = excluded.county, category = excluded.category, counting_category = excluded.counting_category,
  effective_from = excluded.effective_from, effective_to = excluded.effective_to, list_date = excluded.list_date,
  known_since = excluded.known_since, withdrawn = excluded.withdrawn
WHERE entitlement.version < excluded.version
"""
_INSURE = """
INSERT INTO insurance (person_id, scheme, effective_from, version, county, state, effective_to)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (person_id, scheme, effective_from) DO UPDATE SET version = excluded.version, county = excluded.county,
  state = excluded.state, effective_to = excluded.effective_to
WHERE insurance.version < excluded.version
"""


async def known_person(connection: AsyncConnection, person_id: UUID, county: str) -> KnownPerson:
    """Return what identity told about a person for one county, the newest statements first."""
    row = (await connection.exec_driver_sql(_READ, (person_id, county))).one()
    entitlements, coverages = _list(row.entitlements), _list(row.coverages)
    if row.name_check is None and not entitlements and not coverages:
        return NOBODY
    return KnownPerson(
        row.name_check,
        tuple(Entitlement(c, n, Period(_day(a), _day_or_none(b)), _day(d)) for c, n, a, b, d in entitlements),
        tuple(Coverage(scheme, state, Period(_day(a), _day_or_none(b))) for scheme, state, a, b in coverages),
    )


async def register(connection: AsyncConnection, event: PersonRegistered) -> None:
    """Note a person with the check of their name."""
    values = (event.person_id, event.county, event.township, event.name_check)
    await connection.exec_driver_sql(_REGISTER, values)


async def move(connection: AsyncConnection, event: PersonMoved) -> None:
    """Note a person's new township."""
    await connection.exec_driver_sql(_REGISTER, (event.person_id, event.county, event.township, None))


async def rename(connection: AsyncConnection, event: NameCheckChanged) -> None:
    """Note the check of a person's new name."""
    await connection.exec_driver_sql(_REGISTER, (event.person_id, event.county, None, event.name_check))


async def end(connection: AsyncConnection, event: PersonEnded) -> None:
    """Note that a person died or left."""
    await connection.exec_driver_sql(_REGISTER, (event.person_id, event.county, None, None))
    await connection.exec_driver_sql(
        "UPDATE person SET ended_on = $2 WHERE person_id = $1", (event.person_id, event.ended_on)
    )


async def merge(connection: AsyncConnection, event: PersonMerged) -> None:
    """Note that a retired id now is another person's."""
    await connection.exec_driver_sql(_REGISTER, (event.retired_person_id, event.county, None, None))
    await connection.exec_driver_sql(
        "UPDATE person SET surviving_person_id = $2 WHERE person_id = $1",
        (event.retired_person_id, event.surviving_person_id),
    )


async def entitle(connection: AsyncConnection, event: EntitlementChanged) -> None:
    """Take a statement about a category; an older statement about the same period changes nothing."""
    await connection.exec_driver_sql(
        _ENTITLE,
        (
            event.entitlement_id,
            event.version,
            event.person_id,
            event.county,
            event.category,
            event.counting_category,
            event.effective_from,
            event.effective_to,
            event.list_date,
            event.known_since,
            event.withdrawn,
        ),
    )
    await connection.exec_driver_sql(
        "UPDATE entitlement SET counting_category = $3 WHERE person_id = $1 AND county = $2",
        (event.person_id, event.county, event.counting_category),
    )


async def insure(connection: AsyncConnection, event: InsuranceChanged) -> None:
    """Take a statement about insurance; an older one about the same period changes nothing."""
    await connection.exec_driver_sql(
        _INSURE,
        (
            event.person_id,
            event.scheme,
            event.effective_from,
            event.version,
            event.county,
            event.state,
            event.effective_to,
        ),
    )


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - what json_agg gives
    found: list[Any] = json.loads(value) if isinstance(value, str) else value
    return found


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _day_or_none(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
