"""Households' accounts in the database: opened when a household becomes known, held while a member draws.

Room: adapters of settlement. Next hop: services/settlement/adapters/family_tables.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from common.kit.statements import fetch, fetch_one

# An account that is there already is not locked: a member may be drawing from it.
_OPEN = """
WITH opened AS (
    INSERT INTO family_account (household_id, county, since_year) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
)
UPDATE family_account SET since_year = $3 WHERE household_id = $1 AND since_year > $3
"""
_READ = """
SELECT a.household_id, a.county, a.since_year, a.balance_fen,
  (SELECT coalesce(array_agg(m.year), '{}') FROM family_account_move m
   WHERE m.household_id = a.household_id AND m.kind = 'credit') AS credited
FROM family_account a WHERE a.household_id = $1
"""
_HOLD = "SELECT household_id FROM family_account WHERE household_id = $1 FOR UPDATE"
_MOVE = """
WITH m AS (
    INSERT INTO family_account_move
      (move_id, household_id, kind, year, settlement_id, amount_fen, source, booked_at, booked_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
)
UPDATE family_account SET balance_fen = balance_fen + $6 WHERE household_id = $2
"""
_DRAWN = """
SELECT household_id, -sum(amount_fen)::bigint AS fen FROM family_account_move WHERE settlement_id = $1
GROUP BY household_id
"""
_OPENED = """
SELECT coalesce(sum(amount_fen), 0)::bigint AS fen, count(*) AS moves FROM family_account_move
WHERE household_id = $1 AND kind = 'opening'
"""
_MOVES = """
SELECT move_id, kind, year, settlement_id, amount_fen, source, booked_at FROM family_account_move
WHERE household_id = $1 ORDER BY booked_at DESC, move_id LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class KeptAccount:
    """An account as it stands; `credited` are the years whose credits are booked."""

    household_id: UUID
    county: str
    since_year: int
    balance: Money
    credited: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """A credit, an opening, a draw or what came back of one; into the account positive."""

    move_id: UUID
    kind: str
    year: int
    settlement_id: UUID | None
    amount: Money
    source: str
    booked_at: datetime
    booked_by: str = ""


async def open_account(connection: AsyncConnection, *, household_id: UUID, county: str, year: int) -> None:
    """Open the account of a household that became known in a year; an earlier year than the known one counts."""
    await fetch(connection, _OPEN, household_id, county, year)


async def find(connection: AsyncConnection, household_id: UUID, *, holding: bool = False) -> KeptAccount | None:
    """Return an account, its row held until the commit when asked."""
    if holding:
        await fetch(connection, _HOLD, household_id)  # Apart, so that what follows sees what was waited for.
    row = await fetch_one(connection, _READ, household_id)
    if row is None:
        return None
    credited = tuple(sorted(row.credited))
    return KeptAccount(UUID(str(row.household_id)), row.county, row.since_year, Money(row.balance_fen), credited)


async def book_move(connection: AsyncConnection, household_id: UUID, move: Move) -> None:
    """Write a move; the database refuses a balance below zero."""
    await fetch(
        connection,
        _MOVE,
        move.move_id,
        household_id,
        move.kind,
        move.year,
        move.settlement_id,
        move.amount.fen,
        move.source,
        move.booked_at,
        move.booked_by,
    )


async def drawn_for(connection: AsyncConnection, settlement_id: UUID) -> tuple[UUID, Money] | None:
    """Return which household's account pays a settlement, and how much of it stands; None where none ever did."""
    row = await fetch_one(connection, _DRAWN, settlement_id)
    return None if row is None else (UUID(str(row.household_id)), Money(row.fen))


async def opened_with(connection: AsyncConnection, household_id: UUID) -> tuple[Money, int]:
    """Return what a household brought along, and by how many openings it was told."""
    row = await fetch_one(connection, _OPENED, household_id)
    assert row is not None  # noqa: S101 - an aggregate has one row
    return Money(row.fen), row.moves


async def moves_of(connection: AsyncConnection, household_id: UUID, *, limit: int) -> Sequence[Move]:
    """Return the newest moves of an account, newest first."""
    rows = await fetch(connection, _MOVES, household_id, limit)
    return [
        Move(
            move_id=UUID(str(row.move_id)),
            kind=row.kind,
            year=row.year,
            settlement_id=UUID(str(row.settlement_id)) if row.settlement_id else None,
            amount=Money(row.amount_fen),
            source=row.source,
            booked_at=row.booked_at,
        )
        for row in rows
    ]
