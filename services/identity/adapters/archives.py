"""Reads archives for people: one person with everything ever said, or many in short.

Room: adapters of identity.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.citizen_number import CitizenNumber, normalised_name, number_hash_of, person_id_of
from common.kit.sealing import Seal
from services.identity.adapters.persons import among, number_context, phone_context, place_of, statement_of
from services.identity.adapters.sealing import Keys
from services.identity.adapters.tables import entitlement_statement, person, person_statement
from services.identity.domain.archive import ArchiveStatement
from services.identity.domain.entitlement import Statement
from services.identity.domain.roster import masked_number_text

MOST_FOUND = 200


@dataclass(frozen=True, slots=True)
class PersonShort:
    """A person as a list shows them: the number is masked, whoever asks."""

    person_id: UUID
    county: str
    township: str | None
    village: str | None
    household_id: UUID | None
    is_head: bool
    name: str | None
    citizen_id: str | None
    phone: str | None
    known_by: str


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """Everything stored about one person's name, place and categories."""

    short: PersonShort
    relation: str | None
    provisional: bool
    first_known_at: datetime
    places: Sequence[ArchiveStatement]
    statements: Sequence[Statement]


async def person_record(connection: AsyncConnection, seal: Seal, person_id: UUID) -> PersonRecord | None:
    """Return everything about a person, or None for an unknown id."""
    row = (await connection.execute(select(person).where(person.c.person_id == person_id))).one_or_none()
    if row is None:
        return None
    places = await connection.execute(
        select(person_statement).where(person_statement.c.person_id == person_id).order_by(person_statement.c.version)
    )
    statements = await connection.execute(
        select(entitlement_statement).where(entitlement_statement.c.person_id == person_id)
    )
    return PersonRecord(
        short=_short(seal, row),
        relation=row.relation,
        provisional=row.provisional,
        first_known_at=row.first_known_at,
        places=[_archive_statement(seal, each) for each in places],
        statements=[statement_of(each) for each in statements],
    )


async def persons_by_number(
    connection: AsyncConnection, keys: Keys, number: CitizenNumber, *, county: str, township: str | None
) -> list[PersonShort]:
    """Return whoever has the number, inside the caller's county or township."""
    is_meant = or_(
        person.c.number_hash == number_hash_of(number, person_key=keys.person_key),
        person.c.person_id == person_id_of(number, person_key=keys.person_key),
    )
    return await _found(connection, keys.seal, is_meant, county, township)


async def persons_by_name(
    connection: AsyncConnection, seal: Seal, *, name: str, village: str, county: str, township: str | None
) -> list[PersonShort]:
    """Return persons of exactly this name in this village."""
    is_meant = (person.c.name_plain == normalised_name(name)) & (person.c.village == village.strip())
    return await _found(connection, seal, is_meant, county, township)


async def persons_by_id(
    connection: AsyncConnection, seal: Seal, person_ids: Collection[UUID], *, county: str, township: str | None
) -> list[PersonShort]:
    """Return those of the persons that the caller may see."""
    return await _found(connection, seal, among(person.c.person_id, person_ids), county, township)


async def members_in_short(connection: AsyncConnection, seal: Seal, household_id: UUID) -> list[PersonShort]:
    """Return the present members of a household, its head first."""
    rows = await connection.execute(
        select(person)
        .where(person.c.household_id == household_id)
        .order_by(person.c.is_head.desc(), person.c.person_id)
    )
    return [_short(seal, row) for row in rows]


async def _found(
    connection: AsyncConnection, seal: Seal, is_meant: ColumnElement[bool], county: str, township: str | None
) -> list[PersonShort]:
    query = select(person).where(is_meant, person.c.county == county)
    if township is not None:
        query = query.where(person.c.township == township)
    rows = await connection.execute(query.order_by(person.c.person_id).limit(MOST_FOUND))
    return [_short(seal, row) for row in rows]


def _short(seal: Seal, row: Row[Any]) -> PersonShort:
    number = seal.open_optional(row.number_sealed, context=number_context(row.person_id))
    return PersonShort(
        person_id=row.person_id,
        county=row.county,
        township=row.township,
        village=row.village,
        household_id=row.household_id,
        is_head=row.is_head,
        name=row.name,
        citizen_id=None if number is None else masked_number_text(number),
        phone=seal.open_optional(row.phone_sealed, context=phone_context(row.person_id)),
        known_by=row.known_by,
    )


def _archive_statement(seal: Seal, row: Row[Any]) -> ArchiveStatement:
    return ArchiveStatement(
        version=row.version,
        name=row.name,
        place=place_of(seal, row),
        source=row.source,
        as_of=row.as_of,
        known_since=row.known_since,
    )
