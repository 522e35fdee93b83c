"""Plans of relief in the database: opened with what each grants, decided once, booked grant by grant (精准救助方案).

Room: adapters of settlement. Next hop: services/settlement/adapters/relief_tables.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import ZERO, Money
from common.kit.clock import day_begins
from common.kit.statements import Row, fetch, fetch_one

_COLUMNS = """
plan_id, county, fund, ledger, document, proposed_by, opened_at, opened_by, state, decided_by, decided_at, reason
"""
_OPEN = """
INSERT INTO relief_plan (plan_id, county, fund, ledger, document, proposed_by, opened_at, opened_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_GRANT = """
INSERT INTO relief_grant (plan_id, line_no, settlement_id, relief_class, weighed, note, amount_fen)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_FIND = f"SELECT {_COLUMNS} FROM relief_plan WHERE plan_id = $1"  # noqa: S608 - our own column list
_PAGE = f"""
SELECT {_COLUMNS} FROM relief_plan
WHERE county = $1 AND ($2::timestamptz IS NULL OR (opened_at, plan_id) > ($2, $3))
ORDER BY opened_at, plan_id LIMIT $4
"""  # noqa: S608 - our own column list
_GRANTS = """
SELECT g.plan_id, g.line_no, g.settlement_id, g.relief_class, g.weighed, g.note, g.amount_fen,
  CASE WHEN g.result = 'booked' AND s.state = 'reversed' THEN 'taken_back' ELSE g.result END AS result, g.booked_at,
  g.cut_fen
FROM relief_grant g JOIN settlement s USING (settlement_id)
"""
_DECIDE = """
WITH p AS (
    UPDATE relief_plan SET state = $2, decided_by = $3, decided_at = $4, reason = $5 WHERE plan_id = $1
)
UPDATE relief_grant SET result = $6 WHERE plan_id = $1 AND result = 'open'
"""
_HEADS = """
SELECT DISTINCT ON (p.county, p.fund, p.ledger) g.plan_id, g.line_no
FROM relief_grant g JOIN relief_plan p USING (plan_id) WHERE g.result = 'waiting'
ORDER BY p.county, p.fund, p.ledger, p.decided_at, g.plan_id, g.line_no
"""
_WAITING = """
SELECT p.county, p.fund, p.ledger, coalesce(sum(g.amount_fen) FILTER (WHERE g.result = 'waiting'), 0)::bigint AS fen
FROM relief_grant g JOIN relief_plan p USING (plan_id) GROUP BY p.county, p.fund, p.ledger
"""
_RESULT = "UPDATE relief_grant SET result = $3, booked_at = $4 WHERE plan_id = $1 AND line_no = $2"
_CUT = "UPDATE relief_grant SET cut_fen = cut_fen + $3 WHERE plan_id = $1 AND line_no = $2"
_RELIEVED = """
SELECT p.ledger, sum(g.amount_fen - g.cut_fen)::bigint AS fen
FROM relief_grant g JOIN relief_plan p USING (plan_id) JOIN settlement s USING (settlement_id)
WHERE p.county = $1 AND p.fund = $2 AND s.state = 'settled' AND g.booked_at >= $3 AND g.booked_at < $4
GROUP BY p.ledger
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it stands; an empty ledger is the fund itself."""

    plan_id: UUID
    county: str
    fund: str
    ledger: str
    document: str
    proposed_by: str
    opened_at: datetime
    opened_by: str
    state: str = "proposed"
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a plan gives one stay, and what became of it.

    Attributes:
        result: `open`, `waiting`, `booked`, `declined`, `outdated`, or `taken_back` with its reversed settlement.
        cut_fen: Taken back by later corrections.
    """

    plan_id: UUID
    line_no: int
    settlement_id: UUID
    relief_class: str
    weighed: tuple[str, ...]
    note: str
    amount_fen: int
    result: str = "open"
    booked_at: datetime | None = None
    cut_fen: int = 0

    @property
    def stands(self) -> Money:
        """What it gives after what was taken back."""
        return ZERO if self.result == "taken_back" else Money(self.amount_fen - self.cut_fen)


async def keep(connection: AsyncConnection, plan: Plan, grants: Sequence[Grant]) -> None:
    """Write a new plan with what it grants."""
    opened = (plan.plan_id, plan.county, plan.fund, plan.ledger, plan.document, plan.proposed_by)
    await fetch(connection, _OPEN, *opened, plan.opened_at, plan.opened_by)
    for each in grants:
        said = (each.relief_class, list(each.weighed), each.note, each.amount_fen)
        await fetch(connection, _GRANT, each.plan_id, each.line_no, each.settlement_id, *said)


async def find(connection: AsyncConnection, plan_id: UUID, *, lock: bool = False) -> Plan | None:
    """Return a plan, its row held when asked."""
    row = await fetch_one(connection, _FIND + (" FOR UPDATE" if lock else ""), plan_id)
    return None if row is None else _plan(row)


async def page(
    connection: AsyncConnection, *, county: str, after: tuple[datetime, UUID] | None, limit: int
) -> list[Plan]:
    """Return at most `limit` plans of a county behind a position, in the order opened."""
    return [_plan(row) for row in await fetch(connection, _PAGE, county, *(after or (None, None)), limit)]


async def grants_of(connection: AsyncConnection, plan_id: UUID) -> list[Grant]:
    """Return what a plan grants, in its order."""
    return [
        _grant(row) for row in await fetch(connection, f"{_GRANTS} WHERE g.plan_id = $1 ORDER BY g.line_no", plan_id)
    ]


async def booked_of(connection: AsyncConnection, settlement_id: UUID) -> Grant | None:
    """Return the grant that was booked on a settlement."""
    row = await fetch_one(connection, f"{_GRANTS} WHERE g.settlement_id = $1 AND g.result = 'booked'", settlement_id)
    return None if row is None else _grant(row)


async def waiting_grant(connection: AsyncConnection, plan_id: UUID, line_no: int) -> Grant | None:
    """Return a grant that still waits, its row held; None when somebody else booked it meanwhile."""
    statement = f"{_GRANTS} WHERE g.plan_id = $1 AND g.line_no = $2 AND g.result = 'waiting' FOR UPDATE OF g"
    row = await fetch_one(connection, statement, plan_id, line_no)
    return None if row is None else _grant(row)


async def decide(
    connection: AsyncConnection, plan: Plan, *, state: str, decided_by: str, reason: str, now: datetime, result: str
) -> None:
    """Write the second person's word, and what it means for every grant of the plan."""
    await fetch(connection, _DECIDE, plan.plan_id, state, decided_by, now, reason, result)


async def heads(connection: AsyncConnection) -> list[tuple[UUID, int]]:
    """Return plan and number of the grant that waits longest for each account."""
    return [(UUID(str(row.plan_id)), row.line_no) for row in await fetch(connection, _HEADS)]


async def waiting(connection: AsyncConnection) -> dict[tuple[str, str, str], int]:
    """Return county, fund and ledger of every account a plan ever named -> fen that wait for money."""
    return {(row.county, row.fund, row.ledger): row.fen for row in await fetch(connection, _WAITING)}


async def note_result(connection: AsyncConnection, grant: Grant, *, result: str, booked_at: datetime | None) -> None:
    """Write what became of a grant."""
    await fetch(connection, _RESULT, grant.plan_id, grant.line_no, result, booked_at)


async def note_cut(connection: AsyncConnection, grant: Grant, *, amount: Money) -> None:
    """Write that some of a grant was taken back."""
    await fetch(connection, _CUT, grant.plan_id, grant.line_no, amount.fen)


async def relieved(connection: AsyncConnection, *, county: str, fund: str, first: date, end: date) -> dict[str, Money]:
    """Return what relief took of each account of a fund from `first` to the day before `end`, China days."""
    rows = await fetch(connection, _RELIEVED, county, fund, day_begins(first), day_begins(end))
    return {row.ledger: Money(row.fen) for row in rows}


def _plan(row: Row) -> Plan:
    return Plan(**_ids(row, "plan_id"))


def _grant(row: Row) -> Grant:
    return Grant(**{**_ids(row, "plan_id", "settlement_id"), "weighed": tuple(row.weighed)})


def _ids(row: Row, *names: str) -> dict[str, Any]:
    return {**dict(row.items()), **{name: UUID(str(row[name])) for name in names}}
