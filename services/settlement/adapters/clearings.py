"""Clearing batches in the database: gathered, judged, closed once, repaid; what hospitals still wait for (清算).

That a stay's part of a fund stands in one batch alone is held by a unique index. Room: adapters of settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from common.kit.clock import day_begins, day_ends
from common.kit.statements import Row, fetch, fetch_one
from services.settlement.domain.clearing import ClearingLine, DeclaredDifference, Verdict

_COLUMNS = """
c.clearing_id, c.county, c.institution_code, c.fund, c.until, c.line_count, c.sum_fen, c.lines_hash, c.opened_at,
c.closed_at, c.accepted_fen, c.refused_fen, c.postponed_fen
"""
_GATHER = """
SELECT s.settlement_id, s.record_no, e.kind, sum(p.amount_fen)::bigint AS amount_fen
FROM settlement s JOIN journal_entry e USING (settlement_id) JOIN posting p USING (entry_id)
WHERE s.county = $1 AND s.payee = $2 AND p.account = 'receivable:' || $3 AND e.booked_at < $4
  AND NOT EXISTS (SELECT FROM clearing_line l JOIN clearing c USING (clearing_id)
    WHERE l.settlement_id = s.settlement_id AND l.fund = $3 AND l.kind = e.kind
      AND (l.verdict IS DISTINCT FROM 'postponed' OR c.closed_at IS NULL))
  AND CASE WHEN e.kind NOT LIKE '%reversal' THEN s.state = 'settled'
    ELSE EXISTS (SELECT FROM clearing_line l JOIN clearing c USING (clearing_id)
      WHERE l.settlement_id = s.settlement_id AND l.fund = $3
        AND l.kind = coalesce(nullif(left(e.kind, -9), ''), 'settlement')
        AND l.verdict IN ('accepted', 'refused') AND c.closed_at IS NOT NULL) END
GROUP BY s.settlement_id, s.record_no, e.kind, e.booked_at
ORDER BY e.booked_at, s.record_no, s.settlement_id, e.kind
"""
_OPEN = """
INSERT INTO clearing (clearing_id, county, institution_code, fund, until, line_count, sum_fen, lines_hash, opened_at,
  opened_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_LINES = """
INSERT INTO clearing_line (clearing_id, line_no, settlement_id, fund, kind, amount_fen)
SELECT $1, t.line_no, t.settlement_id, $2, t.kind, t.amount
FROM unnest($3::int[], $4::uuid[], $5::text[], $6::bigint[]) AS t(line_no, settlement_id, kind, amount)
"""
_FIND = f"SELECT {_COLUMNS} FROM clearing c WHERE clearing_id = $1"  # noqa: S608 - our own column list
_PAGE = f"""
SELECT {_COLUMNS} FROM clearing c
WHERE ($1::text IS NULL OR county = $1) AND ($2::text IS NULL OR institution_code = $2)
  AND ($3::text IS NULL OR fund = $3) AND ($4::timestamptz IS NULL OR (opened_at, clearing_id) > ($4, $5))
ORDER BY opened_at, clearing_id LIMIT $6
"""  # noqa: S608 - our own column list
_LINES_OF = """
SELECT l.line_no, l.settlement_id, s.record_no, l.kind, l.amount_fen, l.verdict, l.reason
FROM clearing_line l JOIN settlement s USING (settlement_id)
WHERE l.clearing_id = $1 AND l.line_no > $2 ORDER BY l.line_no LIMIT $3
"""
_JUDGE = """
UPDATE clearing_line l SET verdict = t.verdict, reason = t.reason
FROM unnest($2::int[], $3::text[], $4::text[]) AS t(line_no, verdict, reason)
WHERE l.clearing_id = $1 AND l.line_no = t.line_no RETURNING l.line_no
"""
_ORIGINAL = """
(SELECT o.verdict FROM clearing_line o WHERE o.settlement_id = l.settlement_id AND o.fund = l.fund
  AND l.kind LIKE '%reversal' AND o.kind = coalesce(nullif(left(l.kind, -9), ''), 'settlement')
  AND o.verdict IN ('accepted', 'refused'))
"""
_MISJUDGED = f"""
SELECT l.line_no FROM clearing_line l
WHERE l.clearing_id = $1 AND l.kind LIKE '%reversal' AND l.verdict IN ('accepted', 'refused')
  AND l.verdict <> {_ORIGINAL} ORDER BY l.line_no LIMIT 1
"""  # noqa: S608 - our own subquery
_JUDGE_REST = f"""
UPDATE clearing_line l SET verdict = coalesce({_ORIGINAL}, 'accepted') WHERE clearing_id = $1 AND verdict IS NULL
"""  # noqa: S608 - our own subquery
_CLOSE = """
UPDATE clearing SET closed_at = $2, closed_by = $3, accepted_fen = $4, refused_fen = $5, postponed_fen = $6
WHERE clearing_id = $1
"""
_PAID_OUT = """
SELECT coalesce(sum(accepted_fen), 0)::bigint AS fen FROM clearing
WHERE county = $1 AND fund = $2 AND closed_at >= $3 AND closed_at < $4
"""
_DIFFER = """
INSERT INTO clearing_difference (clearing_id, record_no, ours_fen, declared_fen)
SELECT $1, t.record_no, t.ours, t.declared
FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS t(record_no, ours, declared)
"""
_DIFFERENCES = """
SELECT record_no, ours_fen, declared_fen FROM clearing_difference WHERE clearing_id = $1 ORDER BY record_no
"""
_ALL = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Clearing:
    """A batch as it stands; the sums of the verdicts are None until it is closed."""

    clearing_id: UUID
    county: str
    institution_code: str
    fund: str
    until: date
    line_count: int
    sum_fen: int
    lines_hash: str
    opened_at: datetime
    closed_at: datetime | None
    accepted_fen: int | None
    refused_fen: int | None
    postponed_fen: int | None


async def paid_out(connection: AsyncConnection, *, county: str, fund: str, year: int) -> Money:
    """Return what closed batches of a fund paid in a China year."""
    first, end = day_begins(date(year, 1, 1)), day_begins(date(year + 1, 1, 1))
    row = await fetch_one(connection, _PAID_OUT, county, fund, first, end)
    return Money(row.fen if row is not None else 0)


async def gather(
    connection: AsyncConnection, *, county: str, institution_code: str, fund: str, until: date
) -> list[ClearingLine]:
    """Return what the fund owes the hospital and stands in no batch: booked up to the end of the day, in that order."""
    rows = await fetch(connection, _GATHER, county, institution_code, fund, day_ends(until))
    return [
        ClearingLine(number, UUID(str(row.settlement_id)), row.record_no, row.kind, Money(row.amount_fen))
        for number, row in enumerate(rows, start=1)
    ]


async def keep(connection: AsyncConnection, clearing: Clearing, lines: Sequence[ClearingLine], *, client: str) -> None:
    """Write a batch and its lines."""
    await fetch(
        connection,
        _OPEN,
        clearing.clearing_id,
        clearing.county,
        clearing.institution_code,
        clearing.fund,
        clearing.until,
        clearing.line_count,
        clearing.sum_fen,
        clearing.lines_hash,
        clearing.opened_at,
        client,
    )
    await fetch(
        connection,
        _LINES,
        clearing.clearing_id,
        clearing.fund,
        [line.line_no for line in lines],
        [line.settlement_id for line in lines],
        [line.kind for line in lines],
        [line.amount.fen for line in lines],
    )


async def find(connection: AsyncConnection, clearing_id: UUID, *, lock: bool = False) -> Clearing | None:
    """Return a batch, its row held when asked."""
    row = await fetch_one(connection, _FIND + (" FOR UPDATE" if lock else ""), clearing_id)
    return None if row is None else _clearing(row)


async def page(
    connection: AsyncConnection,
    *,
    county: str | None,
    institution_code: str | None,
    fund: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Clearing]:
    """Return at most `limit` batches behind a position, in the order opened."""
    place = after or (None, None)
    rows = await fetch(connection, _PAGE, county, institution_code, fund, *place, limit)
    return [_clearing(row) for row in rows]


async def lines_of(
    connection: AsyncConnection, clearing_id: UUID, *, after: int = 0, limit: int = _ALL
) -> list[ClearingLine]:
    """Return a batch's lines behind a number, in their order."""
    return [
        ClearingLine(
            row.line_no,
            UUID(str(row.settlement_id)),
            row.record_no,
            row.kind,
            Money(row.amount_fen),
            None if row.verdict is None else Verdict(row.verdict),
            row.reason,
        )
        for row in await fetch(connection, _LINES_OF, clearing_id, after, limit)
    ]


async def judge(
    connection: AsyncConnection, clearing_id: UUID, verdicts: Sequence[tuple[int, Verdict, str]]
) -> set[int]:
    """Note the verdicts, each line number with its own; return the numbers that are lines of the batch."""
    numbers, said, reasons = zip(*verdicts, strict=True)
    rows = await fetch(connection, _JUDGE, clearing_id, list(numbers), [str(each) for each in said], list(reasons))
    return {row.line_no for row in rows}


async def keep_differences(connection: AsyncConnection, clearing_id: UUID, found: Sequence[DeclaredDifference]) -> None:
    """Write the records that the hospital declared otherwise."""
    numbers = [each.record_no for each in found]
    ours = [None if each.ours is None else each.ours.fen for each in found]
    declared = [None if each.declared is None else each.declared.fen for each in found]
    await fetch(connection, _DIFFER, clearing_id, numbers, ours, declared)


async def differences_of(connection: AsyncConnection, clearing_id: UUID) -> list[DeclaredDifference]:
    """Return the records that the hospital declared otherwise, by record number."""
    return [
        DeclaredDifference(
            row.record_no,
            None if row.ours_fen is None else Money(row.ours_fen),
            None if row.declared_fen is None else Money(row.declared_fen),
        )
        for row in await fetch(connection, _DIFFERENCES, clearing_id)
    ]


async def misjudged(connection: AsyncConnection, clearing_id: UUID) -> int | None:
    """Return the first reversal of a batch that is neither postponed nor judged as the line it takes back."""
    row = await fetch_one(connection, _MISJUDGED, clearing_id)
    return None if row is None else int(row.line_no)


async def judge_rest(connection: AsyncConnection, clearing_id: UUID) -> None:
    """Accept every line that nobody judged; a reversal follows the line it takes back."""
    await fetch(connection, _JUDGE_REST, clearing_id)


async def close(connection: AsyncConnection, clearing: Clearing, *, client: str) -> None:
    """Write the end of a batch."""
    sums = (clearing.accepted_fen, clearing.refused_fen, clearing.postponed_fen)
    await fetch(connection, _CLOSE, clearing.clearing_id, clearing.closed_at, client, *sums)


def _clearing(row: Row) -> Clearing:
    return Clearing(
        clearing_id=UUID(str(row.clearing_id)),
        county=row.county,
        institution_code=row.institution_code,
        fund=row.fund,
        until=row.until,
        line_count=row.line_count,
        sum_fen=row.sum_fen,
        lines_hash=row.lines_hash,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        accepted_fen=row.accepted_fen,
        refused_fen=row.refused_fen,
        postponed_fen=row.postponed_fen,
    )
