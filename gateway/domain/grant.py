"""What a token says (令牌): the claims of OAuth 2 client credentials, for ten minutes.

Next: common/kit/auth.py reads them again in every process.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from common.core.errors import Refused
from gateway.domain.client import Client, scopes_of

TOKEN_SECONDS = 600
"""Life of a token (令牌有效期) in seconds."""

GRANT_TYPE = "client_credentials"


class ClientInvalid(Refused):
    """Unknown client, wrong secret or revoked client: the answer is the same for all three."""

    code = "client_invalid"
    zh = "客户端标识或密钥不正确"


class GrantInvalid(Refused):
    """The token request is not one this endpoint answers."""

    code = "grant_invalid"
    zh = "令牌请求不正确"


def client_invalid() -> ClientInvalid:
    """Return the one refusal for a client that cannot prove itself."""
    return ClientInvalid("the client is not known or its secret is wrong", error="invalid_client")


def check_grant_type(*, grant_type: str | None) -> None:
    """Let the one grant pass.

    Raises:
        GrantInvalid: With RFC 6749's `invalid_request` when it is missing, `unsupported_grant_type` when another.
    """
    if not grant_type:
        raise GrantInvalid("grant_type is missing", error="invalid_request")
    if grant_type != GRANT_TYPE:
        raise GrantInvalid(f"grant_type must be {GRANT_TYPE}", error="unsupported_grant_type")


def granted_scopes(*, client: Client, requested: str | None) -> frozenset[str]:
    """Return the scopes of the token: what was asked for, or all the client has when nothing was.

    Raises:
        GrantInvalid: With `invalid_scope` if more was asked for than the client has.
    """
    wanted = scopes_of(requested or "")
    if not wanted:
        return client.scopes
    if not wanted <= client.scopes:
        raise GrantInvalid("a scope was asked for that this client does not have", error="invalid_scope")
    return wanted


def claims_of(
    *, client: Client, scopes: frozenset[str], issuer: str, audience: str, token_id: UUID, now: datetime
) -> dict[str, object]:
    """Return the claims of a token."""
    claims: dict[str, object] = {
        "iss": issuer,
        "aud": audience,
        "sub": client.client_id,
        "client_id": client.client_id,
        "scope": " ".join(sorted(scopes)),
        "jti": str(token_id),
        "iat": int(now.timestamp()),
        "nbf": int(now.timestamp()),
        "exp": int((now + timedelta(seconds=TOKEN_SECONDS)).timestamp()),
    }
    bindings = {
        "institution_code": client.institution_code,
        "county": client.county,
        "township": client.township,
    }
    claims.update({name: value for name, value in bindings.items() if value is not None})
    return claims
