"""Persons in the database: locked before anything about them is decided.

Room: adapters of contracts.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import PersonId
from common.kit.statements import Row as Fetched
from common.kit.statements import fetch, fetch_one
from services.contracts.adapters.tables import contract, follow_up, person, stay
from services.contracts.domain.person import Person

_LOCK = "SELECT * FROM person WHERE person_id = $1 FOR UPDATE"
_MEET = "INSERT INTO person (person_id, county) VALUES ($1, $2) ON CONFLICT DO NOTHING"


async def lock_persons(connection: AsyncConnection, person_ids: Iterable[UUID], *, county: str) -> dict[UUID, Person]:
    """Return the persons of these ids, locked in order of id; who was unknown is added first.

    An id that was merged leads to the surviving person, whose row is locked as well.
    """
    wanted = set(person_ids)
    locked: dict[UUID, Person] = {}
    for person_id in sorted(wanted):
        locked[person_id] = await _lock_one(connection, person_id, county=county)
    return {person_id: await _surviving(connection, locked[person_id]) for person_id in wanted}


async def person_of(connection: AsyncConnection, person_id: UUID, *, lock: bool = False) -> Person | None:
    """Return one person as known, merged or not; None when nobody has told of them."""
    query = select(person).where(person.c.person_id == person_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return _person(row) if row else None


async def save_person(connection: AsyncConnection, known: Person) -> None:
    """Write a person back; open work and the live contract follow to where they live now."""
    values = {
        "county": known.county,
        "township": known.township,
        "is_registered": known.is_registered,
        "ended_on": known.ended_on,
        "merged_into": known.merged_into,
    }
    mine = known.person_id
    await connection.execute(update(person).where(person.c.person_id == mine).values(values))
    place = {"township": known.township, "county": known.county}
    await connection.execute(
        update(follow_up).where(follow_up.c.person_id == mine, follow_up.c.closed.is_(None)).values(place)
    )
    await connection.execute(
        update(contract).where(contract.c.person_id == mine, contract.c.ended_on.is_(None)).values(place)
    )


async def hand_over_stays(connection: AsyncConnection, *, retired: PersonId, surviving: PersonId) -> None:
    """Let the surviving person own the stays of the retired one."""
    await connection.execute(update(stay).where(stay.c.person_id == retired).values(person_id=surviving))


async def _lock_one(connection: AsyncConnection, person_id: UUID, *, county: str) -> Person:
    row = await fetch_one(connection, _LOCK, person_id)
    if row is None:
        await fetch(connection, _MEET, person_id, county)
        row = await fetch_one(connection, _LOCK, person_id)
    assert row is not None  # noqa: S101 - nobody deletes a person
    return _person(row)


async def _surviving(connection: AsyncConnection, known: Person) -> Person:
    while known.merged_into is not None:
        known = await _lock_one(connection, known.merged_into, county=known.county)
    return known


def _person(row: Row[tuple[object, ...]] | Fetched) -> Person:
    return Person(
        person_id=PersonId(UUID(str(row.person_id))),
        county=row.county,
        township=row.township,
        is_registered=row.is_registered,
        ended_on=row.ended_on,
        merged_into=PersonId(UUID(str(row.merged_into))) if row.merged_into else None,
    )
