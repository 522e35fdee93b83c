"""The year's accounts of a person: inserted at zero, then locked in one order, then moved.

Room: adapters of settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from common.kit.statements import Row, fetch
from services.settlement.domain.accumulator import Balance, Balances

_LOCK = """
INSERT INTO accumulator AS a (person_id, county, year, account)
SELECT $1, $2, $3, name FROM unnest($4::text[]) AS t(name) ORDER BY name
ON CONFLICT (person_id, county, year, account) DO UPDATE SET stay_count = a.stay_count
RETURNING account, base_fen, deductible_fen, paid_fen, stay_count, corrected_by
"""
_READ = """
SELECT account, base_fen, deductible_fen, paid_fen, stay_count FROM accumulator
WHERE person_id = $1 AND county = $2 AND year = $3
"""
_HOLD = """
SELECT account FROM accumulator WHERE person_id = $1 AND county = $2 AND year = $3 ORDER BY account FOR UPDATE
"""
_MOVE = """
UPDATE accumulator a SET base_fen = a.base_fen + t.base, deductible_fen = a.deductible_fen + t.deductible,
  paid_fen = a.paid_fen + t.paid, stay_count = a.stay_count + t.stays, corrected_by = greatest(a.corrected_by, $9)
FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::int[])
  AS t(account, base, deductible, paid, stays)
WHERE a.person_id = $1 AND a.county = $2 AND a.year = $3 AND a.account = t.account
"""

_HAND_OVER = """
WITH held AS (
    SELECT * FROM accumulator WHERE person_id = $1 ORDER BY county, year, account FOR UPDATE
), emptied AS (
    UPDATE accumulator a SET base_fen = 0, deductible_fen = 0, paid_fen = 0, stay_count = 0 FROM held h
    WHERE (a.person_id, a.county, a.year, a.account) = (h.person_id, h.county, h.year, h.account)
)
INSERT INTO accumulator AS m
  (person_id, county, year, account, base_fen, deductible_fen, paid_fen, stay_count, corrected_by)
SELECT $2, county, year, account, base_fen, deductible_fen, paid_fen, stay_count, corrected_by FROM held
ORDER BY county, year, account
ON CONFLICT (person_id, county, year, account) DO UPDATE SET base_fen = m.base_fen + excluded.base_fen,
  deductible_fen = m.deductible_fen + excluded.deductible_fen, paid_fen = m.paid_fen + excluded.paid_fen,
  stay_count = m.stay_count + excluded.stay_count, corrected_by = greatest(m.corrected_by, excluded.corrected_by)
"""


class Held(NamedTuple):
    """Balances whose rows are held, and the number of the newest correction among them (0: none)."""

    balances: Balances
    corrected_by: int


async def lock_balances(
    connection: AsyncConnection, *, person_id: UUID, county: str, year: int, accounts: Sequence[str]
) -> Held:
    """Return the balances, their rows held until the commit; unknown ones are made at zero first."""
    rows = await fetch(connection, _LOCK, person_id, county, year, sorted(accounts))
    return Held({row.account: _balance(row) for row in rows}, max((row.corrected_by for row in rows), default=0))


async def hold_year(connection: AsyncConnection, *, person_id: UUID, county: str, year: int) -> None:
    """Hold every account that a person has in a year until the commit."""
    await fetch(connection, _HOLD, person_id, county, year)


async def read_balances(connection: AsyncConnection, *, person_id: UUID, county: str, year: int) -> Balances:
    """Return the balances as they stand, holding nothing."""
    rows = await fetch(connection, _READ, person_id, county, year)
    return {row.account: _balance(row) for row in rows}


async def move_balances(
    connection: AsyncConnection, *, person_id: UUID, county: str, year: int, changes: Balances, corrected_by: int = 0
) -> None:
    """Add the changes to rows that are already held; the database refuses a balance below zero.

    Args:
        connection: Of a unit of work.
        person_id: Whose accounts.
        county: Of the insurance.
        year: Of the accounts.
        changes: Account -> what is added.
        corrected_by: Number of the correction that moves them, 0 for a settlement, reversal or opening.
    """
    names = sorted(changes)
    values = (
        names,
        [changes[name].base.fen for name in names],
        [changes[name].deductible.fen for name in names],
        [changes[name].paid.fen for name in names],
        [changes[name].stay_count for name in names],
        corrected_by,
    )
    if names:
        await fetch(connection, _MOVE, person_id, county, year, *values)


async def hand_over(connection: AsyncConnection, *, retired: UUID, surviving: UUID) -> None:
    """Add everything a retired id has accumulated to the surviving one's; done twice it moves nothing more."""
    await fetch(connection, _HAND_OVER, retired, surviving)


def _balance(row: Row) -> Balance:
    return Balance(Money(row.base_fen), Money(row.deductible_fen), Money(row.paid_fen), row.stay_count)
