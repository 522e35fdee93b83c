"""Archives of persons in the database: loaded and saved many at a time, as one list's slice needs them.

Room: adapters of identity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Row, Uuid, any_, func, insert, literal, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.citizen_number import CitizenNumber, normalised_name, number_hash_of
from common.core.ids import HouseholdId, PersonId, TownshipCode
from common.kit.sealing import Seal
from services.identity.adapters.sealing import Keys
from services.identity.adapters.tables import entitlement_statement, person, person_statement
from services.identity.domain.archive import BY_DISCHARGE, BY_LIST, ArchivedPerson, Place
from services.identity.domain.entitlement import Statement
from services.identity.domain.staging import Roster

_KEPT_WHEN_KNOWN = {"person_id", "first_known_at", "provisional"}


@dataclass(frozen=True, slots=True)
class Written:
    """What a slice writes about one person, with the row of the list that said so."""

    archive: ArchivedPerson
    number: CitizenNumber
    row_no: int


def among(column: ColumnElement[Any], ids: Collection[UUID]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of many ids."""
    return column == any_(literal(list(ids), ARRAY(Uuid)))


async def archives_of(
    connection: AsyncConnection, seal: Seal, person_ids: Collection[PersonId], *, as_of: date, lock: bool
) -> dict[PersonId, ArchivedPerson]:
    """Return the archives that exist, locked in order of id when asked.

    Args:
        connection: Open transaction.
        seal: Opens the phones.
        person_ids: Whom to look for.
        as_of: Day of the list at hand; what lists of that day already stated comes along.
        lock: Whether the archives are about to be written.
    """
    query = select(person).where(among(person.c.person_id, person_ids)).order_by(person.c.person_id)
    rows = (await connection.execute(query.with_for_update() if lock else query)).all()
    entitlements = await latest_entitlements(connection, person_ids)
    names, townships = await _stated_on(connection, person_ids, as_of)
    return {
        PersonId(row.person_id): _archive(
            seal, row, tuple(entitlements[row.person_id]), names[row.person_id], townships[row.person_id]
        )
        for row in rows
    }


async def latest_entitlements(
    connection: AsyncConnection, person_ids: Collection[UUID]
) -> Mapping[UUID, list[Statement]]:
    """Return, per person, the latest statement about each period."""
    table = entitlement_statement
    rows = await connection.execute(
        select(table)
        .ext(distinct_on(table.c.entitlement_id))
        .where(among(table.c.person_id, person_ids))
        .order_by(table.c.entitlement_id, table.c.version.desc())
    )
    found: dict[UUID, list[Statement]] = defaultdict(list)
    for row in rows:
        found[row.person_id].append(statement_of(row))
    return found


def statement_of(row: Row[Any]) -> Statement:
    """Return the statement in a row."""
    return Statement(**{each.name: getattr(row, each.name) for each in fields(Statement)})


async def save_archives(
    connection: AsyncConnection, keys: Keys, written: Iterable[Written], *, listed: Roster, now: datetime
) -> None:
    """Store the archives of persons whose name or place a list changed, and what the list said."""
    whole = list(written)
    if not whole:
        return
    values = [_person_values(keys, each, now) for each in whole]
    statement = upsert(person)
    updated = {
        column.name: statement.excluded[column.name] for column in person.c if column.name not in _KEPT_WHEN_KNOWN
    }
    await connection.execute(statement.on_conflict_do_update(index_elements=[person.c.person_id], set_=updated), values)
    await connection.execute(insert(person_statement), [_statement_values(keys, each, listed, now) for each in whole])


async def save_entitlements(
    connection: AsyncConnection, statements: Iterable[tuple[Statement, int]], *, roster_id: UUID
) -> None:
    """Add statements about categories, each with the row of the list that said so."""
    values = [
        {each.name: getattr(statement, each.name) for each in fields(Statement)}
        | {"roster_id": roster_id, "row_no": row_no}
        for statement, row_no in statements
    ]
    if values:
        await connection.execute(insert(entitlement_statement), values)


async def discharged_person(
    connection: AsyncConnection, person_id: UUID, *, county: str, township: str | None, provisional: bool, now: datetime
) -> bool:
    """Make an archive known by discharge only, unless there is one; return whether a list has named the person."""
    await connection.execute(
        upsert(person)
        .values(
            person_id=person_id,
            county=county,
            version=0,
            known_by=BY_DISCHARGE,
            provisional=provisional,
            township=township,
            first_known_at=now,
        )
        .on_conflict_do_nothing(index_elements=[person.c.person_id])
    )
    found = await connection.execute(select(person.c.known_by).where(person.c.person_id == person_id))
    return bool(found.scalar_one() == BY_LIST)


async def note_number(connection: AsyncConnection, keys: Keys, person_id: UUID, number: CitizenNumber) -> None:
    """Store the number of a person known by discharge, where the archive has none yet."""
    await connection.execute(
        person.update()
        .where(person.c.person_id == person_id, person.c.number_hash.is_(None), ~person.c.provisional)
        .values(
            number_hash=number_hash_of(number, person_key=keys.person_key),
            number_sealed=keys.seal.close(number.value, context=number_context(person_id)),
        )
    )


def number_context(person_id: UUID) -> bytes:
    """Return the context in which a person's number is sealed."""
    return b"number" + person_id.bytes


def phone_context(person_id: UUID) -> bytes:
    """Return the context in which a person's phone is sealed."""
    return b"phone" + person_id.bytes


def place_of(seal: Seal, row: Row[Any]) -> Place:
    """Return the place in a row of a person or of a statement about one."""
    return Place(
        household_id=HouseholdId(row.household_id) if row.household_id else None,
        relation=row.relation,
        is_head=row.is_head,
        township=TownshipCode(row.township) if row.township else None,
        village=row.village,
        phone=seal.open_optional(row.phone_sealed, context=phone_context(row.person_id)),
    )


async def _stated_on(
    connection: AsyncConnection, person_ids: Collection[UUID], as_of: date
) -> tuple[Mapping[UUID, frozenset[str]], Mapping[UUID, frozenset[str]]]:
    """Return names' checks and townships that lists of the day already stated, per person."""
    table = person_statement
    rows = await connection.execute(
        select(
            table.c.person_id,
            func.array_agg(table.c.name_check.distinct()).label("names"),
            func.array_agg(table.c.township.distinct()).label("townships"),
        )
        .where(among(table.c.person_id, person_ids), table.c.as_of == as_of)
        .group_by(table.c.person_id)
    )
    names: dict[UUID, frozenset[str]] = defaultdict(frozenset)
    townships: dict[UUID, frozenset[str]] = defaultdict(frozenset)
    for row in rows:
        names[row.person_id] = frozenset(filter(None, row.names))
        townships[row.person_id] = frozenset(filter(None, row.townships))
    return names, townships


def _archive(
    seal: Seal, row: Row[Any], entitlements: tuple[Statement, ...], names: frozenset[str], townships: frozenset[str]
) -> ArchivedPerson:
    return ArchivedPerson(
        person_id=PersonId(row.person_id),
        county=row.county,
        version=row.version,
        known_by=row.known_by,
        name=row.name,
        name_check=row.name_check,
        named_by=row.named_by,
        named_as_of=row.named_as_of,
        place=place_of(seal, row),
        placed_by=row.placed_by,
        placed_as_of=row.placed_as_of,
        entitlements=entitlements,
        stated_names=names,
        stated_townships=frozenset(TownshipCode(each) for each in townships),
    )


def _place_values(seal: Seal, archive: ArchivedPerson) -> dict[str, Any]:
    place = archive.place
    return {
        "household_id": place.household_id,
        "relation": place.relation,
        "is_head": place.is_head,
        "township": place.township,
        "village": place.village,
        "phone_sealed": seal.close_optional(place.phone, context=phone_context(archive.person_id)),
    }


def _person_values(keys: Keys, written: Written, now: datetime) -> dict[str, Any]:
    archive = written.archive
    return {
        "person_id": archive.person_id,
        "county": archive.county,
        "version": archive.version,
        "known_by": archive.known_by,
        "number_hash": number_hash_of(written.number, person_key=keys.person_key),
        "number_sealed": keys.seal.close(written.number.value, context=number_context(archive.person_id)),
        "name": archive.name,
        "name_plain": normalised_name(archive.name or ""),
        "name_check": archive.name_check,
        "named_by": archive.named_by,
        "named_as_of": archive.named_as_of,
        "placed_by": archive.placed_by,
        "placed_as_of": archive.placed_as_of,
        "first_known_at": now,
        "provisional": False,
    } | _place_values(keys.seal, archive)


def _statement_values(keys: Keys, written: Written, listed: Roster, now: datetime) -> dict[str, Any]:
    archive = written.archive
    return {
        "person_id": archive.person_id,
        "version": archive.version,
        "name": archive.name,
        "name_check": archive.name_check,
        "source": listed.terms.source,
        "as_of": listed.terms.as_of,
        "roster_id": listed.roster_id,
        "row_no": written.row_no,
        "known_since": now,
    } | _place_values(keys.seal, archive)
