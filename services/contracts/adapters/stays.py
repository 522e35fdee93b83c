"""Stays in the database.

Room: adapters of contracts.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.errors import NotFound
from common.core.ids import FollowUpId, PersonId, SettlementId
from common.kit.statements import fetch
from services.contracts.adapters.tables import follow_up_reason, stay
from services.contracts.domain.stay import Stay

_ADD = """
INSERT INTO stay (settlement_id, person_id, county, discharged_on, diseases, identity_open, is_provisional)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""


class StayUnknown(NotFound):
    """The settlement was never told to this service; its event may still be on the way."""

    code = "stay_unknown"


async def add_stay(connection: AsyncConnection, told: Stay) -> None:
    """Note a settled stay; told twice it stands once."""
    await fetch(
        connection,
        _ADD,
        told.settlement_id,
        told.person_id,
        told.county,
        told.discharged_on,
        list(told.diseases),
        told.identity_open,
        told.is_provisional,
    )


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


async def stays_behind(connection: AsyncConnection, follow_up_id: FollowUpId) -> Sequence[Stay]:
    """Return the stays that ask for a task and were not undone, the earliest first."""
    rows = await connection.execute(
        select(stay)
        .join(follow_up_reason, follow_up_reason.c.settlement_id == stay.c.settlement_id)
        .where(follow_up_reason.c.follow_up_id == follow_up_id, stay.c.is_reversed.is_(False))
        .order_by(stay.c.discharged_on, stay.c.settlement_id)
    )
    return [_stay(row) for row in rows]


def _stay(row: Row[tuple[object, ...]]) -> Stay:
    return Stay(
        settlement_id=SettlementId(row.settlement_id),
        person_id=PersonId(row.person_id),
        county=row.county,
        discharged_on=row.discharged_on,
        diseases=tuple(row.diseases),
        identity_open=row.identity_open,
        is_provisional=row.is_provisional,
        is_reversed=row.is_reversed,
    )
