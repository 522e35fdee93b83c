"""A new client enters the registry (登记客户端)."""

from __future__ import annotations

from datetime import datetime

from common.core.errors import Conflict
from common.kit.db import UnitOfWork
from gateway.adapters.clients import find_client, lock_registry, put_client, replace_secrets
from gateway.adapters.secret import hash_secret, make_secret
from gateway.domain.client import Client, check_client


class ClientExists(Conflict):
    """The client id is taken, perhaps by a revoked client: names are never used twice."""

    code = "client_exists"
    zh = "客户端标识已存在"


async def create_client(*, uow: UnitOfWork, client: Client, now: datetime) -> str:
    """Store the client and return its secret, which is shown this once.

    Raises:
        ClientIllFormed: If it does not make sense.
        ClientExists: If the id is taken.
    """
    check_client(client=client)
    await lock_registry(uow.connection)
    if await find_client(uow.connection, client.client_id) is not None:
        raise ClientExists(f"{client.client_id} exists already")
    await put_client(uow.connection, client, now=now)
    secret = make_secret()
    await replace_secrets(uow.connection, client.client_id, hash_secret(secret), now=now)
    return secret
