"""Who calls: tokens checked against the gateway's key set in every process, and what a caller may call its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Protocol

import httpx
import jwt

from common.core.errors import Refused
from common.kit.clock import Clock
from common.kit.problems import UpstreamUnavailable

ALGORITHMS: Mapping[str, str] = {"OKP": "EdDSA", "RSA": "RS256"}
REFRESH_PAUSE_SECONDS = 10.0
KEYS_OLD_AFTER_SECONDS = 600.0
LONGEST_TOKEN = 8192
LEEWAY_SECONDS = 5
KNOWN_SECONDS = 60.0
MOST_KNOWN_TOKENS = 2000
SERVICE_SCOPE = "service:"


class TokenInvalid(Refused):
    """No token, or one that is forged, expired or meant for somebody else; the answer does not say which key failed."""

    code = "token_invalid"
    zh = "令牌无效或已过期"


class ScopeMissing(Refused):
    """The token is good but allows something else."""

    code = "scope_missing"
    zh = "令牌没有所需的权限"


class NotYours(Refused):
    """The caller named a foreign institution, county or township."""

    code = "not_yours"
    zh = "无权查看或处理其他机构、县或乡镇的数据"


class Unnamed(Enum):
    """Marks what a request does not name, unlike None: named and known to be nothing."""

    UNNAMED = "unnamed"


UNNAMED: Final = Unnamed.UNNAMED


@dataclass(frozen=True, slots=True)
class Caller:
    """The client behind a token.

    Attributes:
        client_id: Stable name of the client, also in the audit record.
        scopes: What it may do.
        institution_code: The hospital it speaks for, if any.
        county: The county it is bound to, six digits, if any.
        township: The township it is bound to, nine digits, if any.
    """

    client_id: str
    scopes: frozenset[str]
    institution_code: str | None = None
    county: str | None = None
    township: str | None = None

    @property
    def is_service(self) -> bool:
        """Whether one of our own processes calls."""
        return any(scope.startswith(SERVICE_SCOPE) for scope in self.scopes)


def require_own(
    caller: Caller,
    *,
    institution_code: str | Unnamed | None = UNNAMED,
    county: str | Unnamed | None = UNNAMED,
    township: str | Unnamed | None = UNNAMED,
) -> None:
    """Let the caller pass only to what is its own; name everything the request or the record names.

    A hospital owns its institution's records in whatever county the patient is insured; a township its people; a county
    bureau its county and the townships in it. What is named as None belongs to the county alone. Our services own all.

    Raises:
        NotYours: If the thing is somebody else's, or nothing named is of the caller's kind.
    """
    if not _owns(caller, institution_code, county, township):
        raise NotYours("this belongs to another institution, county or township")


def _owns(
    caller: Caller, institution_code: str | Unnamed | None, county: str | Unnamed | None, township: str | Unnamed | None
) -> bool:
    if caller.is_service:
        return True
    if caller.institution_code is not None:
        return institution_code == caller.institution_code
    if caller.township is not None and township is not UNNAMED:
        return township == caller.township
    if caller.county is None:
        return False
    if isinstance(county, str):
        return county == caller.county
    return isinstance(township, str) and township[:6] == caller.county


class KeySource(Protocol):
    """Where public keys come from."""

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """Return the key of that id, or None when there is none."""


class FixedKeys:
    """Keys that are at hand: the gateway's own, or a test's."""

    def __init__(self, keys: Mapping[str, jwt.PyJWK]) -> None:
        self.keys = keys

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """Return the key of that id, or None when there is none."""
        return self.keys.get(key_id)


class PublishedKeys:
    """Keys fetched from a key set's address and kept; an unknown id asks again, at most every ten seconds."""

    def __init__(
        self, url: str, client: httpx.AsyncClient | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._monotonic = monotonic
        self._client = client or httpx.AsyncClient(timeout=3.0)
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        """Return the key of that id, or None when the set has none; who needs the running answer waits for it.

        Raises:
            UpstreamUnavailable: If no key set was ever read and it cannot be read now.
        """
        is_known = key_id in self._keys
        if not is_known or (self._is_due(key_id) and not self._asking.locked()):
            async with self._asking:
                if self._is_due(key_id):
                    await self._refresh()
        return self._keys.get(key_id)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _is_due(self, key_id: str) -> bool:
        age = self._monotonic() - self._asked_at
        return age > KEYS_OLD_AFTER_SECONDS or (key_id not in self._keys and age > REFRESH_PAUSE_SECONDS)

    async def _refresh(self) -> None:
        asked_before, self._asked_at = self._asked_at, self._monotonic()
        try:
            answer = await self._client.get(self._url)
            answer.raise_for_status()
            self._keys = read_key_set(answer.json())
        except (httpx.HTTPError, ValueError) as trouble:
            if not self._keys:
                self._asked_at = asked_before
                raise UpstreamUnavailable("the key set cannot be read") from trouble


def read_key_set(document: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    """Return the usable signing keys of a JWKS document; keys of other kinds are passed over."""
    keys = {}
    for each in document.get("keys", ()):
        algorithm = ALGORITHMS.get(each.get("kty", ""))
        if algorithm and each.get("kid") and each.get("alg", algorithm) == algorithm:
            keys[each["kid"]] = jwt.PyJWK(each, algorithm=algorithm)
    return keys


class TokenVerifier:
    """Checks the `Authorization` header and says who calls."""

    def __init__(self, keys: KeySource, *, issuer: str, audience: str, clock: Clock) -> None:
        self.keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._known: dict[str, tuple[Caller, float]] = {}

    async def caller_of(self, authorization: str | None) -> Caller:
        """Return the caller of a bearer token.

        Raises:
            TokenInvalid: If there is no token or anything about it is wrong.
        """
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
            raise TokenInvalid("a bearer token is needed")
        now = self._clock().timestamp()
        known = self._known.get(token)
        if known is not None and now < known[1]:
            return known[0]
        try:
            claims = await self._claims(token.strip(), now)
            return self._remember(token, self._read(claims), now, int(claims["exp"]))
        except (jwt.PyJWTError, ValueError, TypeError) as refusal:
            raise TokenInvalid("the token is not valid or no longer so") from refusal

    def _remember(self, token: str, caller: Caller, now: float, expires: float) -> Caller:
        """Keep a verified token for at most a minute: its signature costs more than all other checks together."""
        if len(self._known) >= MOST_KNOWN_TOKENS:
            self._known.clear()
        self._known[token] = caller, min(expires, now + KNOWN_SECONDS)
        return caller

    async def _claims(self, token: str, now: float) -> Mapping[str, Any]:
        header = jwt.get_unverified_header(token)
        key = await self.keys.key(str(header.get("kid", "")))
        if key is None or header.get("alg") != key.algorithm_name:
            raise jwt.InvalidKeyError
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=self._issuer,
            audience=self._audience,
            options={"require": ["exp", "iss", "aud"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
        if now >= int(claims["exp"]) or now + LEEWAY_SECONDS < int(claims.get("nbf", 0)):
            raise jwt.ExpiredSignatureError
        return claims

    @staticmethod
    def _read(claims: Mapping[str, Any]) -> Caller:
        client_id, scope = claims.get("client_id"), claims.get("scope", "")
        if not isinstance(client_id, str) or not client_id or not isinstance(scope, str):
            raise jwt.InvalidTokenError
        bound = [claims.get(name) for name in ("institution_code", "county", "township")]
        if any(value is not None and not isinstance(value, str) for value in bound):
            raise jwt.InvalidTokenError
        return Caller(client_id, frozenset(scope.split()), *bound)
