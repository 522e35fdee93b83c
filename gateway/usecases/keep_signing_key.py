"""There is always a key to sign with (签名密钥)."""

from __future__ import annotations

from datetime import datetime

from common.kit.db import UnitOfWork
from gateway.adapters.signing_keys import add_key, lock_keys, stored_keys
from gateway.domain.signing import begins_to_sign


async def keep_signing_key(*, uow: UnitOfWork, data_key: bytes, now: datetime) -> None:
    """Make the first signing key; a repeat changes nothing."""
    await lock_keys(uow.connection)
    terms = [stored.term for stored in await stored_keys(uow.connection)]
    if not terms:
        await add_key(uow.connection, data_key=data_key, signs_from=begins_to_sign(terms=terms, now=now))
