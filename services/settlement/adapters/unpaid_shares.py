"""Unpaid shares in the database: noted once, received bit by bit, read with what corrections and relief left of them.

Room: adapters of settlement. Next hop: services/settlement/adapters/share_tables.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from common.kit.statements import Row, fetch, fetch_one
from services.settlement.domain.unpaid_share import UnpaidShare

_ADD = """
INSERT INTO share_note (note_id, settlement_id, kind, amount_fen, noted_on, reference, noted_at, noted_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_SHARES = """
SELECT n.settlement_id, s.institution_code, s.county, s.record_no, n.amount_fen AS deferred, n.noted_on AS due_on,
  n.noted_at, s.patient_pays_fen - d.drawn_first AS first_share,
  CASE WHEN s.state = 'reversed' THEN 0 ELSE coalesce((SELECT (c.answer->>'patient_pays_fen')::bigint FROM correction c
      WHERE c.settlement_id = s.settlement_id ORDER BY c.ordinal DESC LIMIT 1), s.patient_pays_fen)
    - d.drawn - coalesce((SELECT sum(g.amount_fen - g.cut_fen) FROM relief_grant g
      WHERE g.settlement_id = s.settlement_id AND g.result = 'booked'), 0) END AS share,
  coalesce((SELECT sum(r.amount_fen) FROM share_note r
    WHERE r.settlement_id = s.settlement_id AND r.kind = 'received'), 0)::bigint AS received
FROM share_note n JOIN settlement s USING (settlement_id),
  LATERAL (SELECT coalesce(-sum(m.amount_fen), 0)::bigint AS drawn,
    coalesce(-sum(m.amount_fen) FILTER (WHERE m.kind = 'draw'), 0)::bigint AS drawn_first
    FROM family_account_move m WHERE m.settlement_id = s.settlement_id) d
WHERE n.kind = 'deferred'
"""
_ONE = f"{_SHARES} AND n.settlement_id = $1"
_PAGE = f"""
{_SHARES} AND ($1::text IS NULL OR s.county = $1) AND ($2::text IS NULL OR s.payee = $2)
  AND ($3::timestamptz IS NULL OR (n.noted_at, n.settlement_id) > ($3, $4))
ORDER BY n.noted_at, n.settlement_id LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class ShareNote:
    """A note of the hospital: `deferred` with the day promised, or `received` with the day it came."""

    note_id: UUID
    settlement_id: UUID
    kind: str
    amount: Money
    on: date
    reference: str
    noted_at: datetime
    noted_by: str


async def add(connection: AsyncConnection, note: ShareNote) -> None:
    """Write a note; it is never changed."""
    said = (note.kind, note.amount.fen, note.on, note.reference)
    await fetch(connection, _ADD, note.note_id, note.settlement_id, *said, note.noted_at, note.noted_by)


async def find(connection: AsyncConnection, settlement_id: UUID) -> UnpaidShare | None:
    """Return a settlement's unpaid share; None where none was noted."""
    row = await fetch_one(connection, _ONE, settlement_id)
    return None if row is None else _share(row)


async def page(
    connection: AsyncConnection,
    *,
    county: str | None,
    institution_code: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[UnpaidShare]:
    """Return at most `limit` unpaid shares behind a position, in the order noted."""
    place = after or (None, None)
    return [_share(row) for row in await fetch(connection, _PAGE, county, institution_code, *place, limit)]


def _share(row: Row) -> UnpaidShare:
    return UnpaidShare(
        settlement_id=UUID(str(row.settlement_id)),
        institution_code=row.institution_code,
        county=row.county,
        record_no=row.record_no,
        first_share=Money(row.first_share),
        share=Money(int(row.share)),
        deferred=Money(row.deferred),
        received=Money(row.received),
        due_on=row.due_on,
        noted_at=row.noted_at,
    )
