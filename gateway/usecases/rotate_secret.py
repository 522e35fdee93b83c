"""A client gets a further secret and changes over without a gap (轮换密钥)."""

from __future__ import annotations

from datetime import datetime

from common.core.errors import Conflict, NotFound
from common.kit.db import UnitOfWork
from gateway.adapters.clients import add_secret, find_client, lock_registry
from gateway.adapters.secret import hash_secret, make_secret


class ClientUnknown(NotFound):
    """No client has this id."""

    code = "client_unknown"
    zh = "没有该客户端"


class ClientRevoked(Conflict):
    """The client was revoked for good."""

    code = "client_revoked"
    zh = "客户端已注销"


async def rotate_secret(*, uow: UnitOfWork, client_id: str, now: datetime) -> str:
    """Add a live secret and return it; the newest one before stays live beside it, older ones end.

    Rotating twice ends the secret that leaked.

    Raises:
        ClientUnknown: If there is no such client.
        ClientRevoked: If it was revoked.
    """
    await lock_registry(uow.connection)
    registered = await find_client(uow.connection, client_id)
    if registered is None:
        raise ClientUnknown(f"no client is called {client_id}")
    if registered.client.is_revoked:
        raise ClientRevoked(f"{client_id} was revoked")
    secret = make_secret()
    await add_secret(uow.connection, client_id, hash_secret(secret), now=now)
    return secret
