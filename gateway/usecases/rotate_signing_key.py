"""A new key takes over the signing (轮换签名密钥); the one before stays published until its last token has ended."""

from __future__ import annotations

from datetime import datetime

from common.kit.db import UnitOfWork
from gateway.adapters.signing_keys import add_key, drop_keys_except, lock_keys, stored_keys
from gateway.domain.signing import KeyTerm, begins_to_sign, published_keys


async def rotate_signing_key(*, uow: UnitOfWork, data_key: bytes, now: datetime) -> KeyTerm:
    """Store a new key and return it with the instant at which it begins to sign; forget keys long replaced."""
    await lock_keys(uow.connection)
    terms = [stored.term for stored in await stored_keys(uow.connection)]
    added = await add_key(uow.connection, data_key=data_key, signs_from=begins_to_sign(terms=terms, now=now))
    await drop_keys_except(uow.connection, published_keys(terms=[*terms, added], now=now))
    return added
