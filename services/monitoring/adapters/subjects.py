"""Subjects in the database: a subject's row is the lock under which its sum is judged.

Two facts about one household arrive on two partitions at the same time, because the key of a discharge is the person;
whoever comes second waits here and then sees what the first has written. Room: adapters of monitoring.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import HouseholdId, PersonId
from services.monitoring.adapters.tables import alert, person, subject
from services.monitoring.domain.alert import State
from services.monitoring.domain.subject import Subject


async def add_lone_person(connection: AsyncConnection, person_id: UUID, *, county: str) -> None:
    """Let a person be watched alone; told again nothing changes."""
    values = {"subject_id": person_id, "county": county, "head_person_id": person_id}
    await connection.execute(upsert(subject).values(values).on_conflict_do_nothing())


async def add_household(connection: AsyncConnection, household_id: UUID, *, county: str) -> None:
    """Let a household be watched; told again nothing changes."""
    values = {"subject_id": household_id, "household_id": household_id, "county": county}
    await connection.execute(upsert(subject).values(values).on_conflict_do_nothing())


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
    found = []
    for subject_id in sorted(set(subject_ids)):
        await connection.execute(
            select(subject.c.subject_id).where(subject.c.subject_id == subject_id).with_for_update()
        )
        await _follow_head(connection, subject_id)
        row = (await connection.execute(select(subject).where(subject.c.subject_id == subject_id))).one_or_none()
        found += [_subject(row)] if row else []
    return found


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


async def _follow_head(connection: AsyncConnection, subject_id: UUID) -> None:
    """Place a subject, and its open alert, where its head lives."""
    lives = select(person.c.township).where(person.c.person_id == subject.c.head_person_id).scalar_subquery()
    await connection.execute(
        update(subject).where(subject.c.subject_id == subject_id, lives.is_not(None)).values(township=lives)
    )
    stands = select(subject.c.township).where(subject.c.subject_id == subject_id).scalar_subquery()
    await connection.execute(
        update(alert).where(alert.c.subject_id == subject_id, alert.c.state == State.OPEN).values(township=stands)
    )


def _subject(row: Row[tuple[object, ...]]) -> Subject:
    return Subject(
        subject_id=HouseholdId(row.subject_id) if row.household_id else PersonId(row.subject_id),
        household_id=row.household_id,
        county=row.county,
        head_person_id=row.head_person_id,
        township=row.township,
        judged_through=row.judged_through,
    )
