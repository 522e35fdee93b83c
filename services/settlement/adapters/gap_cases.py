"""Gap cases in the database: stays whose share is looked at by itself, and how each stands (个案处理).

Room: adapters of settlement. Next hop: services/settlement/adapters/reliefs.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from common.kit.statements import Row, fetch, fetch_one

_FOUND = """
INSERT INTO gap_case (settlement_id, county, person_id, found_at, missing_fen) VALUES ($1, $2, $3, $4, $5)
"""
_NAMED = """
INSERT INTO gap_case (settlement_id, county, person_id, found_at, document, named_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (settlement_id) DO NOTHING
"""
_CORRECTED = """
INSERT INTO gap_case (settlement_id, county, person_id, found_at, missing_fen)
SELECT $1, $2, $3, $4, $5::bigint WHERE $5::bigint > 0 OR EXISTS (SELECT FROM gap_case WHERE settlement_id = $1)
ON CONFLICT (settlement_id)
DO UPDATE SET missing_fen = CASE WHEN gap_case.document IS NULL THEN $5::bigint ELSE nullif($5::bigint, 0) END
"""
_CASES = """
SELECT g.settlement_id, g.county, g.person_id, s.institution_code, s.record_no, s.discharged_on, g.found_at,
  g.missing_fen, g.document, g.named_by,
  coalesce((SELECT (c.answer->>'patient_pays_fen')::bigint FROM correction c
    WHERE c.settlement_id = g.settlement_id ORDER BY c.ordinal DESC LIMIT 1), s.patient_pays_fen) AS patient_pays_fen,
  (SELECT coalesce(-sum(m.amount_fen), 0)::bigint FROM family_account_move m
    WHERE m.settlement_id = g.settlement_id) AS drawn_fen,
  l.plan_id, coalesce(l.amount_fen - l.cut_fen, 0) AS granted_fen,
  CASE WHEN s.state = 'reversed' THEN 'void' WHEN l.result = 'booked' THEN 'relieved'
    WHEN l.result = 'waiting' THEN 'waiting' WHEN l.result = 'open' THEN 'proposed'
    WHEN g.missing_fen = 0 AND g.document IS NULL THEN 'filled' ELSE 'open' END AS state
FROM gap_case g JOIN settlement s USING (settlement_id)
LEFT JOIN relief_grant l ON l.settlement_id = g.settlement_id AND l.result IN ('open', 'waiting', 'booked')
"""
_ONE = f"{_CASES} WHERE g.settlement_id = $1"
_PAGE = f"""
SELECT * FROM ({_CASES}
  WHERE g.county = $1 AND ($3::timestamptz IS NULL OR (g.found_at, g.settlement_id) > ($3, $4))) found
WHERE $2::text IS NULL OR state = $2 ORDER BY found_at, settlement_id LIMIT $5
"""  # noqa: S608 - our own text


class CaseState(StrEnum):
    """How a case stands.

    OPEN: nothing decided. PROPOSED: in a plan. WAITING: approved, waits for money. RELIEVED: booked. FILLED: a
    correction reached the target. VOID: the settlement was reversed.
    """

    OPEN = "open"
    PROPOSED = "proposed"
    WAITING = "waiting"
    RELIEVED = "relieved"
    FILLED = "filled"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class GapCase:
    """A case as it stands.

    Attributes:
        missing_fen: To the county's target; None where a bureau named a stay for which no target is set.
        patient_pays_fen: The patient's share as corrected, before relief.
        drawn_fen: What the household's account pays of it.
        plan_id: The plan whose grant lives; None without one.
        granted_fen: What that grant gives, or would.
    """

    settlement_id: UUID
    county: str
    person_id: UUID
    institution_code: str
    record_no: str
    discharged_on: date
    found_at: datetime
    missing_fen: int | None
    document: str | None
    named_by: str | None
    patient_pays_fen: int
    drawn_fen: int
    plan_id: UUID | None
    granted_fen: int
    state: CaseState

    @property
    def cash_fen(self) -> int:
        """What the patient bears in cash, before relief."""
        return self.patient_pays_fen - self.drawn_fen


async def open_found(
    connection: AsyncConnection, *, settlement_id: UUID, county: str, person_id: UUID, missing: Money, now: datetime
) -> None:
    """Open the case of a stay whose layers miss the county's target."""
    await fetch(connection, _FOUND, settlement_id, county, person_id, now, missing.fen)


async def open_named(
    connection: AsyncConnection,
    *,
    settlement_id: UUID,
    county: str,
    person_id: UUID,
    document: str,
    named_by: str,
    now: datetime,
) -> None:
    """Open the case of a stay that a bureau names; one that is there stays as it is."""
    await fetch(connection, _NAMED, settlement_id, county, person_id, now, document, named_by)


async def note_corrected(
    connection: AsyncConnection, *, settlement_id: UUID, county: str, person_id: UUID, missing: Money, now: datetime
) -> None:
    """Let a case say what is missing after a correction, opening one where the correction leaves a gap."""
    await fetch(connection, _CORRECTED, settlement_id, county, person_id, now, missing.fen)


async def find(connection: AsyncConnection, settlement_id: UUID) -> GapCase | None:
    """Return the case of a settlement."""
    row = await fetch_one(connection, _ONE, settlement_id)
    return None if row is None else _case(row)


async def page(
    connection: AsyncConnection,
    *,
    county: str,
    state: CaseState | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[GapCase]:
    """Return at most `limit` cases of a county behind a position, in the order found."""
    rows = await fetch(connection, _PAGE, county, state and state.value, *(after or (None, None)), limit)
    return [_case(row) for row in rows]


def _case(row: Row) -> GapCase:
    values = dict(row.items())
    for name in ("settlement_id", "person_id", "plan_id"):
        values[name] = UUID(str(values[name])) if values[name] else None
    return GapCase(**{**values, "state": CaseState(row.state)})
