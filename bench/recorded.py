"""The SQL of a settlement as the service itself sends it, recorded, to be sent again over a plain connection.

Whole settlements are recorded with their values and replayed on a copy of the database they began on, so that the plain
side inserts the same rows under the same keys. Nothing is written by hand: who changes the service changes both sides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI
from sqlalchemy import event

from bench.caller import CREATED, CallFailed
from common.kit.db import Database

Statement = tuple[str, tuple[Any, ...]]
Sequence = list[Statement]
_OUTSIDE = ("SET ", "SELECT pg_catalog", "select pg_catalog", "show ")


class Ear:
    """Hears every statement that a pool sends, with its values and in the order sent.

    The driver tells of a statement one turn of the loop late, so SQLAlchemy's are noted a turn late too: else one of
    them would stand before the BEGIN it ran under, and the plain side would commit it alone.
    """

    def __init__(self, database: Database) -> None:
        self._heard: Sequence = []
        engine = database.engine.sync_engine
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "before_cursor_execute", self._executed)

    async def taken(self) -> Sequence:
        """Return what was heard since the last time, without what only the driver asks for itself."""
        await asyncio.sleep(0)
        heard, self._heard = self._heard, []
        return [each for each in heard if not each[0].startswith(_OUTSIDE)]

    def _connected(self, dbapi_connection: Any, _record: object) -> None:  # noqa: ANN401 - the adapter has no type
        dbapi_connection.driver_connection.add_query_logger(self._logged)

    def _logged(self, query: asyncpg.connection.LoggedQuery) -> None:
        self._heard.append((query.query, tuple(query.args or ())))

    def _executed(self, *given: Any) -> None:  # noqa: ANN401 - SQLAlchemy's event signature
        _, _, statement, parameters, _, _ = given
        asyncio.get_running_loop().call_soon(self._note, (statement, tuple(parameters)))

    def _note(self, statement: Statement) -> None:
        self._heard.append(statement)


class Recorder:
    """Hears what an application sends for each settlement."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._ear = Ear(app.state.database)

    async def record(self, bodies: Iterable[dict[str, Any]], *, token: str) -> list[Sequence]:
        """Settle every discharge in this process and return the statements of each."""
        sequences: list[Sequence] = []
        async with self._app.router.lifespan_context(self._app):
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://bench") as client:
                for body in bodies:
                    await self._ear.taken()
                    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": body["record_no"]}
                    answer = await client.post("/v1/discharges", json=body, headers=headers)
                    if answer.status_code != CREATED:
                        raise CallFailed(answer.text)
                    sequences.append(await self._ear.taken())
        return sequences


async def replay(connection: asyncpg.Connection, statements: Sequence) -> None:
    """Send a recorded settlement; repeated statements are prepared once, as by every asyncpg user."""
    for statement, values in statements:
        if values:
            await connection.fetch(statement, *values)
        else:
            await connection.execute(statement)
