"""Reversals in the database: the state flipped once, the row that says so, the entry to mirror.

Room: adapters of settlement.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from common.kit.clock import rfc3339
from services.settlement.domain.ledger import JournalEntry, Posting

_FLIP = """
WITH flipped AS (
    UPDATE settlement SET state = 'reversed' WHERE settlement_id = $1 AND state = 'settled' RETURNING settlement_id
)
INSERT INTO reversal (reversal_id, settlement_id, reason, reversed_at, reversed_by)
SELECT $2, settlement_id, $3, $4, $5 FROM flipped
"""
_ENTRY = """
SELECT e.entry_id, p.account, p.layer, p.amount_fen FROM journal_entry e JOIN posting p USING (entry_id)
WHERE e.settlement_id = $1 AND e.kind = 'settlement' ORDER BY p.line_no
"""


async def flip(
    connection: AsyncConnection, *, settlement_id: UUID, reversal_id: UUID, reason: str, now: datetime, client_id: str
) -> None:
    """Turn a live settlement into a reversed one; its row must be held."""
    await connection.exec_driver_sql(_FLIP, (settlement_id, reversal_id, reason, now, client_id))


async def entry_of(connection: AsyncConnection, settlement_id: UUID) -> JournalEntry:
    """Return the entry that the settlement booked; one of a bill of 0 fen has no postings."""
    rows = (await connection.exec_driver_sql(_ENTRY, (settlement_id,))).all()
    postings = tuple(Posting(row.account, Money(row.amount_fen), row.layer) for row in rows)
    return JournalEntry(rows[0].entry_id if rows else settlement_id, "settlement", postings)


async def answer_of(connection: AsyncConnection, settlement_id: UUID) -> dict[str, Any]:
    """Return the answer that the first reversal got."""
    row = (
        await connection.exec_driver_sql(
            "SELECT reversal_id, reversed_at FROM reversal WHERE settlement_id = $1", (settlement_id,)
        )
    ).one()
    return {
        "reversal_id": str(row.reversal_id),
        "settlement_id": str(settlement_id),
        "state": "reversed",
        "reversed_at": rfc3339(row.reversed_at),
    }
