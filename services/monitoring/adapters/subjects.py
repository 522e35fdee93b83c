"""Subjects in the database: a subject's row is the lock under which its sum is judged.

Two facts about one household arrive on two partitions at the same time, because the key of a discharge is the person;
whoever comes second waits here and then sees what the first has written. Room: adapters of monitoring.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import HouseholdId, PersonId
from common.kit.statements import Row, fetch
from services.monitoring.adapters.tables import subject
from services.monitoring.domain.subject import Subject

_ADD_ALONE = """
INSERT INTO subject (subject_id, county, head_person_id)
SELECT person_id, $2, person_id FROM unnest($1::uuid[]) AS t(person_id) ORDER BY person_id ON CONFLICT DO NOTHING
"""
_ADD_HOUSEHOLD = """
INSERT INTO subject (subject_id, household_id, county) VALUES ($1, $1, $2) ON CONFLICT DO NOTHING
"""
_LOCK = "SELECT subject_id FROM subject WHERE subject_id = ANY($1::uuid[]) ORDER BY subject_id FOR UPDATE"
# A statement of its own, after the lock is held: it must see where the head was told to live while others held it.
_FOLLOW_HEAD = """
WITH lives AS (
    SELECT s.subject_id, coalesce(p.township, s.township) AS township
    FROM subject s LEFT JOIN person p ON p.person_id = s.head_person_id WHERE s.subject_id = ANY($1::uuid[])
), seated AS (
    UPDATE subject s SET township = l.township FROM lives l
    WHERE s.subject_id = l.subject_id AND s.township IS DISTINCT FROM l.township
), placed AS (
    UPDATE alert a SET township = l.township FROM lives l
    WHERE a.subject_id = l.subject_id AND a.state = 'open' AND a.township IS DISTINCT FROM l.township
)
SELECT s.subject_id, s.household_id, s.county, s.head_person_id, l.township, s.judged_through
FROM subject s JOIN lives l ON l.subject_id = s.subject_id ORDER BY s.subject_id
"""


async def add_lone_persons(connection: AsyncConnection, person_ids: Collection[UUID], *, county: str) -> None:
    """Let persons be watched alone; told again nothing changes."""
    await fetch(connection, _ADD_ALONE, list(person_ids), county)


async def add_household(connection: AsyncConnection, household_id: UUID, *, county: str) -> None:
    """Let a household be watched; told again nothing changes."""
    await fetch(connection, _ADD_HOUSEHOLD, household_id, county)


async def seat_household(
    connection: AsyncConnection, household_id: UUID, *, head_person_id: UUID | None, township: str | None
) -> None:
    """Note head and township of a household as told; what is not told stays as it was."""
    told = {"head_person_id": head_person_id, "township": township}
    values = {name: value for name, value in told.items() if value is not None}
    if values:
        await connection.execute(update(subject).where(subject.c.subject_id == household_id).values(values))


async def lock_subjects(connection: AsyncConnection, subject_ids: Iterable[UUID]) -> list[Subject]:
    """Return the subjects that exist, locked in order of id, each placed where its head lives now."""
    wanted = list(set(subject_ids))
    await fetch(connection, _LOCK, wanted)
    return [_subject(row) for row in await fetch(connection, _FOLLOW_HEAD, wanted)]


async def headed_by(connection: AsyncConnection, person_id: UUID) -> set[UUID]:
    """Return the subjects whose head the person is."""
    rows = await connection.execute(select(subject.c.subject_id).where(subject.c.head_person_id == person_id))
    return set(rows.scalars())


async def change_head(connection: AsyncConnection, *, retired: PersonId, surviving: PersonId) -> None:
    """Let the surviving person head the households of the retired one."""
    await connection.execute(
        update(subject)
        .where(subject.c.head_person_id == retired, subject.c.household_id.is_not(None))
        .values(head_person_id=surviving)
    )


async def save_judged(connection: AsyncConnection, subject_id: UUID, *, through: date) -> None:
    """Note up to which day the windows of a subject were let run out."""
    await connection.execute(update(subject).where(subject.c.subject_id == subject_id).values(judged_through=through))


def _subject(row: Row) -> Subject:
    return Subject(
        subject_id=HouseholdId(row.subject_id) if row.household_id else PersonId(row.subject_id),
        household_id=row.household_id,
        county=row.county,
        head_person_id=row.head_person_id,
        township=row.township,
        judged_through=row.judged_through,
    )
