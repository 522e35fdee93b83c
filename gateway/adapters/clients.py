"""The client registry: named queries over `client` and `client_secret`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit.cause import Cause
from common.kit.db import Database
from gateway.adapters.tables import client, client_secret
from gateway.domain.client import Client, scopes_of

LIVE_SECRETS = 2
"""A client has at most two live secrets (两个有效密钥), so that it can change over without a gap."""

_LOCK_REGISTRY = text("SELECT pg_advisory_xact_lock(hashtext('gateway.client_registry'))")


@dataclass(frozen=True, slots=True)
class Registered:
    """A client with the hashes of its live secrets, newest first."""

    client: Client
    secret_hashes: tuple[str, ...]


async def lock_registry(connection: AsyncConnection) -> None:
    """Let one change of the registry run at a time."""
    await connection.execute(_LOCK_REGISTRY)


async def find_client(connection: AsyncConnection, client_id: str) -> Registered | None:
    """Return a client, revoked ones too."""
    row = (await connection.execute(select(client).where(client.c.client_id == client_id))).one_or_none()
    if row is None:
        return None
    hashes = await connection.execute(
        select(client_secret.c.secret_hash)
        .where(client_secret.c.client_id == client_id)
        .order_by(client_secret.c.created_at.desc(), client_secret.c.secret_id)
    )
    found = Client(
        row.client_id,
        scopes_of(row.scope),
        institution_code=row.institution_code,
        county=row.county,
        township=row.township,
        is_revoked=row.revoked_at is not None,
    )
    return Registered(found, tuple(hashes.scalars()))


async def put_client(connection: AsyncConnection, wanted: Client, *, now: datetime) -> None:
    """Store a client's scopes and binding; a revoked one stays revoked."""
    values = {
        "scope": wanted.scope_text,
        "institution_code": wanted.institution_code,
        "county": wanted.county,
        "township": wanted.township,
    }
    statement = upsert(client).values(client_id=wanted.client_id, created_at=now, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["client_id"], set_=values))


async def replace_secrets(connection: AsyncConnection, client_id: str, secret_hash: str, *, now: datetime) -> None:
    """Make one secret the only live one."""
    await connection.execute(delete(client_secret).where(client_secret.c.client_id == client_id))
    await _insert_secret(connection, client_id, secret_hash, now=now)


async def add_secret(connection: AsyncConnection, client_id: str, secret_hash: str, *, now: datetime) -> None:
    """Add a live secret beside the newest one; older ones end."""
    newest = (
        select(client_secret.c.secret_id)
        .where(client_secret.c.client_id == client_id)
        .order_by(client_secret.c.created_at.desc(), client_secret.c.secret_id)
        .limit(LIVE_SECRETS - 1)
    )
    await connection.execute(
        delete(client_secret).where(client_secret.c.client_id == client_id, client_secret.c.secret_id.not_in(newest))
    )
    await _insert_secret(connection, client_id, secret_hash, now=now)


async def revoke(connection: AsyncConnection, client_id: str, *, now: datetime) -> bool:
    """Mark a client as revoked for good; False when there is none."""
    result = await connection.execute(
        update(client).where(client.c.client_id == client_id).values(revoked_at=func.coalesce(client.c.revoked_at, now))
    )
    return bool(result.rowcount)


async def revoked_ids(connection: AsyncConnection) -> Sequence[str]:
    """Return the ids of all revoked clients."""
    return (
        (await connection.execute(select(client.c.client_id).where(client.c.revoked_at.is_not(None)))).scalars().all()
    )


async def _insert_secret(connection: AsyncConnection, client_id: str, secret_hash: str, *, now: datetime) -> None:
    await connection.execute(
        insert(client_secret).values(secret_id=uuid4(), client_id=client_id, secret_hash=secret_hash, created_at=now)
    )


class ClientDirectory:
    """Reads the registry in short transactions of its own, for callers that then compute for long."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, client_id: str) -> Registered | None:
        """Return a client, revoked ones too."""
        async with self._database.unit_of_work(Cause("token")) as uow:
            return await find_client(uow.connection, client_id)

    async def revoked(self) -> frozenset[str]:
        """Return the ids of all revoked clients."""
        async with self._database.unit_of_work(Cause("token")) as uow:
            return frozenset(await revoked_ids(uow.connection))
