"""Waking sleepers: an event inside the process, and NOTIFY on a connection of its own across processes.

NOTIFY never runs inside the business transaction: there it costs half of all commits per second (events.md section 0).
A lost wake only delays until the next poll.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import asyncpg

from common.kit.lines import connected

OUTBOX_CHANNEL = "outbox_wake"
DEBOUNCE_SECONDS = 0.005
RECONNECT_SECONDS = 1.0
# What a line to the database may raise when it is lost. After a pause asyncpg raises InternalClientError: the server's
# farewell has been read, the end of the line not yet.
TROUBLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def plain_dsn(url: str) -> str:
    """Return the address as asyncpg reads it, without SQLAlchemy's driver name."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


class Notifier:
    """Sends debounced NOTIFY on its own autocommit connection, after the commit that matters."""

    def __init__(self, url: str, channel: str = OUTBOX_CHANNEL) -> None:
        self._dsn = plain_dsn(url)
        self._channel = channel
        self._connection: asyncpg.Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def wake(self) -> None:
        """Ask for one NOTIFY soon; many calls within five milliseconds become one."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._send())
        else:
            self._again = True

    async def _send(self) -> None:
        while True:
            self._again = False
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await connected(self._dsn, name="yizhan-notify")
                await self._connection.execute(f"NOTIFY {self._channel}", timeout=5)
            except TROUBLE:
                # The poll finds the rows; a broken line is rebuilt at the next wake.
                self._connection = None
            if not self._again:
                return
            await asyncio.sleep(DEBOUNCE_SECONDS)

    async def close(self) -> None:
        """Finish the running NOTIFY and close the connection."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=5)
        if self._connection is not None:
            with contextlib.suppress(*TROUBLE):
                await self._connection.close(timeout=2)


async def listen(url: str, on_wake: Callable[[], None], channel: str = OUTBOX_CHANNEL) -> None:
    """Call `on_wake` at every NOTIFY on the channel until cancelled; reconnects by itself."""
    dsn = plain_dsn(url)
    while True:
        connection: asyncpg.Connection | None = None
        lost = asyncio.Event()
        try:
            connection = await connected(dsn, name="yizhan-listen")
            connection.add_termination_listener(lambda *_, lost=lost: lost.set())
            await connection.add_listener(channel, lambda *_: on_wake())
            on_wake()
            await lost.wait()
        except TROUBLE:
            pass  # The poll goes on meanwhile; the next round connects again.
        finally:
            if connection is not None and not connection.is_closed():
                connection.terminate()
        await asyncio.sleep(RECONNECT_SECONDS)
