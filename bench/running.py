"""A whole suite to measure: `local.run` on a PostgreSQL that stamps every commit; effects are timed by the stamps.

Nothing listens or polls while discharges flow; the stamps are read afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from bench.stand import throwaway_folder
from common.kit.postgres_server import PostgresServer, embedded_postgres
from common.kit.wake import plain_dsn
from local.booted import Suite, booted_suite
from local.keys import OWNERS

DRAIN_SECONDS = 120.0
LISTENERS = ("identity", "contracts", "monitoring")
_POLL_SECONDS = 0.25
_TOLD = """
SELECT headers::json ->> 'ce_correlationid' AS call, event_id, pg_xact_commit_timestamp(xmin) AS at FROM outbox_event
WHERE headers::json ->> 'ce_correlationid' LIKE $1
"""
_HEARD = "SELECT event_id, pg_xact_commit_timestamp(xmin) AS at FROM inbox WHERE event_id = ANY($1::uuid[])"
_KEPT = "SELECT event_id, pg_xact_commit_timestamp(xmin) AS at FROM outward_event WHERE event_id = ANY($1::uuid[])"


class NotDrained(Exception):
    """Effects are missing long after the last call."""


@dataclass(frozen=True, slots=True)
class RunningSuite:
    """A suite with its server."""

    suite: Suite
    server: PostgresServer

    @property
    def port(self) -> int:
        """The gateway's port."""
        return int(self.suite.base_url.rpartition(":")[2])

    def dsn_of(self, owner: str) -> str:
        """The administrator's address of one database, as asyncpg reads it."""
        return plain_dsn(self.server.url(f"yizhan_{owner}"))


@dataclass(frozen=True, slots=True)
class Effects:
    """When a call's facts and their effects were committed.

    Attributes:
        told_at: Commit of the settlement.
        first_hop_at: Last of its effects in the next services and the outward log.
        last_at: Last effect of all that followed from it.
    """

    told_at: datetime
    first_hop_at: datetime
    last_at: datetime


@contextmanager
def running_suite(settings: Mapping[str, str]) -> Iterator[RunningSuite]:
    """Run a suite with a small demo world on a server that stamps commits, and leave nothing behind."""
    small = {"DEMO_PERSONS": "20", "DEMO_DISCHARGES": "2"}
    with throwaway_folder() as folder, embedded_postgres(folder) as server:
        asyncio.run(_stamp_commits(server))
        server.stop()
        server.prepare()
        server.start()
        with booted_suite(folder / "suite", {**small, "DATABASE_URL": server.url(), **settings}) as suite:
            yield RunningSuite(suite, server)


async def effects_of(running: RunningSuite, series: str, calls: int) -> dict[str, Effects]:
    """Wait until every effect of a series of calls is there; return them by call.

    Raises:
        NotDrained: If effects are still missing after two minutes.
    """
    connections = {owner: await asyncpg.connect(running.dsn_of(owner)) for owner in OWNERS}
    try:
        for _ in range(int(DRAIN_SECONDS / _POLL_SECONDS)):
            with contextlib.suppress(_Missing):
                return await _effects(connections, series, calls)
            await asyncio.sleep(_POLL_SECONDS)
    finally:
        for connection in connections.values():
            await connection.close()
    raise NotDrained(f"effects of {series} are missing after {DRAIN_SECONDS:.0f} s")


class _Missing(Exception):
    """Some effect is not there yet."""


async def _effects(connections: Mapping[str, asyncpg.Connection], series: str, calls: int) -> dict[str, Effects]:
    settled = {row["call"]: row for row in await connections["settlement"].fetch(_TOLD, f"{series}-%")}
    if len(settled) < calls:
        raise _Missing
    followed = [row for name in LISTENERS for row in await connections[name].fetch(_TOLD, f"{series}-%")]
    firsts = [row["event_id"] for row in settled.values()]
    kept = await _stamps(connections["gateway"], _KEPT, [*firsts, *(row["event_id"] for row in followed)])
    heard = [await _stamps(connections[name], _HEARD, firsts) for name in LISTENERS]
    found = {}
    for call, row in settled.items():
        first_hop = max(stamps[row["event_id"]] for stamps in (*heard, kept))
        found[call] = Effects(row["at"], first_hop, first_hop)
    for row in followed:
        before = found[row["call"]]
        found[row["call"]] = Effects(before.told_at, before.first_hop_at, max(before.last_at, kept[row["event_id"]]))
    return found


async def _stamps(connection: asyncpg.Connection, statement: str, events: Sequence[UUID]) -> dict[UUID, datetime]:
    stamps = {row["event_id"]: row["at"] for row in await connection.fetch(statement, events)}
    if len(stamps) < len(set(events)):
        raise _Missing
    return stamps


async def _stamp_commits(server: PostgresServer) -> None:
    connection = await asyncpg.connect(plain_dsn(server.url()))
    await connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    await connection.close()
