"""Households in the database, and under which number each source knows them.

Room: adapters of identity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Text, any_, bindparam, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import HouseholdId, PersonId, TownshipCode
from services.identity.adapters.persons import among
from services.identity.adapters.tables import household, household_number, person
from services.identity.domain.household import Member, Seat
from services.identity.domain.roster import RosterTerms


async def numbers_known(
    connection: AsyncConnection, terms: RosterTerms, household_nos: Collection[str]
) -> dict[str, HouseholdId]:
    """Return number -> household for the numbers of the list's source that were met before."""
    table = household_number
    rows = await connection.execute(
        select(table.c.household_no, table.c.household_id).where(
            table.c.county == terms.county,
            table.c.source == terms.source,
            table.c.household_no == any_(literal(list(household_nos), ARRAY(Text))),
        )
    )
    return {row.household_no: HouseholdId(row.household_id) for row in rows}


async def claimed_by_source(
    connection: AsyncConnection, terms: RosterTerms, household_ids: Collection[HouseholdId]
) -> set[HouseholdId]:
    """Return those of the households that have a number of the list's source."""
    table = household_number
    rows = await connection.execute(
        select(table.c.household_id).where(
            table.c.county == terms.county, table.c.source == terms.source, among(table.c.household_id, household_ids)
        )
    )
    return {HouseholdId(each) for each in rows.scalars()}


async def save_numbers(
    connection: AsyncConnection, terms: RosterTerms, numbers: Mapping[str, HouseholdId], *, now: datetime
) -> None:
    """Store households not met before and the numbers under which they came."""
    if not numbers:
        return
    await connection.execute(
        upsert(household).on_conflict_do_nothing(),
        [
            {"household_id": household_id, "county": terms.county, "first_known_at": now}
            for household_id in sorted(set(numbers.values()))
        ],
    )
    await connection.execute(
        upsert(household_number).on_conflict_do_nothing(),
        [
            {"county": terms.county, "source": terms.source, "household_no": number, "household_id": household_id}
            for number, household_id in sorted(numbers.items())
        ],
    )


async def members_of(
    connection: AsyncConnection, household_ids: Collection[HouseholdId]
) -> Mapping[HouseholdId, list[Member]]:
    """Return the present members of each household."""
    rows = await connection.execute(
        select(person.c.person_id, person.c.household_id, person.c.is_head, person.c.township, person.c.village)
        .where(among(person.c.household_id, household_ids))
        .order_by(person.c.person_id)
    )
    found: dict[HouseholdId, list[Member]] = defaultdict(list)
    for row in rows:
        member = Member(
            person_id=PersonId(row.person_id),
            household_id=HouseholdId(row.household_id),
            is_head=row.is_head,
            township=TownshipCode(row.township) if row.township else None,
            village=row.village,
        )
        found[member.household_id].append(member)
    return found


async def save_seats(connection: AsyncConnection, seats: Mapping[HouseholdId, Seat]) -> None:
    """Store head and place of households."""
    if not seats:
        return
    await connection.execute(
        update(household)
        .where(household.c.household_id == bindparam("of_household"))
        .values(
            head_person_id=bindparam("to_head"), township=bindparam("to_township"), village=bindparam("to_village")
        ),
        [
            {
                "of_household": household_id,
                "to_head": seat.head_person_id,
                "to_township": seat.township,
                "to_village": seat.village,
            }
            for household_id, seat in sorted(seats.items())
        ],
    )


async def household_row(connection: AsyncConnection, household_id: UUID) -> Row[Any] | None:
    """Return the row of a household, or None."""
    found = await connection.execute(select(household).where(household.c.household_id == household_id))
    return found.one_or_none()
