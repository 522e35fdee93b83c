"""Settlements in the database: found by record, booked in one statement, flipped once, listed in the order settled.

Room: adapters of settlement.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from common.kit.failpoints import failpoint
from common.kit.statements import Row, fetch, fetch_one
from services.settlement.adapters.locks import try_hold
from services.settlement.domain.earmark import Earmark
from services.settlement.domain.ledger import RECEIVABLE, JournalEntry

_COLUMNS = """
s.settlement_id, s.discharge_id, s.person_id, s.county, s.institution_code, s.record_no, s.attempt, s.state,
s.settled_at, s.discharged_on, s.year, s.body_hash, s.payee
"""
_LATEST = f"""
SELECT {_COLUMNS}, r.answer::text AS answer FROM settlement s JOIN settlement_record r USING (settlement_id)
WHERE s.institution_code = $1 AND s.record_no = $2 ORDER BY s.attempt DESC LIMIT 1
"""  # noqa: S608 - our own column list
_BY_ID = f"""
SELECT {_COLUMNS}, r.answer::text AS answer FROM settlement s JOIN settlement_record r USING (settlement_id)
WHERE s.settlement_id = $1
"""  # noqa: S608 - our own column list
_BOOK = """
WITH d AS (
    INSERT INTO discharge (discharge_id, person_id, county, township, patient_sealed, received_at)
    VALUES ($1, $2, $3, $4, $5, $6)
), s AS (
    INSERT INTO settlement (settlement_id, discharge_id, person_id, county, institution_code, record_no, attempt, state,
      settled_at, discharged_on, year, total_fen, fund_paid_fen, hospital_borne_fen, patient_pays_fen, body_hash, payee)
    VALUES ($7, $1, $2, $3, $8, $9, $10, 'settled', $6, $11, $12, $13, $14, $15, $16, $17, $23)
)
INSERT INTO settlement_record (settlement_id, inputs, inputs_hash, answer, trace, changes)
VALUES ($7, $18, $19, $20, $21, $22)
"""
_ENTRY = """
WITH e AS (
    INSERT INTO journal_entry (entry_id, settlement_id, clearing_id, repayment_id, kind, booked_at)
    VALUES ($1, $2, $3, $4, $5, $6)
)
INSERT INTO posting (entry_id, line_no, account, layer, amount_fen, ledger)
SELECT $1, t.line_no, t.account, t.layer, t.amount, t.ledger
FROM unnest($7::text[], $8::text[], $9::bigint[], $10::text[])
  WITH ORDINALITY AS t(account, layer, amount, ledger, line_no)
"""
_EARMARKS = """
SELECT p.layer, p.account, p.ledger, sum(p.amount_fen)::bigint AS fen
FROM journal_entry e JOIN posting p USING (entry_id)
WHERE e.settlement_id = $1 AND p.ledger <> '' GROUP BY p.layer, p.account, p.ledger ORDER BY p.layer
"""


@dataclass(frozen=True, slots=True)
class Booking:
    """One settlement as it is written; the JSON texts are kept byte for byte."""

    settlement_id: UUID
    discharge_id: UUID
    attempt: int
    person_id: UUID
    county: str
    institution_code: str
    payee: str
    record_no: str
    township: str | None
    patient_sealed: bytes
    settled_at: datetime
    discharged_on: date
    year: int
    total_fen: int
    fund_paid_fen: int
    hospital_borne_fen: int
    patient_pays_fen: int
    body_hash: bytes
    inputs: dict[str, Any]
    answer: dict[str, Any]
    trace: dict[str, Any]
    changes: dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A settlement as read back."""

    settlement_id: UUID
    discharge_id: UUID
    person_id: UUID
    county: str
    institution_code: str
    record_no: str
    attempt: int
    state: str
    settled_at: datetime
    discharged_on: date
    year: int
    body_hash: bytes
    payee: str
    first_answer: dict[str, Any]

    @property
    def is_live(self) -> bool:
        """Whether it was not reversed."""
        return self.state == "settled"

    @property
    def answer(self) -> dict[str, Any]:
        """The answer with the state of now."""
        return {**self.first_answer, "state": self.state}


async def hold_record(connection: AsyncConnection, *, institution_code: str, record_no: str) -> bool:
    """Take the record's lock until the commit; False when another call is at it."""
    return await try_hold(connection, "record", institution_code, record_no)


async def latest_of_record(connection: AsyncConnection, *, institution_code: str, record_no: str) -> Kept | None:
    """Return the newest attempt of a record."""
    row = await fetch_one(connection, _LATEST, institution_code, record_no)
    return None if row is None else kept_of(row)


async def find(connection: AsyncConnection, settlement_id: UUID, *, lock: bool = False) -> Kept | None:
    """Return one settlement, its row held when asked."""
    statement = _BY_ID + (" FOR UPDATE OF s" if lock else "")
    row = await fetch_one(connection, statement, settlement_id)
    return None if row is None else kept_of(row)


async def book(connection: AsyncConnection, booking: Booking, entry: JournalEntry) -> None:
    """Write discharge, settlement, frozen inputs and journal entry."""
    inputs = as_text(booking.inputs)
    await fetch(
        connection,
        _BOOK,
        booking.discharge_id,
        booking.person_id,
        booking.county,
        booking.township,
        booking.patient_sealed,
        booking.settled_at,
        booking.settlement_id,
        booking.institution_code,
        booking.record_no,
        booking.attempt,
        booking.discharged_on,
        booking.year,
        booking.total_fen,
        booking.fund_paid_fen,
        booking.hospital_borne_fen,
        booking.patient_pays_fen,
        booking.body_hash,
        inputs,
        f"sha256:{hashlib.sha256(inputs.encode()).hexdigest()}",
        as_text(booking.answer),
        as_text(booking.trace),
        as_text(booking.changes),
        booking.payee,
    )
    failpoint("settlement.between_postings")
    await enter(connection, entry, settlement_id=booking.settlement_id, booked_at=booking.settled_at)


async def enter(
    connection: AsyncConnection,
    entry: JournalEntry,
    *,
    booked_at: datetime,
    settlement_id: UUID | None = None,
    clearing_id: UUID | None = None,
    repayment_id: UUID | None = None,
) -> None:
    """Add a journal entry with its postings; it belongs to exactly one of the three."""
    await fetch(
        connection,
        _ENTRY,
        entry.entry_id,
        settlement_id,
        clearing_id,
        repayment_id,
        entry.kind,
        booked_at,
        [each.account for each in entry.postings],
        [each.layer for each in entry.postings],
        [each.amount.fen for each in entry.postings],
        [each.ledger for each in entry.postings],
    )


async def earmarks_of(connection: AsyncConnection, settlement_id: UUID) -> list[Earmark]:
    """Return what sub-ledgers bear of a live settlement, its corrections included."""
    return [
        Earmark(row.layer, row.account.removeprefix(f"{RECEIVABLE}:"), row.ledger, Money(row.fen))
        for row in await fetch(connection, _EARMARKS, settlement_id)
    ]


async def stored_part(connection: AsyncConnection, settlement_id: UUID, part: str) -> dict[str, Any]:
    """Return one of `inputs`, `trace`, `changes` of a settlement."""
    if part not in {"inputs", "trace", "changes"}:
        raise ValueError(part)
    statement = f"SELECT {part}::text FROM settlement_record WHERE settlement_id = $1"  # noqa: S608 - checked above
    text = (await connection.exec_driver_sql(statement, (settlement_id,))).scalar_one()
    stored: dict[str, Any] = json.loads(text)
    return stored


def as_text(value: object) -> str:
    """Return compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def kept_of(row: Row) -> Kept:
    """Return a settlement from a row with the columns above and its answer."""
    return Kept(
        settlement_id=UUID(str(row.settlement_id)),
        discharge_id=UUID(str(row.discharge_id)),
        person_id=UUID(str(row.person_id)),
        county=row.county,
        institution_code=row.institution_code,
        record_no=row.record_no,
        attempt=row.attempt,
        state=row.state,
        settled_at=row.settled_at,
        discharged_on=row.discharged_on,
        year=row.year,
        body_hash=bytes(row.body_hash),
        payee=row.payee,
        first_answer=json.loads(row.answer),
    )
