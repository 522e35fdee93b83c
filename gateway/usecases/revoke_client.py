"""A client may no longer act (注销客户端): no new token, and the tokens it has end at the gateway within seconds."""

from __future__ import annotations

from datetime import datetime

from common.core.errors import NotFound
from common.kit.db import UnitOfWork
from gateway.adapters.clients import lock_registry, revoke


class NothingToRevoke(NotFound):
    """No client has this id."""

    code = "client_unknown"
    zh = "没有该客户端"


async def revoke_client(*, uow: UnitOfWork, client_id: str, now: datetime) -> None:
    """Revoke a client for good; a repeat changes nothing.

    Raises:
        NothingToRevoke: If there is no such client.
    """
    await lock_registry(uow.connection)
    if not await revoke(uow.connection, client_id, now=now):
        raise NothingToRevoke(f"no client is called {client_id}")
