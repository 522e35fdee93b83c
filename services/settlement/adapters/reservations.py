"""Reservations of budgets in the database: made, released once, never taken away (预算预留).

Room: adapters of settlement. Next hop: services/settlement/adapters/fund_tables.py
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.money import Money
from common.kit.clock import day_ends
from common.kit.statements import Row, fetch, fetch_one
from services.settlement.domain.budget import Reservation

_COLUMNS = "reservation_id, county, fund, year, ledger, amount_fen, purpose, expires_on, reserved_at, released_at"
_ADD = """
INSERT INTO fund_reservation (reservation_id, county, fund, year, ledger, amount_fen, purpose, expires_on, reserved_at,
  reserved_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_LIVE = f"""
SELECT {_COLUMNS} FROM fund_reservation
WHERE county = $1 AND fund = $2 AND year = $3 AND expires_on >= $4 AND reserved_at < $5
  AND (released_at IS NULL OR released_at >= $5)
ORDER BY reserved_at, reservation_id
"""  # noqa: S608 - our own column list
_FIND = f"SELECT {_COLUMNS} FROM fund_reservation WHERE reservation_id = $1 FOR UPDATE"  # noqa: S608 - the same
_RELEASE = "UPDATE fund_reservation SET released_at = $2, released_by = $3 WHERE reservation_id = $1"


async def add(connection: AsyncConnection, made: Reservation, *, client: str) -> None:
    """Write a reservation."""
    place = (made.reservation_id, made.county, made.fund, made.year, made.ledger, made.amount.fen)
    await fetch(connection, _ADD, *place, made.purpose, made.expires_on, made.reserved_at, client)


async def live_on(
    connection: AsyncConnection, *, county: str, fund: str, year: int, day: date
) -> Sequence[Reservation]:
    """Return what is held of a fund's year at the end of a China day, in the order made."""
    rows = await fetch(connection, _LIVE, county, fund, year, day, day_ends(day))
    return [_reservation(row) for row in rows]


async def find(connection: AsyncConnection, reservation_id: UUID) -> Reservation | None:
    """Return a reservation, its row held."""
    row = await fetch_one(connection, _FIND, reservation_id)
    return None if row is None else _reservation(row)


async def release(connection: AsyncConnection, reservation_id: UUID, *, client: str, now: datetime) -> None:
    """Give the money of a held row free."""
    await fetch(connection, _RELEASE, reservation_id, now, client)


def _reservation(row: Row) -> Reservation:
    return Reservation(
        reservation_id=UUID(str(row.reservation_id)),
        county=row.county,
        fund=row.fund,
        year=row.year,
        ledger=row.ledger,
        amount=Money(row.amount_fen),
        purpose=row.purpose,
        expires_on=row.expires_on,
        reserved_at=row.reserved_at,
        released_at=row.released_at,
    )
