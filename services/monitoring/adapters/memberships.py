"""Facts about who belongs where, in the database.

Room: adapters of monitoring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import HouseholdId, PersonId, named_id
from services.monitoring.adapters.tables import membership_statement
from services.monitoring.domain.membership import Presence, Said, Statement, of_household, presences_of


async def add_statement(connection: AsyncConnection, told: Statement) -> None:
    """Note a fact; told twice it stands once."""
    fact = (told.person_id, told.household_id, told.said, told.as_of)
    await connection.execute(
        upsert(membership_statement)
        .values(
            statement_id=named_id("membership", *fact),
            person_id=told.person_id,
            household_id=told.household_id,
            said=told.said,
            as_of=told.as_of,
            told_at=told.told_at,
        )
        .on_conflict_do_nothing()
    )


async def households_of(connection: AsyncConnection, person_ids: Collection[UUID]) -> set[UUID]:
    """Return every household the persons were ever told to be in."""
    table = membership_statement
    rows = await connection.execute(
        select(table.c.household_id)
        .distinct()
        .where(table.c.person_id.in_(person_ids), table.c.household_id.is_not(None))
    )
    return set(rows.scalars())


async def presences_in(connection: AsyncConnection, household_id: HouseholdId) -> tuple[Presence, ...]:
    """Return who belongs to a household when."""
    table = membership_statement
    ever = select(table.c.person_id).where(table.c.household_id == household_id)
    found = await _presences(connection, table.c.person_id.in_(ever))
    return of_household(presences=found, household_id=household_id)


async def presences_alone(connection: AsyncConnection, person_id: PersonId) -> tuple[Presence, ...]:
    """Return the days on which a person belongs to no household."""
    found = await _presences(connection, membership_statement.c.person_id == person_id)
    return of_household(presences=found or [Presence(person_id, None)], household_id=None)


async def hand_over_statements(connection: AsyncConnection, *, retired: PersonId, surviving: PersonId) -> None:
    """Give the retired person's households to the surviving one, unless that one has households of its own."""
    table = membership_statement
    has_own = exists().where(table.alias("own").c.person_id == surviving)
    await connection.execute(update(table).where(table.c.person_id == retired, ~has_own).values(person_id=surviving))
    await connection.execute(delete(table).where(table.c.person_id == retired))


async def _presences(connection: AsyncConnection, whose: object) -> list[Presence]:
    rows = await connection.execute(select(membership_statement).where(whose))  # type: ignore[arg-type] # any SQL condition
    by_person: dict[PersonId, list[Statement]] = defaultdict(list)
    for row in rows:
        told = Statement(PersonId(row.person_id), row.household_id, Said(row.said), row.as_of, row.told_at)
        by_person[told.person_id].append(told)
    return [
        presence
        for person_id, statements in by_person.items()
        for presence in presences_of(person_id=person_id, statements=statements)
    ]
