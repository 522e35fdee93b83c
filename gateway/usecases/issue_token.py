"""A client proves itself and gets a token (发放令牌).

Next hop: gateway/api/forward.py, where the token opens the way to a service.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.adapters.clients import ClientDirectory, Registered
from gateway.adapters.secret import SecretChecker
from gateway.adapters.signing_keys import SigningKeys
from gateway.domain.client import is_client_id
from gateway.domain.grant import check_grant_type, claims_of, client_invalid, granted_scopes


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What the token endpoint was asked; absent parts are None."""

    grant_type: str | None
    client_id: str | None
    client_secret: str | None
    scope: str | None


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs, for whom, and with which means.

    Attributes:
        name: Issuer (`iss`) the token names.
        audience: Audience (`aud`) the token names.
    """

    name: str
    audience: str
    directory: ClientDirectory
    checker: SecretChecker
    keys: SigningKeys


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A signed token with the scopes it carries."""

    access_token: str
    client_id: str
    scope: str


async def issue_token(*, request: TokenRequest, issuer: Issuer, token_id: UUID, now: datetime) -> IssuedToken:
    """Return a token for a client that proves itself.

    Raises:
        GrantInvalid: If the request is not for client credentials or asks for scopes the client does not have.
        ClientInvalid: If the client is unknown, revoked or its secret is wrong; nothing tells which.
        RateLimited: If too many clients prove themselves at once.
    """
    check_grant_type(grant_type=request.grant_type)
    registered = await _proved(request, issuer)
    scopes = granted_scopes(client=registered.client, requested=request.scope)
    claims = claims_of(
        client=registered.client,
        scopes=scopes,
        issuer=issuer.name,
        audience=issuer.audience,
        token_id=token_id,
        now=now,
    )
    return IssuedToken(await issuer.keys.sign(claims), registered.client.client_id, str(claims["scope"]))


async def _proved(request: TokenRequest, issuer: Issuer) -> Registered:
    client_id, secret = request.client_id or "", request.client_secret or ""
    registered = await issuer.directory.find(client_id) if is_client_id(client_id) else None
    hashes = registered.secret_hashes if registered is not None else ()
    is_proved = await issuer.checker.check(client_id, secret, hashes)
    if registered is None or not is_proved or registered.client.is_revoked:
        raise client_invalid()
    return registered
