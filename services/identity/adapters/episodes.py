"""Episodes (诊疗记录) of the health archive: one per settlement, marked when it is reversed.

Room: adapters of identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Row, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.published.settlement import DischargeSettled, SupplementBooked
from services.identity.adapters.tables import episode, episode_change


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
    return bool(found.rowcount) or await is_known(connection, settlement_id)


async def is_known(connection: AsyncConnection, settlement_id: UUID) -> bool:
    """Say whether the stay is in the archive."""
    known = await connection.execute(select(episode.c.settlement_id).where(episode.c.settlement_id == settlement_id))
    return known.one_or_none() is not None


async def add_change(connection: AsyncConnection, event: SupplementBooked, *, now: datetime) -> None:
    """Store what a correction changed in the share of a stay; a repeat changes nothing."""
    await connection.execute(
        upsert(episode_change)
        .values(
            supplement_id=event.supplement_id,
            settlement_id=event.settlement_id,
            patient_pays_fen=event.patient_pays_fen,
            known_since=now,
        )
        .on_conflict_do_nothing()
    )


async def episodes_of(
    connection: AsyncConnection, person_id: UUID, *, on: date, known_at: datetime
) -> Sequence[Row[Any]]:
    """Return the person's stays discharged until the day, as known at the instant, the latest first.

    The share is that of the newest correction known by then.
    """
    is_live = or_(episode.c.reversed_since.is_(None), episode.c.reversed_since > known_at)
    changed = (
        select(func.coalesce(func.sum(episode_change.c.patient_pays_fen), 0))
        .where(episode_change.c.settlement_id == episode.c.settlement_id, episode_change.c.known_since <= known_at)
        .scalar_subquery()
    )
    share = (episode.c.patient_pays_fen + changed).cast(BigInteger).label("patient_pays_fen")
    columns: list[ColumnElement[Any]] = [column for column in episode.c if column.name != "patient_pays_fen"]
    columns += [share, is_live.label("is_live")]
    rows = await connection.execute(
        select(*columns)
        .where(episode.c.person_id == person_id, episode.c.discharged_on <= on, episode.c.known_since <= known_at)
        .order_by(episode.c.discharged_on.desc(), episode.c.settlement_id)
    )
    return rows.all()
