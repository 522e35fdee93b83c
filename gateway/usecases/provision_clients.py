"""Make sure that a set of clients exists with known secrets (预置客户端); a repeat changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from common.kit.db import UnitOfWork
from gateway.adapters.clients import find_client, lock_registry, put_client, replace_secrets
from gateway.adapters.secret import hash_secret, make_secret, proves
from gateway.domain.client import Client, check_client


async def provision_clients(
    *, uow: UnitOfWork, wanted: Sequence[Client], known_secrets: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """Store the clients and return the secret of each.

    Args:
        uow: The transaction.
        wanted: The clients, with their scopes and bindings.
        known_secrets: Secrets handed out before, by client id; they are kept, or made live again.
        now: The present instant.

    Raises:
        ClientIllFormed: If one of the clients does not make sense.
    """
    await lock_registry(uow.connection)
    secrets: dict[str, str] = {}
    for client in wanted:
        check_client(client=client)
        await put_client(uow.connection, client, now=now)
        secrets[client.client_id] = await _live_secret(uow, client.client_id, known_secrets.get(client.client_id), now)
    return secrets


async def _live_secret(uow: UnitOfWork, client_id: str, known: str | None, now: datetime) -> str:
    registered = await find_client(uow.connection, client_id)
    if known is not None and registered is not None and proves(known, registered.secret_hashes):
        return known
    secret = known or make_secret()
    await replace_secrets(uow.connection, client_id, hash_secret(secret), now=now)
    return secret
