"""Facts about who belongs where, in the database.

Room: adapters of monitoring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import delete, exists, update
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import PersonId, named_id
from common.kit.statements import fetch
from services.monitoring.adapters.tables import membership_statement
from services.monitoring.domain.membership import Presence, Said, Statement, of_household, presences_of
from services.monitoring.domain.subject import Subject

_ADD = """
INSERT INTO membership_statement (statement_id, person_id, household_id, said, as_of, told_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
_HOUSEHOLDS = """
SELECT DISTINCT household_id FROM membership_statement
WHERE person_id = ANY($1::uuid[]) AND household_id IS NOT NULL
"""
# Who was ever in one of the households, and the persons named: as one array, so that the index on the person is used.
_OF_SUBJECTS = """
SELECT person_id, household_id, said, as_of, told_at FROM membership_statement
WHERE person_id = ANY(
    ARRAY(SELECT person_id FROM membership_statement WHERE household_id = ANY($1::uuid[])) || $2::uuid[]
)
"""


async def add_statement(connection: AsyncConnection, told: Statement) -> None:
    """Note a fact; told twice it stands once."""
    fact = (told.person_id, told.household_id, told.said, told.as_of)
    await fetch(connection, _ADD, named_id("membership", *fact), *fact, told.told_at)


async def households_of(connection: AsyncConnection, person_ids: Collection[UUID]) -> set[UUID]:
    """Return every household the persons were ever told to be in."""
    return {row.household_id for row in await fetch(connection, _HOUSEHOLDS, list(person_ids))}


async def presences_of_subjects(
    connection: AsyncConnection, subjects: Iterable[Subject]
) -> dict[UUID, tuple[Presence, ...]]:
    """Return, per subject, who belongs to the household when, or on which days the person stands alone."""
    told: dict[PersonId, list[Statement]] = defaultdict(list)
    alone = [PersonId(each.subject_id) for each in subjects if each.household_id is None]
    homes = [each.household_id for each in subjects if each.household_id is not None]
    for row in await fetch(connection, _OF_SUBJECTS, homes, alone):
        person_id = PersonId(row.person_id)
        told[person_id].append(Statement(person_id, row.household_id, Said(row.said), row.as_of, row.told_at))
    by_person = {each: presences_of(person_id=each, statements=told.get(each, ())) for each in {*told, *alone}}
    everybody = [presence for presences in by_person.values() for presence in presences]
    return {
        **{home: of_household(presences=everybody, household_id=home) for home in homes},
        **{each: of_household(presences=by_person[each], household_id=None) for each in alone},
    }


async def hand_over_statements(connection: AsyncConnection, *, retired: PersonId, surviving: PersonId) -> None:
    """Give the retired person's households to the surviving one, unless that one has households of its own."""
    table = membership_statement
    has_own = exists().where(table.alias("own").c.person_id == surviving)
    await connection.execute(update(table).where(table.c.person_id == retired, ~has_own).values(person_id=surviving))
    await connection.execute(delete(table).where(table.c.person_id == retired))
