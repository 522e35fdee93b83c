"""Stays of the national interface in the database: registered once per 住院号 at a time, held while they change.

Room: adapters of settlement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.errors import NotFound
from common.kit.sealing import Seal
from common.kit.statements import driver_of, fetch, fetch_one
from services.settlement.adapters.his_persons import patient_from_sealed
from services.settlement.domain.his_stay import HisStay
from services.settlement.domain.patient_record import patient_as_text
from services.settlement.domain.second_telling import StayDays

_ADD = """
INSERT INTO his_stay (mdtrt_id, institution_code, psn_no, ipt_no, county, insutype, med_type, mdtrt_cert_type,
  admitted_on, diagnoses, patient_sealed, state, registered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '{}', $10, 'admitted', $11)
ON CONFLICT (institution_code, ipt_no) WHERE state = 'admitted' DO NOTHING RETURNING mdtrt_id
"""
_FIND = """
SELECT mdtrt_id, institution_code, psn_no, ipt_no, county, insutype, med_type, mdtrt_cert_type, admitted_on,
  discharged_on, diagnoses, patient_sealed, state
FROM his_stay WHERE mdtrt_id = $1 AND institution_code = $2
"""
_END = """
UPDATE his_stay SET discharged_on = $2, dscg_way = $3, diagnoses = $4, state = 'discharged' WHERE mdtrt_id = $1
"""
_REOPEN = """
UPDATE his_stay SET discharged_on = NULL, dscg_way = NULL, diagnoses = '{}', state = 'admitted' WHERE mdtrt_id = $1
"""
_CANCEL = "UPDATE his_stay SET state = 'cancelled' WHERE mdtrt_id = $1"


# A record number that is a stay's `mdtrt_id` came by message, any other one by a discharge call or as a claim.
_TOLD_OTHERWISE = """
SELECT s.settlement_id, s.record_no, h.admitted_on, s.discharged_on
FROM his_stay h
JOIN settlement s ON s.institution_code = h.institution_code AND s.record_no = h.mdtrt_id AND s.state = 'settled'
WHERE h.institution_code = $1 AND h.psn_no = $3 AND s.discharged_on >= $5
  AND NOT EXISTS (SELECT FROM his_stay o WHERE o.mdtrt_id = $2)
UNION ALL
SELECT s.settlement_id, s.record_no, (r.inputs->>'admitted_on')::date, s.discharged_on
FROM settlement s JOIN settlement_record r USING (settlement_id)
WHERE s.person_id = $4 AND s.institution_code = $1 AND s.state = 'settled' AND s.discharged_on >= $5
  AND r.inputs->>'visit_type' = 'inpatient'
  AND (s.payee <> $6 OR EXISTS (SELECT FROM his_stay o WHERE o.mdtrt_id = $2)
    AND NOT EXISTS (SELECT FROM his_stay o WHERE o.mdtrt_id = s.record_no))
"""


@dataclass(frozen=True, slots=True)
class ToldOtherwise:
    """A living settlement of a stay that came through the other interface."""

    settlement_id: UUID
    record_no: str
    days: StayDays


class StayUnknown(NotFound):
    """The institution registered no such stay."""

    code = "his_stay_unknown"
    zh = "没有找到该就诊ID的入院登记"


async def add(connection: AsyncConnection, stay: HisStay, *, seal: Seal, now: datetime) -> bool:
    """Register a stay; False when the institution has one in the house under the same 住院号."""
    row = await fetch_one(
        connection,
        _ADD,
        stay.mdtrt_id,
        stay.institution_code,
        stay.psn_no,
        stay.ipt_no,
        stay.county,
        stay.insutype,
        stay.med_type,
        stay.mdtrt_cert_type,
        stay.admitted_on,
        seal.close(patient_as_text(patient=stay.patient.patient()), context=stay.mdtrt_id.encode()),
        now,
    )
    return row is not None


async def find(
    connection: AsyncConnection, mdtrt_id: str, *, institution_code: str, seal: Seal, lock: bool = False
) -> HisStay:
    """Return one stay of an institution, its row held until the commit when asked.

    Raises:
        StayUnknown: If the institution has none of that id.
    """
    row = await fetch_one(connection, _FIND + ("FOR UPDATE" if lock else ""), mdtrt_id, institution_code)
    if row is None:
        raise StayUnknown("no stay of that mdtrt_id")
    return HisStay(
        mdtrt_id=row.mdtrt_id,
        institution_code=row.institution_code,
        psn_no=row.psn_no,
        ipt_no=row.ipt_no,
        county=row.county,
        insutype=row.insutype,
        med_type=row.med_type,
        mdtrt_cert_type=row.mdtrt_cert_type,
        admitted_on=row.admitted_on,
        discharged_on=row.discharged_on,
        diagnoses=tuple(row.diagnoses),
        patient=patient_from_sealed(bytes(row.patient_sealed), context=row.mdtrt_id.encode(), seal=seal),
        state=row.state,
    )


async def told_otherwise(
    connection: AsyncConnection,
    *,
    institution_code: str,
    record_no: str,
    psn_no: str,
    person_id: UUID,
    admitted_on: date,
    payee: str,
) -> list[ToldOtherwise]:
    """Return a person's living stays at a hospital that ended on a day or later and came another way than this record.

    Another way is the other interface; for a claim a hospital's window, and the other way about.
    """
    values = (institution_code, record_no, psn_no, person_id, admitted_on, payee)
    rows = await fetch(connection, _TOLD_OTHERWISE, *values)
    return [
        ToldOtherwise(UUID(str(row.settlement_id)), row.record_no, StayDays(row.admitted_on, row.discharged_on))
        for row in rows
    ]


async def end(
    connection: AsyncConnection, mdtrt_id: str, *, discharged_on: date, dscg_way: str, diagnoses: tuple[str, ...]
) -> None:
    """Write the discharge of a stay whose row is held; a later one replaces it."""
    await fetch(connection, _END, mdtrt_id, discharged_on, dscg_way, list(diagnoses))


async def reopen(connection: AsyncConnection, mdtrt_id: str) -> bool:
    """Forget the discharge of a stay whose row is held; False when its 住院号 was given to another in the house."""
    try:
        async with driver_of(connection).transaction():
            await fetch(connection, _REOPEN, mdtrt_id)
    except asyncpg.UniqueViolationError:
        return False
    return True


async def cancel(connection: AsyncConnection, mdtrt_id: str) -> None:
    """Take the admission of a stay back; its row is held."""
    await fetch(connection, _CANCEL, mdtrt_id)
