"""Stays in the database.

Room: adapters of monitoring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.errors import NotFound
from common.core.ids import PersonId, SettlementId
from common.core.money import Money
from common.kit.statements import Row, fetch
from common.published.settlement import SupplementBooked
from services.monitoring.adapters.tables import stay, supplement
from services.monitoring.domain.stay import Stay

_ADD = """
INSERT INTO stay (settlement_id, person_id, county, discharged_on, patient_pays_fen, settled_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
_OF_PERSONS = """
SELECT settlement_id, person_id, discharged_on, patient_pays_fen, settled_at FROM stay
WHERE person_id = ANY($1::uuid[]) AND NOT is_reversed
"""


class StayUnknown(NotFound):
    """The settlement was never told to this service; its event may still be on the way."""

    code = "stay_unknown"


async def add_stay(connection: AsyncConnection, told: Stay, *, county: str) -> None:
    """Note a settled stay; told twice it stands once."""
    values = (told.person_id, county, told.discharged_on, told.own_share.fen, told.settled_at)
    await fetch(connection, _ADD, told.settlement_id, *values)


async def mark_reversed(connection: AsyncConnection, settlement_id: UUID) -> None:
    """Note that a settlement was undone.

    Raises:
        StayUnknown: If it was never told.
    """
    done = await connection.execute(
        update(stay).where(stay.c.settlement_id == settlement_id).values(is_reversed=True).returning(stay.c.person_id)
    )
    if done.one_or_none() is None:
        raise StayUnknown("a settlement was reversed that was never told", settlement_id=str(settlement_id))


async def add_supplement(connection: AsyncConnection, told: SupplementBooked) -> None:
    """Add a later change to the stay's share, once.

    Raises:
        StayUnknown: If the settlement was never told.
    """
    if (await connection.execute(select(stay).where(stay.c.settlement_id == told.settlement_id))).one_or_none() is None:
        raise StayUnknown("a supplement to a stay that was never told", settlement_id=str(told.settlement_id))
    added = await connection.execute(
        upsert(supplement)
        .values(
            supplement_id=told.supplement_id,
            settlement_id=told.settlement_id,
            patient_pays_fen=told.patient_pays_fen,
        )
        .on_conflict_do_nothing()
        .returning(supplement.c.supplement_id)
    )
    change = 0 if added.one_or_none() is None else told.patient_pays_fen
    await connection.execute(
        update(stay)
        .where(stay.c.settlement_id == told.settlement_id)
        .values(patient_pays_fen=stay.c.patient_pays_fen + change)
    )


async def stays_of(connection: AsyncConnection, person_ids: Collection[UUID]) -> dict[UUID, list[Stay]]:
    """Return each person's stays that were not reversed."""
    found: dict[UUID, list[Stay]] = defaultdict(list)
    for row in await fetch(connection, _OF_PERSONS, list(person_ids)):
        found[row.person_id].append(_stay(row))
    return found


async def hand_over_stays(connection: AsyncConnection, *, retired: PersonId, surviving: PersonId) -> None:
    """Let the surviving person own the stays of the retired one."""
    await connection.execute(update(stay).where(stay.c.person_id == retired).values(person_id=surviving))


def _stay(row: Row) -> Stay:
    return Stay(
        settlement_id=SettlementId(row.settlement_id),
        person_id=PersonId(row.person_id),
        discharged_on=row.discharged_on,
        own_share=Money(row.patient_pays_fen),
        settled_at=row.settled_at,
    )
