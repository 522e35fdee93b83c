"""Reversals in the database: the state flipped once, the row that says so, the entries to mirror.

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
_ENTRIES = """
SELECT e.entry_id, e.kind, p.account, p.layer, p.amount_fen, p.ledger
FROM journal_entry e LEFT JOIN posting p USING (entry_id)
WHERE e.settlement_id = $1 ORDER BY e.booked_at, e.kind, p.line_no
"""


async def flip(
    connection: AsyncConnection, *, settlement_id: UUID, reversal_id: UUID, reason: str, now: datetime, client_id: str
) -> None:
    """Turn a live settlement into a reversed one; its row must be held."""
    await connection.exec_driver_sql(_FLIP, (settlement_id, reversal_id, reason, now, client_id))


async def entries_of(connection: AsyncConnection, settlement_id: UUID) -> list[JournalEntry]:
    """Return the entries of a live settlement, its corrections' too; one that moved no money has no postings."""
    postings: dict[tuple[UUID, str], list[Posting]] = {}
    for row in (await connection.exec_driver_sql(_ENTRIES, (settlement_id,))).all():
        sides = postings.setdefault((row.entry_id, row.kind), [])
        if row.account is not None:
            sides.append(Posting(row.account, Money(row.amount_fen), row.layer, row.ledger))
    return [JournalEntry(entry_id, kind, tuple(sides)) for (entry_id, kind), sides in postings.items()]


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
