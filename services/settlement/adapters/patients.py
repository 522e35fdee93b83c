"""The sealed patient of a discharge, and the record of who read number and name.

Room: adapters of settlement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.errors import NotFound
from common.kit.sealing import Seal
from services.settlement.domain.patient_record import patient_from_text

_READ = "SELECT patient_sealed, township FROM discharge WHERE discharge_id = $1"
_NOTE = "INSERT INTO read_audit (read_at, client_id, correlation_id, action, subject_id) VALUES ($1, $2, $3, $4, $5)"


class DischargeUnknown(NotFound):
    """There is no discharge of that id."""

    zh = "没有找到该出院记录"


@dataclass(frozen=True, slots=True)
class SentPatient:
    """The patient as the hospital named them, in clear; `citizen_id` is None for a temporary identity."""

    citizen_id: str | None
    name: str
    township: str | None


async def patient_of(connection: AsyncConnection, *, discharge_id: UUID, seal: Seal) -> SentPatient:
    """Open the seal of a discharge.

    Raises:
        DischargeUnknown: If there is no such discharge.
    """
    row = (await connection.exec_driver_sql(_READ, (discharge_id,))).one_or_none()
    if row is None:
        raise DischargeUnknown("no discharge of that id")
    told = patient_from_text(text=seal.open(bytes(row.patient_sealed), context=discharge_id.bytes))
    return SentPatient(told["citizen_id"], told["name"] or "", row.township)


async def note_read(
    connection: AsyncConnection,
    *,
    client_id: str,
    correlation_id: str,
    action: str,
    subject_id: UUID,
    now: datetime,
) -> None:
    """Record a read in the transaction that answers it."""
    await connection.exec_driver_sql(_NOTE, (now, client_id, correlation_id, action, subject_id))
