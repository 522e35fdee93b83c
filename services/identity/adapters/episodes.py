"""Episodes (诊疗记录) of the health archive: one per settlement, marked when it is reversed.

Room: adapters of identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.published.settlement import DischargeSettled
from services.identity.adapters.tables import episode


async def add_episode(connection: AsyncConnection, event: DischargeSettled, *, now: datetime) -> None:
    """Store the stay; a repeat changes nothing."""
    await connection.execute(
        upsert(episode)
        .values(
            settlement_id=event.settlement_id,
            discharge_id=event.discharge_id,
            person_id=event.person_id,
            county=event.county,
            institution_code=event.institution_code,
            visit_type=event.visit_type,
            admitted_on=event.admitted_on,
            discharged_on=event.discharged_on,
            diagnoses=event.diagnoses,
            total_fen=event.total_fen,
            patient_pays_fen=event.patient_pays_fen,
            benefit_class=event.benefit_class,
            identity_open=event.identity_open,
            known_since=now,
        )
        .on_conflict_do_nothing(index_elements=[episode.c.settlement_id])
    )


async def mark_reversed(connection: AsyncConnection, settlement_id: UUID, *, reversed_on: date, now: datetime) -> bool:
    """Mark the stay as reversed, once; return whether it is known at all."""
    found = await connection.execute(
        update(episode)
        .where(episode.c.settlement_id == settlement_id, episode.c.reversed_on.is_(None))
        .values(reversed_on=reversed_on, reversed_since=now)
    )
    if found.rowcount:
        return True
    known = await connection.execute(select(episode.c.settlement_id).where(episode.c.settlement_id == settlement_id))
    return known.one_or_none() is not None


async def episodes_of(
    connection: AsyncConnection, person_id: UUID, *, on: date, known_at: datetime
) -> Sequence[Row[Any]]:
    """Return the person's stays discharged until the day, as known at the instant, the latest first."""
    is_live = or_(episode.c.reversed_since.is_(None), episode.c.reversed_since > known_at)
    rows = await connection.execute(
        select(episode, is_live.label("is_live"))
        .where(episode.c.person_id == person_id, episode.c.discharged_on <= on, episode.c.known_since <= known_at)
        .order_by(episode.c.discharged_on.desc(), episode.c.settlement_id)
    )
    return rows.all()
