"""Statements of the hot path, sent straight to the driver inside the unit of work's transaction.

SQLAlchemy costs twice the driver's time for each statement (docs/decisions/0009-driver-on-the-hot-path.md); what a
settlement runs for every call goes without. Statements are constant texts, so that the driver prepares each once.
"""

from __future__ import annotations

from typing import Any, cast

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection


class Row(asyncpg.Record):  # type: ignore[misc] # asyncpg has no types
    """A row whose columns are attributes."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a column's type is the statement's business
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class OutsideTransaction(RuntimeError):
    """The connection has no transaction: what was sent would stay although the work around it fails."""


async def fetch(connection: AsyncConnection, statement: str, *values: object) -> list[Row]:
    """Run a constant statement and return its rows.

    Raises:
        OutsideTransaction: If the connection is not a unit of work's.
    """
    driver = driver_of(connection)
    if not driver.is_in_transaction():
        raise OutsideTransaction(statement)
    return cast("list[Row]", await driver.fetch(statement, *values, record_class=Row))


async def fetch_one(connection: AsyncConnection, statement: str, *values: object) -> Row | None:
    """Run a constant statement and return its first row, None when there is none."""
    rows = await fetch(connection, statement, *values)
    return rows[0] if rows else None


def driver_of(connection: AsyncConnection) -> asyncpg.Connection:
    """Return the driver's connection under an open connection of SQLAlchemy."""
    assert connection.sync_connection is not None  # noqa: S101 - open, says the caller
    return connection.sync_connection.connection.driver_connection
