"""Client secrets: made at random, kept as argon2id hashes, proved off the event loop.

A right secret is remembered, so that a client's next token does not cost another proof. What is remembered is a keyed
digest together with the hash it proved; it counts only while that hash is still live.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.domain.rate_limit import RateLimited

SECRET_BYTES = 32
LONGEST_SECRET = 256
MOST_REMEMBERED = 1024
AT_ONCE = 2
MOST_WAITING = 64

# RFC 9106 asks for more memory where people choose passwords; these secrets are 256 random bits.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def make_secret() -> str:
    """Return a new secret of 256 random bits as text."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_secret(secret: str) -> str:
    """Return the argon2id hash to keep."""
    return _HASHER.hash(secret)


def proves(secret: str, hashes: Sequence[str]) -> str | None:
    """Return the hash that the secret proves, None when it proves none of them."""
    for each in hashes:
        try:
            if _HASHER.verify(each, secret):
                return each
        except (VerificationError, InvalidHashError):
            continue
    return None


class SecretChecker:
    """Proves secrets two at a time in threads; what waits beyond a bound is sent away instead of piling up."""

    def __init__(self) -> None:
        self._pepper = secrets.token_bytes(32)
        self._proved: OrderedDict[bytes, str] = OrderedDict()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys = hash_secret(make_secret())

    async def check(self, client_id: str, secret: str, hashes: Sequence[str]) -> bool:
        """Say whether the secret is one of the client's; as slow for an unknown client as for a wrong secret.

        Raises:
            RateLimited: If too many proofs wait already.
        """
        known = hmac.new(self._pepper, f"{client_id}\x1f{secret}".encode(errors="replace"), hashlib.sha256).digest()
        if self._proved.get(known) in hashes:
            self._proved.move_to_end(known)
            return True
        proved = await self._prove(secret[:LONGEST_SECRET], hashes)
        if proved is None:
            return False
        self._proved[known] = proved
        if len(self._proved) > MOST_REMEMBERED:
            self._proved.popitem(last=False)
        return True

    async def _prove(self, secret: str, hashes: Sequence[str]) -> str | None:
        if self._waiting >= MOST_WAITING:
            raise RateLimited("too many token requests at once", retry_after_seconds=1)
        self._waiting += 1
        try:
            async with self._slots:
                # Always as many proofs as a client in rotation needs, so that time tells nothing.
                padded = [*hashes, *[self._nobodys] * (2 - len(hashes))]
                proved = await asyncio.to_thread(_proves_in_full, secret, padded)
        finally:
            self._waiting -= 1
        return proved if proved in hashes else None


def _proves_in_full(secret: str, hashes: Sequence[str]) -> str | None:
    found = [proves(secret, [each]) for each in hashes]
    return next((each for each in found if each is not None), None)
