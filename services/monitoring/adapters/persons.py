"""Persons in the database: locked before anything about them is decided.

Room: adapters of monitoring.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import PersonId
from services.monitoring.adapters.tables import person
from services.monitoring.domain.person import Person


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
    row = (await connection.execute(select(person).where(person.c.person_id == person_id))).one_or_none()
    return _person(row) if row else None


async def save_person(connection: AsyncConnection, known: Person) -> None:
    """Write a person back."""
    values = {
        "county": known.county,
        "township": known.township,
        "is_registered": known.is_registered,
        "merged_into": known.merged_into,
    }
    await connection.execute(update(person).where(person.c.person_id == known.person_id).values(values))


async def _lock_one(connection: AsyncConnection, person_id: UUID, *, county: str) -> Person:
    await connection.execute(upsert(person).values(person_id=person_id, county=county).on_conflict_do_nothing())
    row = (await connection.execute(select(person).where(person.c.person_id == person_id).with_for_update())).one()
    return _person(row)


async def _surviving(connection: AsyncConnection, known: Person) -> Person:
    while known.merged_into is not None:
        known = await _lock_one(connection, known.merged_into, county=known.county)
    return known


def _person(row: Row[tuple[object, ...]]) -> Person:
    return Person(
        person_id=PersonId(row.person_id),
        county=row.county,
        township=row.township,
        is_registered=row.is_registered,
        merged_into=row.merged_into,
    )
