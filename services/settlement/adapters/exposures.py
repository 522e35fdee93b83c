"""What waits to be paid: each fund's debt to each hospital by age, each payer's debt to the centre (垫付账龄).

Read from the journal alone, less what a closed batch has settled. Room: adapters of settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit.statements import fetch

_OWED = """
WITH open AS (
    SELECT s.payee AS institution_code, substr(p.account, 12) AS fund, p.amount_fen, s.settlement_id,
      (s.settled_at AT TIME ZONE 'Asia/Shanghai')::date AS day
    FROM settlement s JOIN journal_entry e USING (settlement_id) JOIN posting p USING (entry_id)
    WHERE ($1::text IS NULL OR s.county = $1) AND ($2::text IS NULL OR s.payee = $2)
      AND p.account LIKE 'receivable:%'
      AND NOT EXISTS (SELECT FROM clearing_line l JOIN clearing c USING (clearing_id)
        WHERE l.settlement_id = s.settlement_id AND l.fund = substr(p.account, 12) AND l.kind = e.kind
          AND l.verdict IN ('accepted', 'refused') AND c.closed_at IS NOT NULL)
), stay AS (
    SELECT institution_code, fund, settlement_id, day, sum(amount_fen) AS amount_fen
    FROM open GROUP BY institution_code, fund, settlement_id, day HAVING sum(amount_fen) <> 0
)
SELECT institution_code, fund, count(*) AS stays, sum(amount_fen)::bigint AS owed, min(day) AS oldest,
  coalesce(sum(amount_fen) FILTER (WHERE $3::date - day <= 30), 0)::bigint AS to_30,
  coalesce(sum(amount_fen) FILTER (WHERE $3::date - day BETWEEN 31 AND 90), 0)::bigint AS to_90,
  coalesce(sum(amount_fen) FILTER (WHERE $3::date - day BETWEEN 91 AND 180), 0)::bigint AS to_180,
  coalesce(sum(amount_fen) FILTER (WHERE $3::date - day > 180), 0)::bigint AS beyond
FROM stay GROUP BY institution_code, fund ORDER BY institution_code, fund
"""
_CLAIMS = """
SELECT c.clearing_id, coalesce(sum(p.amount_fen), 0)::bigint AS amount
FROM clearing c JOIN journal_entry e USING (clearing_id)
LEFT JOIN posting p ON p.entry_id = e.entry_id AND p.account = 'centre_claim:' || c.fund
WHERE c.county = $1 AND c.fund = $2 AND c.closed_at < $3 AND c.repaid_by IS NULL GROUP BY c.clearing_id
"""
_REPAY = """
WITH r AS (
    INSERT INTO repayment (repayment_id, county, fund, until, batch_count, amount_fen, booked_at, booked_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING repayment_id
)
UPDATE clearing SET repaid_by = r.repayment_id FROM r WHERE clearing_id = ANY ($9::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a fund owes a hospital, in fen: all, and by the days since the stays were settled."""

    institution_code: str
    fund: str
    stay_count: int
    owed_fen: int
    oldest_on: date
    to_30_days_fen: int
    to_90_days_fen: int
    to_180_days_fen: int
    beyond_fen: int


@dataclass(frozen=True, slots=True)
class Repayment:
    """What a payer gave back to the centre for so many batches, in fen; `until` is the last China day."""

    repayment_id: UUID
    county: str
    fund: str
    until: date
    batch_count: int
    amount_fen: int
    booked_at: datetime


async def exposures(
    connection: AsyncConnection, *, county: str | None, institution_code: str | None, today: date
) -> Sequence[Exposure]:
    """Return what is owed in a county or to a hospital; what nets to nothing is left out."""
    rows = await fetch(connection, _OWED, county, institution_code, today)
    return [Exposure(*row.values()) for row in rows]


async def claims(connection: AsyncConnection, *, county: str, fund: str, before: datetime) -> dict[UUID, int]:
    """Return the batches closed before the instant that a payer has not repaid to the centre, with their fen."""
    rows = await fetch(connection, _CLAIMS, county, fund, before)
    return {UUID(str(row.clearing_id)): row.amount for row in rows}


async def repay(
    connection: AsyncConnection, repayment: Repayment, clearing_ids: Sequence[UUID], *, client: str
) -> None:
    """Write a repayment and name it in the batches it repays."""
    await fetch(
        connection,
        _REPAY,
        repayment.repayment_id,
        repayment.county,
        repayment.fund,
        repayment.until,
        repayment.batch_count,
        repayment.amount_fen,
        repayment.booked_at,
        client,
        list(clearing_ids),
    )
