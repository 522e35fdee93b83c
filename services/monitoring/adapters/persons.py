"""Persons in the database: locked before anything about them is decided.

Room: adapters of monitoring.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import PersonId
from common.kit.statements import Row, fetch
from services.monitoring.domain.person import Person

_READ = "SELECT person_id, county, township, is_registered, merged_into FROM person WHERE person_id = $1"
_LOCK = f"{_READ} FOR UPDATE"
_ADD = "INSERT INTO person (person_id, county) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_SAVE = "UPDATE person SET county = $2, township = $3, is_registered = $4, merged_into = $5 WHERE person_id = $1"


async def lock_persons(connection: AsyncConnection, person_ids: Iterable[UUID], *, county: str) -> dict[UUID, Person]:
    """Return the persons of these ids, locked in order of id; who was unknown is added first.

    An id that was merged leads to the surviving person, whose row is locked as well.
    """
    wanted = set(person_ids)
    locked: dict[UUID, Person] = {}
    for person_id in sorted(wanted):
        locked[person_id] = await _lock_one(connection, person_id, county=county)
    return {person_id: await _surviving(connection, locked[person_id]) for person_id in wanted}


async def person_of(connection: AsyncConnection, person_id: UUID) -> Person | None:
    """Return one person as known, merged or not; None when nobody has told of them."""
    rows = await fetch(connection, _READ, person_id)
    return _person(rows[0]) if rows else None


async def save_person(connection: AsyncConnection, known: Person) -> None:
    """Write a person back."""
    values = (known.county, known.township, known.is_registered, known.merged_into)
    await fetch(connection, _SAVE, known.person_id, *values)


async def _lock_one(connection: AsyncConnection, person_id: UUID, *, county: str) -> Person:
    rows = await fetch(connection, _LOCK, person_id)
    if not rows:
        await fetch(connection, _ADD, person_id, county)
        rows = await fetch(connection, _LOCK, person_id)
    return _person(rows[0])


async def _surviving(connection: AsyncConnection, known: Person) -> Person:
    while known.merged_into is not None:
        known = await _lock_one(connection, known.merged_into, county=known.county)
    return known


def _person(row: Row) -> Person:
    return Person(
        person_id=PersonId(row.person_id),
        county=row.county,
        township=row.township,
        is_registered=row.is_registered,
        merged_into=row.merged_into,
    )
