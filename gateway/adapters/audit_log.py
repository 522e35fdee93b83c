"""The audit record at rest: entries are in the database before their call is answered.

Calls at the same time share one insert and one commit.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit.cause import Cause
from common.kit.db import Database
from common.kit.statements import fetch
from gateway.domain.trail import AuditEntry

MOST_AT_ONCE = 200

_INSERT = """
INSERT INTO audit.audit_entry (happened_at, client_id, method, route, resource_ids, status, request_id)
SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::smallint[], $7::text[])
"""
_NEWEST = """
SELECT entry_id, happened_at, client_id, method, route, resource_ids, status, request_id FROM audit.audit_entry
WHERE ($1::text IS NULL OR client_id = $1) AND ($2::text IS NULL OR route = $2)
  AND ($3::timestamptz IS NULL OR happened_at >= $3) AND ($4::timestamptz IS NULL OR happened_at < $4)
  AND ($5::bigint IS NULL OR entry_id < $5)
ORDER BY entry_id DESC LIMIT $6
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry with its place in the record."""

    entry_id: int
    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What part of the record is wanted; None asks for all."""

    client_id: str | None = None
    route: str | None = None
    happened_from: datetime | None = None
    happened_before: datetime | None = None


class AuditLog:
    """Adds entries; one commit at a time, which takes along all that came meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[AuditEntry, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def add(self, entry: AuditEntry) -> None:
        """Return once the entry is committed; raise what the database raised."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write())
        await done

    async def close(self) -> None:
        """Finish what is being written."""
        if self._writer is not None:
            await self._writer

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            trouble = await self._commit([entry for entry, _ in batch])
            for _, done in batch:
                if done.done():
                    continue
                if trouble is None:
                    done.set_result(None)
                else:
                    done.set_exception(trouble)

    async def _commit(self, entries: Sequence[AuditEntry]) -> Exception | None:
        try:
            async with self._database.unit_of_work(Cause("audit")) as uow:
                await add_entries(uow.connection, entries)
        except Exception as trouble:  # noqa: BLE001 - handed to every call that waits for this commit
            return trouble
        return None


async def add_entries(connection: AsyncConnection, entries: Sequence[AuditEntry]) -> None:
    """Insert entries in the transaction of the connection."""
    await fetch(connection, _INSERT, *_columns(entries))


def _columns(entries: Sequence[AuditEntry]) -> tuple[list[object], ...]:
    return (
        [each.happened_at for each in entries],
        [each.client_id for each in entries],
        [each.method for each in entries],
        [each.route for each in entries],
        [json.dumps(dict(each.resource_ids)) for each in entries],
        [each.status for each in entries],
        [each.request_id for each in entries],
    )


async def newest(connection: AsyncConnection, *, wanted: AuditFilter, before: int | None, limit: int) -> list[Kept]:
    """Return entries, newest first, below an entry id where one is given."""
    rows = await connection.exec_driver_sql(
        _NEWEST,
        (wanted.client_id, wanted.route, wanted.happened_from, wanted.happened_before, before, limit),
    )
    return [
        Kept(
            r.entry_id,
            AuditEntry(r.happened_at, r.client_id, r.method, r.route, r.resource_ids, r.status, r.request_id),
        )
        for r in rows
    ]
