"""Persons of the national interface: the number and name behind a 人员编号, and what identity told about them.

Room: adapters of settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.citizen_number import CitizenNumber
from common.core.errors import NotFound
from common.kit.sealing import Seal
from common.kit.statements import fetch, fetch_one
from services.settlement.domain.his_person import HeldCategory, NamedPatient
from services.settlement.domain.patient_record import patient_as_text, patient_from_text

_NOTE = """
INSERT INTO his_person (institution_code, psn_no, patient_sealed, asked_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (institution_code, psn_no) DO NOTHING
"""
_FIND = "SELECT patient_sealed FROM his_person WHERE institution_code = $1 AND psn_no = $2"
_COUNTY = """
SELECT coalesce(s.county, p.county) AS county
FROM known_person p LEFT JOIN known_person s ON s.person_id = p.merged_into WHERE p.person_id = $1
"""
_HELD = """
SELECT c.category, min(c.effective_from) AS begins_on,
  CASE WHEN bool_or(c.effective_to IS NULL) THEN NULL ELSE max(c.effective_to) END AS ends_before
FROM known_category c
WHERE c.person_id IN ($1, (SELECT merged_into FROM known_person WHERE person_id = $1)) AND c.county = $2
  AND NOT c.withdrawn AND c.effective_from <= $3 AND (c.effective_to IS NULL OR $3 < c.effective_to)
  AND c.category = ANY ($4::text[])
GROUP BY c.category ORDER BY c.category
"""


class PersonNotAsked(NotFound):
    """The institution never asked for this 人员编号 by 1101."""

    code = "his_person_not_asked"
    zh = "没有找到该人员编号，请先办理人员基本信息获取（1101）"


def patient_from_sealed(sealed: bytes, *, context: bytes, seal: Seal) -> NamedPatient:
    """Return number and name of somebody who was named by both."""
    told = patient_from_text(text=seal.open(sealed, context=context))
    return NamedPatient(CitizenNumber(told["citizen_id"] or ""), told["name"] or "")


async def note(
    connection: AsyncConnection, patient: NamedPatient, *, institution_code: str, psn_no: str, seal: Seal, now: datetime
) -> None:
    """Note whom an institution asked for; asked again nothing changes."""
    sealed = seal.close(patient_as_text(patient=patient.patient()), context=psn_no.encode())
    await fetch(connection, _NOTE, institution_code, psn_no, sealed, now)


async def find(connection: AsyncConnection, psn_no: str, *, institution_code: str, seal: Seal) -> NamedPatient:
    """Return whom an institution asked for.

    Raises:
        PersonNotAsked: If it never did.
    """
    row = await fetch_one(connection, _FIND, institution_code, psn_no)
    if row is None:
        raise PersonNotAsked("no person of that psn_no")
    return patient_from_sealed(bytes(row.patient_sealed), context=psn_no.encode(), seal=seal)


async def county_of(connection: AsyncConnection, person_id: UUID) -> str | None:
    """Return the county in which identity knows a person, None when nobody told of them."""
    row = await fetch_one(connection, _COUNTY, person_id)
    return None if row is None else str(row.county)


async def periods_of(
    connection: AsyncConnection, person_id: UUID, *, county: str, on: date, categories: Sequence[str]
) -> list[HeldCategory]:
    """Return the periods of categories that were recognised for a day."""
    rows = await fetch(connection, _HELD, person_id, county, on, list(categories))
    return [HeldCategory(row.category, row.begins_on, row.ends_before) for row in rows]
