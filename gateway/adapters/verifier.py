"""Tokens at the door: checked like everywhere, and refused too when their client was revoked since."""

from __future__ import annotations

import time

from common.kit.auth import Caller, KeySource, TokenInvalid, TokenVerifier
from common.kit.clock import Clock
from gateway.adapters.clients import ClientDirectory

REVOKED_READ_SECONDS = 5.0


class DoorVerifier(TokenVerifier):
    """A verifier that also knows who was revoked, a few seconds late at most."""

    def __init__(
        self, keys: KeySource, directory: ClientDirectory, *, issuer: str, audience: str, clock: Clock
    ) -> None:
        super().__init__(keys, issuer=issuer, audience=audience, clock=clock)
        self._directory = directory
        self._revoked: frozenset[str] = frozenset()
        self._read_at = float("-inf")

    async def caller_of(self, authorization: str | None) -> Caller:
        """Return the caller of a bearer token.

        Raises:
            TokenInvalid: If anything about the token is wrong, or its client was revoked.
        """
        caller = await super().caller_of(authorization)
        if time.monotonic() - self._read_at > REVOKED_READ_SECONDS:
            self._revoked = await self._directory.revoked()
            self._read_at = time.monotonic()
        if caller.client_id in self._revoked:
            raise TokenInvalid("the token is not valid or no longer so")
        return caller
