"""Verification (入户核实): wishes for a patient's number and name, and the tasks opened with them.

Room: adapters of identity.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import named_id
from common.kit.sealing import Seal
from services.identity.adapters.persons import among
from services.identity.adapters.tables import verification_request, verification_task

_REQUEST, _TASK = verification_request, verification_task


@dataclass(frozen=True, slots=True)
class VerificationRequest:
    """A discharge of somebody on no list that looks catastrophic; number and name are still to be fetched."""

    settlement_id: UUID
    discharge_id: UUID
    person_id: UUID
    county: str
    township: str | None
    discharged_on: date
    patient_pays_fen: int
    line_fen: int
    due_days: int
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Patient:
    """Who the patient is, as settlement has it from the hospital; parts it does not know are None."""

    citizen_id: str | None
    name: str | None
    township: str | None


async def add_request(connection: AsyncConnection, wanted: VerificationRequest, *, now: datetime) -> None:
    """Store the wish; a repeat changes nothing."""
    values = {each.name: getattr(wanted, each.name) for each in fields(wanted)}
    await connection.execute(
        upsert(_REQUEST).values(**values, state="waiting", next_attempt_at=now).on_conflict_do_nothing()
    )


async def claim_requests(
    connection: AsyncConnection, *, now: datetime, lease: timedelta, limit: int
) -> list[VerificationRequest]:
    """Take due wishes, each counted as one attempt; nobody else takes them before the lease has run out."""
    due = (
        select(_REQUEST.c.settlement_id)
        .where(_REQUEST.c.state == "waiting", _REQUEST.c.next_attempt_at <= now)
        .order_by(_REQUEST.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = await connection.execute(
        update(_REQUEST)
        .where(_REQUEST.c.settlement_id.in_(due))
        .values(attempts=_REQUEST.c.attempts + 1, next_attempt_at=now + lease)
        .returning(_REQUEST)
    )
    names = [each.name for each in fields(VerificationRequest)]
    return [VerificationRequest(**{name: getattr(row, name) for name in names}) for row in rows]


async def postpone_request(connection: AsyncConnection, settlement_id: UUID, *, until: datetime, error: str) -> None:
    """Note a failed attempt and when the next one is due."""
    await connection.execute(
        update(_REQUEST)
        .where(_REQUEST.c.settlement_id == settlement_id, _REQUEST.c.state == "waiting")
        .values(next_attempt_at=until, last_error=error)
    )


async def end_request(connection: AsyncConnection, settlement_id: UUID, *, state: str) -> bool:
    """End a waiting wish; return whether it still waited."""
    ended = await connection.execute(
        update(_REQUEST)
        .where(_REQUEST.c.settlement_id == settlement_id, _REQUEST.c.state == "waiting")
        .values(state=state)
    )
    return bool(ended.rowcount)


async def add_task(
    connection: AsyncConnection,
    seal: Seal,
    wanted: VerificationRequest,
    patient: Patient,
    *,
    due_on: date,
    now: datetime,
) -> None:
    """Open the task of a discharge, once."""
    task_id = named_id("verification_task", wanted.settlement_id)
    await connection.execute(
        upsert(_TASK)
        .values(
            task_id=task_id,
            settlement_id=wanted.settlement_id,
            person_id=wanted.person_id,
            county=wanted.county,
            township=patient.township or wanted.township,
            name_sealed=seal.close_optional(patient.name, context=task_context(task_id)),
            number_sealed=seal.close_optional(patient.citizen_id, context=task_context(task_id)),
            discharged_on=wanted.discharged_on,
            patient_pays_fen=wanted.patient_pays_fen,
            line_fen=wanted.line_fen,
            opened_at=now,
            due_on=due_on,
            state="open",
        )
        .on_conflict_do_nothing()
    )


async def withdraw(connection: AsyncConnection, settlement_id: UUID) -> None:
    """Drop wish and task of a discharge that was reversed."""
    await end_request(connection, settlement_id, state="withdrawn")
    await connection.execute(
        update(_TASK).where(_TASK.c.settlement_id == settlement_id, _TASK.c.state == "open").values(state="withdrawn")
    )


async def close_for_registered(connection: AsyncConnection, person_ids: Collection[UUID]) -> None:
    """Close what is open about persons whom a list has now named."""
    await connection.execute(
        update(_REQUEST)
        .where(among(_REQUEST.c.person_id, person_ids), _REQUEST.c.state == "waiting")
        .values(state="withdrawn")
    )
    await connection.execute(
        update(_TASK).where(among(_TASK.c.person_id, person_ids), _TASK.c.state == "open").values(state="registered")
    )


async def tasks_page(
    connection: AsyncConnection,
    *,
    county: str,
    township: str | None,
    state: str | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Return one page of tasks, the most urgent first."""
    query = select(_TASK).where(_TASK.c.county == county)
    if township is not None:
        query = query.where(_TASK.c.township == township)
    if state is not None:
        query = query.where(_TASK.c.state == state)
    if after is not None:
        query = query.where(tuple_(_TASK.c.due_on, _TASK.c.task_id) > after)
    return (await connection.execute(query.order_by(_TASK.c.due_on, _TASK.c.task_id).limit(limit))).all()


def task_context(task_id: UUID) -> bytes:
    """Return the context in which a task's name and number are sealed."""
    return b"verification_task" + task_id.bytes
