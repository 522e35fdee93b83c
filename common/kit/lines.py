"""Lines (专线): single connections beside the pool, bounded in time as the pool's are (events.md section 4)."""

from __future__ import annotations

import asyncpg

IDLE_IN_TRANSACTION = "5s"
TRANSACTION_SECONDS = 30
_TRANSACTION_TIMEOUT_SINCE = 17


async def connected(
    dsn: str, *, name: str, connect_seconds: float = 5.0, command_timeout: float | None = None, **server_settings: str
) -> asyncpg.Connection:
    """Return a connection that the server cuts when it keeps a transaction open and does nothing.

    Args:
        dsn: Address as asyncpg reads it.
        name: How the server shows the connection.
        connect_seconds: Longest time for connecting.
        command_timeout: Longest time of one statement as seen from here, in seconds; None waits for ever.
        server_settings: Further settings of the session.
    """
    connection = await asyncpg.connect(
        dsn,
        timeout=connect_seconds,
        command_timeout=command_timeout,
        server_settings={
            "application_name": name,
            "jit": "off",
            "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
            **server_settings,
        },
    )
    try:
        await bound_transactions(connection)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def bound_transactions(connection: asyncpg.Connection) -> None:
    """Bound every transaction in time where the server knows how (PostgreSQL 17 and later)."""
    if connection.get_server_version().major >= _TRANSACTION_TIMEOUT_SINCE:
        await connection.execute(f"SET transaction_timeout = '{TRANSACTION_SECONDS}s'")
