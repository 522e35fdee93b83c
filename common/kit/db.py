"""PostgreSQL: the pool, and the unit of work that commits state, events and records together or not at all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from common.kit.cause import Cause
from common.kit.lines import IDLE_IN_TRANSACTION, bound_transactions
from common.kit.outbox import PendingEvent, write_outbox
from common.kit.statements import driver_of
from common.kit.wake import Notifier
from common.published.base import PublishedEvent

COMMAND_SECONDS = 10.0
CLOSE_SECONDS = 5.0


class UnitOfWork:
    """One transaction: what a request or a batch of events changes, and the facts it tells.

    Use cases read and write through `connection` and call `publish`; only the edge that opened the unit commits it.
    """

    def __init__(self, connection: AsyncConnection, cause: Cause) -> None:
        self.connection = connection
        self.cause = cause
        self._events: list[PendingEvent] = []
        self.told = 0

    def publish(self, event: PublishedEvent, *, occurred_at: datetime) -> None:
        """Hand over a fact; it is written just before the commit, in one statement with all others.

        Raises:
            EventTooLarge: If its data is above 256 KiB.
            UnlistedEvent: If its class is not in the catalogue.
        """
        self._events.append(PendingEvent.of(event, occurred_at=occurred_at, cause=self.cause))

    def pass_on(self, pending: PendingEvent) -> None:
        """Hand over a ready-made record, such as a dead-letter copy."""
        self._events.append(pending)

    async def flush(self) -> None:
        """Write the events handed over so far and count them in `told`. Called by the edge before the commit."""
        events, self._events = self._events, []
        if events:
            await write_outbox(self.connection, events)
        self.told += len(events)


class Database:
    """The connection pool of one process to its own database."""

    def __init__(
        self, url: str, *, pool_size: int = 10, statement_timeout_ms: int = 5_000, application_name: str = "yizhan"
    ) -> None:
        self.url = url
        self.engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=5,
            pool_reset_on_return="rollback",
            hide_parameters=True,
            connect_args={
                "timeout": 5,
                # Longer than the server's own limit: for a line on which nothing is answered any more.
                "command_timeout": COMMAND_SECONDS,
                "prepared_statement_cache_size": 500,
                "server_settings": {
                    "application_name": application_name,
                    "statement_timeout": str(statement_timeout_ms),
                    "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
                    "lock_timeout": str(statement_timeout_ms),
                    "TimeZone": "UTC",
                    "jit": "off",
                },
            },
        )
        sqlalchemy_event.listen(self.engine.sync_engine, "connect", _bound_transactions)
        # The same pool; SQLAlchemy begins nothing on it, because a unit of work's transaction is the driver's.
        self._units = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.notifier = Notifier(url)

    @asynccontextmanager
    async def unit_of_work(self, cause: Cause) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work; it commits when the block ends well and leaves nothing behind otherwise."""
        async with self._units.connect() as connection:
            unit, driver = UnitOfWork(connection, cause), driver_of(connection)
            try:
                async with driver.transaction():
                    yield unit
                    await unit.flush()
            finally:
                if driver.is_closed() or driver.is_in_transaction():
                    await connection.invalidate()  # Lost or stuck: the pool must not hand it to the next one.
        if unit.told:
            self.notifier.wake()

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        async with self.engine.connect() as connection:
            await connection.exec_driver_sql("SELECT 1")

    async def close(self) -> None:
        """Close the pool; a server that does not answer is not waited for."""
        await self.notifier.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.engine.dispose(), CLOSE_SECONDS)


def _bound_transactions(dbapi_connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's adapter has no type
    dbapi_connection.run_async(bound_transactions)
