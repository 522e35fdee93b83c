"""The year's accounts of a person: inserted at zero, then locked in one order, then moved.

Room: adapters of settlement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from services.settlement.domain.accumulator import Balance, Balances

_LOCK = """
INSERT INTO accumulator AS a (person_id, county, year, account)
SELECT $1, $2, $3, name FROM unnest($4::text[]) AS t(name) ORDER BY name
ON CONFLICT (person_id, county, year, account) DO UPDATE SET stay_count = a.stay_count
RETURNING account, base_fen, deductible_fen, paid_fen, stay_count
"""
_READ = """
SELECT account, base_fen, deductible_fen, paid_fen, stay_count FROM accumulator
WHERE person_id = $1 AND county = $2 AND year = $3
"""
_MOVE = """
UPDATE accumulator a SET base_fen = a.base_fen + t.base, deductible_fen = a.deductible_fen + t.deductible,
  paid_fen = a.paid_fen + t.paid, stay_count = a.stay_count + t.stays
FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::int[])
  AS t(account, base, deductible, paid, stays)
WHERE a.person_id = $1 AND a.county = $2 AND a.year = $3 AND a.account = t.account
"""


async def lock_balances(
    connection: AsyncConnection, *, person_id: UUID, county: str, year: int, accounts: Sequence[str]
) -> Balances:
    """Return the balances, their rows held until the commit; unknown ones are made at zero first."""
    rows = await connection.exec_driver_sql(_LOCK, (person_id, county, year, sorted(accounts)))
    return {row.account: _balance(row) for row in rows}


async def read_balances(connection: AsyncConnection, *, person_id: UUID, county: str, year: int) -> Balances:
    """Return the balances as they stand, holding nothing."""
    rows = await connection.exec_driver_sql(_READ, (person_id, county, year))
    return {row.account: _balance(row) for row in rows}


async def move_balances(
    connection: AsyncConnection, *, person_id: UUID, county: str, year: int, changes: Balances
) -> None:
    """Add the changes to rows that are already held; the database refuses a balance below zero."""
    names = sorted(changes)
    values = (
        names,
        [changes[name].base.fen for name in names],
        [changes[name].deductible.fen for name in names],
        [changes[name].paid.fen for name in names],
        [changes[name].stay_count for name in names],
    )
    if names:
        await connection.exec_driver_sql(_MOVE, (person_id, county, year, *values))


def balances_from_json(stored: Mapping[str, Sequence[int]]) -> Balances:
    """Return the balances frozen with a settlement or an opening."""
    return {account: Balance(Money(b), Money(d), Money(p), n) for account, (b, d, p, n) in stored.items()}


def _balance(row: Any) -> Balance:  # noqa: ANN401 - a row of either statement above
    return Balance(Money(row.base_fen), Money(row.deductible_fen), Money(row.paid_fen), row.stay_count)
