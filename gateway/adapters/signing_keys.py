"""Signing keys at rest and at work: Ed25519, the private half sealed under DATA_KEY."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit.cause import Cause
from common.kit.clock import Clock
from common.kit.db import Database
from common.kit.problems import UpstreamUnavailable
from common.kit.sealing import Seal
from gateway.adapters.tables import signing_key as table
from gateway.domain.signing import KeyTerm, published_keys, signing_key

KEPT_FRESH = timedelta(seconds=5)
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('gateway.signing_key'))")


@dataclass(frozen=True, slots=True)
class StoredKey:
    """One key as the database holds it."""

    term: KeyTerm
    public_key: Mapping[str, Any]
    sealed_private_key: bytes


async def lock_keys(connection: AsyncConnection) -> None:
    """Let one change of the keys run at a time."""
    await connection.execute(_LOCK)


async def stored_keys(connection: AsyncConnection) -> list[StoredKey]:
    """Return all keys, oldest first."""
    rows = await connection.execute(select(table).order_by(table.c.signs_from))
    return [StoredKey(KeyTerm(r.key_id, r.signs_from), r.public_key, r.sealed_private_key) for r in rows]


async def add_key(connection: AsyncConnection, *, data_key: bytes, signs_from: datetime) -> KeyTerm:
    """Make a key and store it sealed."""
    private = Ed25519PrivateKey.generate()
    key_id = secrets.token_hex(8)
    public = {
        **OKPAlgorithm.to_jwk(private.public_key(), as_dict=True),
        "kid": key_id,
        "use": "sig",
        "alg": "EdDSA",
    }
    sealed = Seal(data_key).close(private.private_bytes_raw().hex(), context=key_id.encode())
    await connection.execute(
        insert(table).values(key_id=key_id, public_key=public, sealed_private_key=sealed, signs_from=signs_from)
    )
    return KeyTerm(key_id, signs_from)


async def drop_keys_except(connection: AsyncConnection, kept: list[KeyTerm]) -> None:
    """Delete every key that is not among those to be kept."""
    await connection.execute(delete(table).where(table.c.key_id.not_in([term.key_id for term in kept])))


class SigningKeys:
    """The keys of this process, read again every few seconds; also the verifier's key source."""

    def __init__(self, database: Database, *, data_key: bytes, clock: Clock) -> None:
        self._database = database
        self._seal = Seal(data_key)
        self._clock = clock
        self._keys: dict[str, StoredKey] = {}
        self._opened: dict[str, Ed25519PrivateKey] = {}
        self._public: dict[str, jwt.PyJWK] = {}
        self._read_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def sign(self, claims: Mapping[str, object]) -> str:
        """Return the token that says the claims.

        Raises:
            UpstreamUnavailable: If there is no signing key yet.
        """
        await self._refresh()
        term = signing_key(terms=self._terms(), now=self._clock())
        if term is None:
            raise UpstreamUnavailable("the gateway has no signing key yet")
        headers = {"kid": term.key_id, "typ": "at+jwt"}
        return jwt.encode(dict(claims), self._private(term.key_id), algorithm="EdDSA", headers=headers)

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """Return the published key of that id, or None when there is none."""
        await self._refresh()
        if all(term.key_id != key_id for term in self._published()):
            return None
        if key_id not in self._public:
            self._public[key_id] = jwt.PyJWK(dict(self._keys[key_id].public_key), algorithm="EdDSA")
        return self._public[key_id]

    async def key_set(self) -> dict[str, Any]:
        """Return the key set (JWKS)."""
        await self._refresh()
        return {"keys": [dict(self._keys[term.key_id].public_key) for term in self._published()]}

    def _terms(self) -> list[KeyTerm]:
        return [stored.term for stored in self._keys.values()]

    def _published(self) -> list[KeyTerm]:
        return published_keys(terms=self._terms(), now=self._clock())

    def _private(self, key_id: str) -> Ed25519PrivateKey:
        if key_id not in self._opened:
            raw = self._seal.open(self._keys[key_id].sealed_private_key, context=key_id.encode())
            self._opened[key_id] = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(raw))
        return self._opened[key_id]

    async def _refresh(self) -> None:
        async with self._reading:
            now = self._clock()
            if self._read_at is not None and self._keys and now - self._read_at < KEPT_FRESH:
                return
            async with self._database.unit_of_work(Cause("keys")) as uow:
                stored = await stored_keys(uow.connection)
            self._keys = {each.term.key_id: each for each in stored}
            self._read_at = now
