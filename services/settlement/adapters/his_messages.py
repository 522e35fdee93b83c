"""Answered messages of the national interface: held by number while one runs, found again, kept with their effect.

Room: adapters of settlement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit.cleaning import Kept
from common.kit.statements import fetch, fetch_one
from services.settlement.adapters.locks import hold

_FIND = """
SELECT infno, body_hash, answer_sealed, mdtrt_id, settlement_id FROM his_message
WHERE msgid = $1 AND institution_code = $2
"""
_KEEP = """
INSERT INTO his_message (msgid, institution_code, infno, body_hash, answer_sealed, mdtrt_id, settlement_id, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


# A settlement's and an admission's stay: a repeat must not act a second time, and 2601 names them at any time. What the
# others do again finds it done, or only reads.
_OLD = """
DELETE FROM his_message WHERE msgid IN (
    SELECT msgid FROM his_message WHERE infno NOT IN ('2304', '2401') AND received_at < $1
    ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED)
"""


@dataclass(frozen=True, slots=True)
class AnsweredMessage:
    """One message that was answered with success."""

    infno: str
    body_hash: bytes
    answer_sealed: bytes
    mdtrt_id: str | None
    settlement_id: UUID | None


async def hold_message(connection: AsyncConnection, message_id: str) -> None:
    """Take the message number's lock until the commit, after whoever has it.

    Who repeats a message waits for the first: "refused" would say that nothing happened while it still may.
    """
    await hold(connection, "his_message", message_id)


async def find(connection: AsyncConnection, message_id: str, *, institution_code: str) -> AnsweredMessage | None:
    """Return what an institution's message was answered, None when it never was."""
    row = await fetch_one(connection, _FIND, message_id, institution_code)
    if row is None:
        return None
    settlement_id = UUID(str(row.settlement_id)) if row.settlement_id else None
    return AnsweredMessage(row.infno, bytes(row.body_hash), bytes(row.answer_sealed), row.mdtrt_id, settlement_id)


async def keep(
    connection: AsyncConnection,
    message_id: str,
    *,
    institution_code: str,
    answered: AnsweredMessage,
    received_at: datetime,
) -> None:
    """Keep an answer in the transaction of its effect."""
    await fetch(
        connection,
        _KEEP,
        message_id,
        institution_code,
        answered.infno,
        answered.body_hash,
        answered.answer_sealed,
        answered.mdtrt_id,
        answered.settlement_id,
        received_at,
    )


def kept_for(*, days: int) -> Kept:
    """Return how the cleaning lets answers go that nothing needs any more."""
    return Kept("his_message", days, _OLD)
