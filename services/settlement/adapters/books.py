"""The books as a whole: entries day by day, their blocks, and the questions an auditor puts to the database (查账).

Room: adapters of settlement.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit.clock import day_begins, day_ends, rfc3339
from common.kit.statements import Row, fetch, fetch_one
from services.settlement.domain.day_block import BookedEntry, DayBlock

STEP_ROWS = 1_000
_DAYS = """
SELECT DISTINCT (booked_at AT TIME ZONE 'Asia/Shanghai')::date AS day FROM journal_entry
WHERE booked_at >= $1 ORDER BY day
"""
_ENTRIES = """
SELECT e.entry_id, e.subject_id, e.kind, e.booked_at,
  array_agg(p.account ORDER BY p.line_no) AS accounts,
  array_agg(concat_ws('@', p.layer, nullif(p.ledger, '')) ORDER BY p.line_no) AS layers,
  array_agg(p.amount_fen ORDER BY p.line_no) AS amounts
FROM (SELECT entry_id, coalesce(settlement_id, clearing_id, repayment_id) AS subject_id, kind, booked_at
      FROM journal_entry WHERE (booked_at, entry_id) > ($1, $2) AND booked_at < $3
      ORDER BY booked_at, entry_id LIMIT $4) e
JOIN posting p USING (entry_id)
GROUP BY e.entry_id, e.subject_id, e.kind, e.booked_at ORDER BY e.booked_at, e.entry_id
"""
_BLOCKS = "SELECT day, entry_count, debit_fen, previous_hash, block_hash FROM day_block ORDER BY day"
_LAST_BLOCK = "SELECT day, entry_count, debit_fen, previous_hash, block_hash FROM day_block ORDER BY day DESC LIMIT 1"
_SEAL = """
INSERT INTO day_block (day, entry_count, debit_fen, previous_hash, block_hash, sealed_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (day) DO NOTHING
"""
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Question:
    """What must find nothing; each row it finds has a `subject` and a `text`."""

    name: str
    statement: str


QUESTIONS = (
    Question(
        "unbalanced",
        """
        SELECT entry_id::text AS subject, 'debits and credits differ by ' || sum(amount_fen) || ' fen' AS text
        FROM posting GROUP BY entry_id HAVING sum(amount_fen) <> 0
        """,
    ),
    Question(
        "entries",
        """
        SELECT s.settlement_id::text AS subject,
          s.state || ', but it has entries ' || coalesce(string_agg(e.kind, ', ' ORDER BY e.kind DESC), 'none')
          || ' and ' || count(r.reversal_id) || ' reversals' AS text
        FROM settlement s
          LEFT JOIN journal_entry e ON e.settlement_id = s.settlement_id AND e.kind !~ '^(corr|relief|family)'
          LEFT JOIN reversal r ON r.settlement_id = s.settlement_id AND e.kind = 'settlement'
        GROUP BY s.settlement_id, s.state
        HAVING (coalesce(string_agg(e.kind, ', ' ORDER BY e.kind DESC), ''), count(r.reversal_id)) IS DISTINCT FROM
          (CASE s.state WHEN 'settled' THEN 'settlement' ELSE 'settlement, reversal' END,
           CASE s.state WHEN 'settled' THEN 0 ELSE 1 END)
        """,
    ),
    Question(
        "amounts",
        """
        SELECT s.settlement_id::text AS subject, 'the entry does not say what the settlement says' AS text
        FROM settlement s JOIN journal_entry e ON e.settlement_id = s.settlement_id AND e.kind = 'settlement'
          JOIN posting p USING (entry_id)
        GROUP BY s.settlement_id HAVING
          coalesce(sum(p.amount_fen) FILTER (WHERE p.account LIKE 'receivable:%'), 0) <> s.fund_paid_fen
          OR coalesce(sum(p.amount_fen) FILTER (WHERE p.account = 'hospital_borne'), 0) <> s.hospital_borne_fen
          OR coalesce(sum(p.amount_fen) FILTER (WHERE p.account = 'patient_share'), 0) <> s.patient_pays_fen
          OR coalesce(sum(p.amount_fen) FILTER (WHERE p.account = 'hospital_charges'), 0) <> -s.total_fen
        """,
    ),
    Question(
        "corrections",
        """
        WITH newest AS (
            SELECT DISTINCT ON (settlement_id) settlement_id, ordinal, answer FROM correction
            ORDER BY settlement_id, ordinal DESC
        ), stands AS (
            SELECT e.settlement_id, count(DISTINCT e.entry_id) FILTER (WHERE e.kind LIKE 'correction_%') AS entries,
              coalesce(sum(p.amount_fen) FILTER (WHERE p.account LIKE 'receivable:%'), 0) AS fund,
              coalesce(sum(p.amount_fen) FILTER (WHERE p.account = 'hospital_borne'), 0) AS borne,
              coalesce(sum(p.amount_fen) FILTER (WHERE p.account = 'patient_share'), 0) AS patient
            FROM journal_entry e LEFT JOIN posting p USING (entry_id)
            WHERE e.settlement_id IS NOT NULL AND e.kind !~ '(reversal$|^relief|^family)' GROUP BY e.settlement_id
        )
        SELECT t.settlement_id::text AS subject, 'the entries are not those of the corrected result' AS text
        FROM stands t LEFT JOIN newest n USING (settlement_id)
        WHERE t.entries <> coalesce(n.ordinal, 0) OR n.ordinal IS NOT NULL
          AND (t.fund, t.borne, t.patient) IS DISTINCT FROM ((n.answer->>'fund_paid_fen')::numeric,
            (n.answer->>'hospital_borne_fen')::numeric, (n.answer->>'patient_pays_fen')::numeric)
        """,
    ),
    Question(
        "relief",
        """
        WITH given AS (
            SELECT e.settlement_id, p.account, sum(p.amount_fen) AS fen
            FROM journal_entry e JOIN posting p USING (entry_id)
            WHERE e.kind ~ '^relief' AND e.kind NOT LIKE '%reversal' AND p.account LIKE 'receivable:%' GROUP BY 1, 2
        ), granted AS (
            SELECT g.settlement_id, 'receivable:' || p.fund AS account, g.amount_fen - g.cut_fen AS fen
            FROM relief_grant g JOIN relief_plan p USING (plan_id) WHERE g.result = 'booked'
        )
        SELECT settlement_id::text AS subject,
          coalesce(given.fen, 0) || ' fen stand in the journal, the plan grants ' || coalesce(granted.fen, 0) AS text
        FROM given FULL JOIN granted USING (settlement_id, account) WHERE given.fen IS DISTINCT FROM granted.fen
        UNION ALL
        SELECT e.settlement_id::text, 'the patient has ' || -sum(p.amount_fen) || ' fen more than was paid'
        FROM journal_entry e JOIN posting p USING (entry_id)
        WHERE p.account = 'patient_share' GROUP BY e.settlement_id HAVING sum(p.amount_fen) < 0
        """,
    ),
    Question(
        "family_accounts",
        """
        SELECT a.household_id::text AS subject,
          a.balance_fen || ' fen stand there, the moves give ' || coalesce(sum(m.amount_fen), 0) AS text
        FROM family_account a LEFT JOIN family_account_move m USING (household_id)
        GROUP BY a.household_id HAVING a.balance_fen <> coalesce(sum(m.amount_fen), 0)
        UNION ALL
        SELECT settlement_id::text,
          coalesce(drawn.fen, 0) || ' fen were drawn, the journal says ' || coalesce(booked.fen, 0)
        FROM (SELECT settlement_id, -sum(amount_fen) AS fen FROM family_account_move
              WHERE settlement_id IS NOT NULL GROUP BY 1) drawn
          FULL JOIN (SELECT e.settlement_id, sum(p.amount_fen) AS fen
              FROM journal_entry e JOIN posting p USING (entry_id)
              WHERE e.kind ~ '^family' AND p.account = 'receivable:family_account' GROUP BY 1) booked
          USING (settlement_id)
        WHERE coalesce(drawn.fen, 0) <> coalesce(booked.fen, 0)
        """,
    ),
    Question(
        "mirrors",
        """
        SELECT e.settlement_id::text AS subject,
          'settlement and reversal leave ' || sum(p.amount_fen) || ' fen on ' || p.account AS text
        FROM settlement s JOIN journal_entry e USING (settlement_id) JOIN posting p USING (entry_id)
        WHERE s.state = 'reversed' GROUP BY e.settlement_id, p.account, p.layer, p.ledger
        HAVING sum(p.amount_fen) <> 0
        """,
    ),
    Question(
        "clearings",
        """
        WITH line AS (
            SELECT clearing_id, count(*) AS lines, sum(amount_fen) AS whole,
              'sha256:' || encode(sha256(convert_to(string_agg(
                line_no || ' ' || settlement_id || ' ' || kind || ' ' || amount_fen || E'\\n', '' ORDER BY line_no),
                'UTF8')), 'hex') AS hash,
              coalesce(sum(amount_fen) FILTER (WHERE verdict = 'accepted'), 0) AS accepted,
              coalesce(sum(amount_fen) FILTER (WHERE verdict = 'refused'), 0) AS refused
            FROM clearing_line GROUP BY clearing_id
        ), paid AS (
            SELECT clearing_id, -sum(amount_fen) FILTER (WHERE account LIKE 'receivable:%') AS settled,
              sum(amount_fen) FILTER (WHERE account IN ('hospital_bank', 'patient_bank')) AS paid
            FROM journal_entry JOIN posting USING (entry_id) WHERE clearing_id IS NOT NULL GROUP BY clearing_id
        )
        SELECT c.clearing_id::text AS subject, 'lines, sums and entry of the batch do not agree' AS text
        FROM clearing c LEFT JOIN line l USING (clearing_id) LEFT JOIN paid p USING (clearing_id)
        WHERE (c.line_count, c.sum_fen, c.lines_hash) IS DISTINCT FROM (l.lines, l.whole, l.hash)
          OR c.closed_at IS NULL AND p.clearing_id IS NOT NULL
          OR c.closed_at IS NOT NULL AND (c.accepted_fen <> l.accepted OR c.refused_fen <> l.refused
            OR coalesce(p.paid, 0) <> l.accepted OR coalesce(p.settled, 0) <> l.accepted + l.refused)
        """,
    ),
    Question(
        "cleared_lines",
        """
        SELECT l.clearing_id || ' ' || l.line_no AS subject, 'the line is not what the journal says' AS text
        FROM clearing_line l LEFT JOIN journal_entry e ON e.settlement_id = l.settlement_id AND e.kind = l.kind
          LEFT JOIN posting p ON p.entry_id = e.entry_id AND p.account = 'receivable:' || l.fund
        GROUP BY l.clearing_id, l.line_no, l.amount_fen HAVING l.amount_fen IS DISTINCT FROM sum(p.amount_fen)
        """,
    ),
    Question(
        "inputs",
        """
        SELECT settlement_id::text AS subject, 'the frozen inputs are not those that were hashed' AS text
        FROM settlement_record
        WHERE inputs_hash <> 'sha256:' || encode(sha256(convert_to(inputs::text, 'UTF8')), 'hex')
        """,
    ),
    Question(
        "accumulators",
        """
        WITH change AS (
            SELECT s.person_id, s.county, s.year, r.changes
            FROM settlement s JOIN settlement_record r USING (settlement_id) WHERE s.state = 'settled'
            UNION ALL SELECT s.person_id, s.county, s.year, c.changes
            FROM settlement s JOIN correction c USING (settlement_id) WHERE s.state = 'settled'
            UNION ALL SELECT person_id, county, year, changes FROM opening
        ), rebuilt AS (
            SELECT coalesce(k.merged_into, c.person_id) AS person_id, c.county, c.year, t.key AS account,
              sum((t.value->>0)::bigint) AS base, sum((t.value->>1)::bigint) AS deductible,
              sum((t.value->>2)::bigint) AS paid, sum((t.value->>3)::bigint) AS stays
            FROM change c LEFT JOIN known_person k USING (person_id), json_each(c.changes) t
            GROUP BY 1, 2, 3, 4
        )
        SELECT concat_ws(' ', person_id, county, year, account) AS subject,
          format('%s/%s/%s/%s stand there, the settlements give %s/%s/%s/%s',
            coalesce(a.base_fen, 0), coalesce(a.deductible_fen, 0), coalesce(a.paid_fen, 0), coalesce(a.stay_count, 0),
            coalesce(b.base, 0), coalesce(b.deductible, 0), coalesce(b.paid, 0), coalesce(b.stays, 0)) AS text
        FROM accumulator a FULL JOIN rebuilt b USING (person_id, county, year, account)
        WHERE coalesce(a.base_fen, 0) <> coalesce(b.base, 0) OR coalesce(a.paid_fen, 0) <> coalesce(b.paid, 0)
          OR coalesce(a.deductible_fen, 0) <> coalesce(b.deductible, 0)
          OR coalesce(a.stay_count, 0) <> coalesce(b.stays, 0)
        """,
    ),
)


async def ask(connection: AsyncConnection, question: Question) -> Sequence[tuple[str, str]]:
    """Return subject and text of at most 100 findings."""
    rows = await fetch(connection, f"{question.statement} LIMIT {_SHOWN}")
    return [(row.subject, row.text) for row in rows]


async def days_with_entries(connection: AsyncConnection, *, since: date | None) -> Sequence[date]:
    """Return the China days from `since` on that have entries, oldest first."""
    rows = await fetch(connection, _DAYS, day_begins(since or date(1970, 1, 1)))
    return [row.day for row in rows]


async def entries_of(connection: AsyncConnection, day: date) -> AsyncIterator[BookedEntry]:
    """Give a day's entries in the order booked, equal instants by id, a thousand at a time."""
    after: tuple[datetime, UUID] = (day_begins(day) - timedelta(microseconds=1), UUID(int=2**128 - 1))
    while rows := await fetch(connection, _ENTRIES, *after, day_ends(day), STEP_ROWS):
        for row in rows:
            entry_id = UUID(str(row.entry_id))
            postings = tuple(zip(row.accounts, row.layers, row.amounts, strict=True))
            yield BookedEntry(entry_id, UUID(str(row.subject_id)), row.kind, rfc3339(row.booked_at), postings)
            after = (row.booked_at, entry_id)


async def blocks(connection: AsyncConnection) -> Sequence[DayBlock]:
    """Return every sealed day, oldest first."""
    return [_block(row) for row in await fetch(connection, _BLOCKS)]


async def last_block(connection: AsyncConnection) -> DayBlock | None:
    """Return the newest sealed day."""
    row = await fetch_one(connection, _LAST_BLOCK)
    return None if row is None else _block(row)


async def seal(connection: AsyncConnection, block: DayBlock, *, now: datetime) -> None:
    """Keep a block; the same from a second worker changes nothing."""
    values = (block.day, block.entry_count, block.debit_fen, block.previous_hash, block.block_hash, now)
    await fetch(connection, _SEAL, *values)


def _block(row: Row) -> DayBlock:
    return DayBlock(row.day, row.entry_count, row.debit_fen, bytes(row.previous_hash), bytes(row.block_hash))
