"""Stays in the database: named queries, no rules, no commit."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from common.core.ids import PersonId
from common.kit.db import UnitOfWork
from services._skeleton.adapters.tables import stay as table
from services._skeleton.domain.stay import Stay


async def add(uow: UnitOfWork, stay: Stay) -> None:
    """Add a stay; one that is there already stays as it is."""
    row = {
        "settlement_id": stay.settlement_id,
        "person_id": stay.person_id,
        "county": stay.county,
        "discharged_on": stay.discharged_on,
    }
    await uow.connection.execute(insert(table).values(row).on_conflict_do_nothing())


async def of_person(uow: UnitOfWork, *, person_id: PersonId, county: str) -> list[Stay]:
    """Return the person's stays that a county insured."""
    query = select(table).where(table.c.person_id == person_id, table.c.county == county)
    rows = await uow.connection.execute(query)
    return [Stay(row.settlement_id, PersonId(row.person_id), row.county, row.discharged_on) for row in rows]
