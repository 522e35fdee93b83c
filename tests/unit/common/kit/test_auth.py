"""Tokens: who is let in, who is not, and what a caller may call its own."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.kit import auth
from common.kit.auth import (
    UNNAMED,
    Caller,
    FixedKeys,
    NotYours,
    PublishedKeys,
    TokenInvalid,
    TokenVerifier,
    read_key_set,
    require_own,
)
from common.kit.problems import UpstreamUnavailable
from common.kit.testing import KEY_ID, a_token, verifier_for_tests

NOW = datetime(2016, 9, 12, 2, 0, tzinfo=UTC)


def verifier() -> TokenVerifier:
    return verifier_for_tests(lambda: NOW)


def changed(token: str, **claims: object) -> str:
    head, body, signature = token.split(".")
    read = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    written = base64.urlsafe_b64encode(json.dumps(read | claims).encode()).decode().rstrip("=")
    return f"{head}.{written}.{signature}"


class TestCallerOf:
    async def test_reads_the_caller_out_of_a_good_token(self) -> None:
        token = a_token("his identity:read", client_id="h1", institution_code="H1", county="211381", now=NOW)

        caller = await verifier().caller_of(f"Bearer {token}")

        assert caller == Caller("h1", frozenset({"his", "identity:read"}), "H1", "211381", None)

    @pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer x", "Bearer a.b.c", "字"])
    async def test_refuses_what_is_no_token(self, header: str | None) -> None:
        with pytest.raises(TokenInvalid):
            await verifier().caller_of(header)

    @pytest.mark.parametrize(
        "token",
        [
            a_token("his", now=NOW - timedelta(hours=3)),
            a_token("his", now=NOW, issuer="somebody"),
            a_token("his", now=NOW, audience="somebody"),
            a_token("his", now=NOW, key=Ed25519PrivateKey.generate()),
            a_token("his", now=NOW, client_id=""),
            changed(a_token("his", now=NOW), scope="operator"),
            "x" * 9000,
        ],
        ids=["expired", "issuer", "audience", "foreign key", "nameless", "changed", "endless"],
    )
    async def test_refuses_a_token_that_is_expired_forged_or_meant_for_others(self, token: str) -> None:
        with pytest.raises(TokenInvalid):
            await verifier().caller_of(f"Bearer {token}")

    async def test_refuses_a_token_it_knew_as_soon_as_it_expires(self) -> None:
        now = [NOW]
        checking = verifier_for_tests(lambda: now[0])
        header = f"Bearer {a_token('his', now=NOW, lifetime=timedelta(seconds=30))}"
        first = await checking.caller_of(header)

        again = await checking.caller_of(header)
        now[0] += timedelta(seconds=30)

        assert again is first
        with pytest.raises(TokenInvalid):
            await checking.caller_of(header)

    @pytest.mark.parametrize("algorithm", ["none", "HS256"])
    async def test_refuses_an_algorithm_the_key_was_not_made_for(self, algorithm: str) -> None:
        claims = {"iss": "yizhan", "aud": "yizhan", "exp": NOW + timedelta(minutes=1), "scope": "his", "client_id": "x"}
        key = "" if algorithm == "none" else "a secret that is long enough for HMAC-SHA-256"
        token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": KEY_ID})

        with pytest.raises(TokenInvalid):
            await verifier().caller_of(f"Bearer {token}")

    @pytest.mark.parametrize("claims", [{"scope": 5}, {"county": 211381}, {"client_id": None}, {"exp": "soon"}])
    async def test_refuses_claims_of_the_wrong_type(self, claims: dict[str, Any]) -> None:
        key = Ed25519PrivateKey.generate()
        good = {"iss": "yizhan", "aud": "yizhan", "exp": NOW + timedelta(minutes=1), "scope": "his", "client_id": "x"}
        token = jwt.encode(good | claims, key, algorithm="EdDSA", headers={"kid": "k"})
        public = jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
        keys = FixedKeys({"k": jwt.PyJWK(public, algorithm="EdDSA")})

        with pytest.raises(TokenInvalid):
            await TokenVerifier(keys, issuer="yizhan", audience="yizhan", clock=lambda: NOW).caller_of(
                f"Bearer {token}"
            )


class KeySetServer:
    """Stands in for the gateway's key set; counts how often it is asked."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.asked = 0
        self.is_away = False

    def add(self, key_id: str) -> None:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key(), as_dict=True)
        self.keys.append({**public, "kid": key_id, "alg": "RS256"})

    def answer(self, _request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(503) if self.is_away else httpx.Response(200, json={"keys": self.keys})

    def source(self, seconds: list[float] | None = None) -> PublishedKeys:
        clock = seconds or [0.0]
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        return PublishedKeys("http://gateway/.well-known/jwks.json", client, lambda: clock[0])


class TestPublishedKeys:
    async def test_asks_once_for_many_calls(self) -> None:
        server = KeySetServer()
        server.add("a")
        keys = server.source()

        found = [await keys.key("a") for _ in range(5)]

        assert all(found)
        assert server.asked == 1
        await keys.close()

    async def test_calls_at_the_same_time_all_wait_for_the_first_answer(self) -> None:
        server = KeySetServer()
        server.add("a")
        keys = server.source()

        found = await asyncio.gather(*(keys.key("a") for _ in range(5)))

        assert all(found)
        assert server.asked == 1
        await keys.close()

    async def test_learns_a_new_key_but_does_not_ask_for_every_unknown_one(self) -> None:
        server, seconds = KeySetServer(), [0.0]
        server.add("a")
        keys = server.source(seconds)
        await keys.key("a")
        server.add("b")

        at_once = [await keys.key("b") for _ in range(5)]
        seconds[0] += auth.REFRESH_PAUSE_SECONDS + 1
        later = await keys.key("b")

        assert at_once == [None] * 5
        assert later is not None
        assert server.asked == 2

    async def test_keeps_its_keys_while_the_gateway_is_away(self) -> None:
        server, seconds = KeySetServer(), [0.0]
        server.add("a")
        keys = server.source(seconds)
        await keys.key("a")
        server.is_away = True
        seconds[0] += auth.KEYS_OLD_AFTER_SECONDS + 1

        assert await keys.key("a") is not None
        assert server.asked == 2

    async def test_says_so_when_no_key_was_ever_read(self) -> None:
        server = KeySetServer()
        server.is_away = True

        with pytest.raises(UpstreamUnavailable):
            await server.source().key("a")


class TestReadKeySet:
    def test_passes_over_keys_it_does_not_sign_with(self) -> None:
        server = KeySetServer()
        server.add("good")
        other = {**server.keys[0], "kid": "other", "alg": "RS512"}

        assert set(read_key_set({"keys": [*server.keys, other, {"kty": "oct", "kid": "x"}, {"kty": "RSA"}]})) == {
            "good"
        }


HOSPITAL = Caller("h", frozenset({"his"}), institution_code="H1", county="211381")
TOWN = Caller("t", frozenset({"contracts"}), county="211381", township="211381001")
BUREAU = Caller("b", frozenset({"funds"}), county="211381")
SERVICE = Caller("s", frozenset({"service:contracts"}))
UNBOUND = Caller("u", frozenset({"funds"}))


class TestRequireOwn:
    @pytest.mark.parametrize(
        ("caller", "named"),
        [
            (HOSPITAL, {"institution_code": "H1"}),
            (HOSPITAL, {"institution_code": "H1", "county": "522632"}),
            (TOWN, {"township": "211381001"}),
            (TOWN, {"county": "211381"}),
            (BUREAU, {"county": "211381"}),
            (BUREAU, {"county": "211381", "institution_code": "H2"}),
            (BUREAU, {"township": "211381002"}),
            (BUREAU, {"county": "211381", "township": None}),
            (SERVICE, {"county": "522632"}),
        ],
    )
    def test_lets_pass_what_is_the_callers(self, caller: Caller, named: dict[str, str | None]) -> None:
        require_own(
            caller,
            institution_code=named.get("institution_code", UNNAMED),
            county=named.get("county", UNNAMED),
            township=named.get("township", UNNAMED),
        )

    @pytest.mark.parametrize(
        ("caller", "named"),
        [
            (HOSPITAL, {"institution_code": "H2"}),
            (HOSPITAL, {"county": "211381"}),
            (HOSPITAL, {"institution_code": None}),
            (TOWN, {"township": "211381002"}),
            (TOWN, {"county": "211381", "township": None}),
            (TOWN, {"county": "522632"}),
            (BUREAU, {"county": "522632"}),
            (BUREAU, {"township": "522632001"}),
            (BUREAU, {"county": None}),
            (BUREAU, {"institution_code": "H1"}),
            (UNBOUND, {"county": "211381"}),
            (UNBOUND, {}),
        ],
    )
    def test_refuses_what_is_somebody_elses(self, caller: Caller, named: dict[str, str | None]) -> None:
        with pytest.raises(NotYours):
            require_own(
                caller,
                institution_code=named.get("institution_code", UNNAMED),
                county=named.get("county", UNNAMED),
                township=named.get("township", UNNAMED),
            )
