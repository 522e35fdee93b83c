"""Every route with every role: no token, a token that is none, and each scope; at the gateway and past it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.kit.clock import utc_now
from gateway.domain.client import Client
from tests.authority.rules import HEALTH, RULES, SCOPES, Rule
from tests.conftest import Door

JSON = {"Content-Type": "application/json", "Idempotency-Key": "authority"}
CLIENTS = {
    "his": "211381-hospital-1",
    "identity:read": "211381-bureau-identity",
    "identity:write": "211381-bureau-identity",
    "contracts": "211381-bureau-contracts",
    "monitoring": "211381-bureau-monitoring",
    "funds": "211381-bureau-funds",
    "events": "211381-subscriber",
    "events:diagnosis": "diagnosis-only",
    "operator": "operator",
    "service:identity": "service-identity",
    "service:settlement": "service-settlement",
}


@pytest.fixture(scope="module")
def tokens(door: Door) -> dict[str, str]:
    """Scope to a token that the gateway gave for that scope alone."""
    door.make_client(Client("diagnosis-only", frozenset({"events:diagnosis"}), county="211381"))
    return {scope: door.token(CLIENTS[scope], scope) for scope in SCOPES}


@pytest.fixture(scope="module")
def no_tokens(door: Door) -> dict[str, str | None]:
    """What is no good token, each as the `Authorization` header or None; every one names the widest scopes."""
    every = " ".join(SCOPES)
    good = door.signed(scope=every)
    head, claims, signature = good.split(".")
    wider = _part(json.loads(_opened(claims)) | {"scope": every + " more"})
    key_id = jwt.get_unverified_header(good)["kid"]
    stranger = Ed25519PrivateKey.generate()
    said = json.loads(_opened(claims))
    now = utc_now()
    bad = {
        "expired": door.signed(scope=every, exp=int((now - timedelta(seconds=1)).timestamp())),
        "not yet good": door.signed(scope=every, nbf=int((now + timedelta(minutes=5)).timestamp())),
        "of another issuer": door.signed(scope=every, iss="somebody"),
        "for another audience": door.signed(scope=every, aud="somebody"),
        "without an end": door.signed(scope=every, exp=None),
        "of no client": door.signed(scope=every, client_id=None),
        "widened": f"{head}.{wider}.{signature}",
        "cut": good[:-4],
        "unsigned": f"{_part({'alg': 'none', 'kid': key_id})}.{claims}.",
        "signed by a stranger": jwt.encode(said, stranger, algorithm="EdDSA", headers={"kid": key_id}),
        "signed by an unknown key": jwt.encode(said, stranger, algorithm="EdDSA", headers={"kid": "unknown"}),
        "signed with the public key": jwt.encode(
            said, key_id.ljust(32, "="), algorithm="HS256", headers={"kid": key_id}
        ),
        "no token at all": "word",
    }
    return {
        "none": None,
        "empty": "Bearer",
        "basic": "Basic " + base64.b64encode(b"operator:secret").decode(),
        **{what: f"Bearer {token}" for what, token in bad.items()},
    }


def test_the_token_that_the_bad_ones_are_made_of_would_be_good(door: Door) -> None:
    token = door.signed(scope="operator")

    assert door.call("GET", "/v1/audit", headers={"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize("past_the_gateway", [False, True], ids=["at the gateway", "past the gateway"])
class TestEveryRoute:
    def test_refuses_whoever_has_no_good_token(
        self, door: Door, no_tokens: dict[str, str | None], *, past_the_gateway: bool
    ) -> None:
        asked, faults = 0, []
        for what, rule, url in _routes(door, past_the_gateway=past_the_gateway):
            for kind, header in no_tokens.items():
                asked += 1
                answer = _ask(door, what, url, {} if header is None else {"Authorization": header})
                wanted = _wanted_without_token(rule, past_the_gateway=past_the_gateway)
                faults += [f"{what}, {kind}: {fault}" for fault in _faults(answer, wanted)]

        assert faults == []
        assert asked > 400

    def test_lets_in_the_scopes_of_the_table_and_no_other(
        self, door: Door, tokens: dict[str, str], *, past_the_gateway: bool
    ) -> None:
        asked, faults = 0, []
        for what, rule, url in _routes(door, past_the_gateway=past_the_gateway):
            for scope, token in tokens.items():
                asked += 1
                answer = _ask(door, what, url, {"Authorization": f"Bearer {token}"})
                wanted = _wanted_with_scope(rule, scope, past_the_gateway=past_the_gateway)
                faults += [f"{what}, {scope}: {fault}" for fault in _faults(answer, wanted)]

        assert faults == []
        assert asked > 300


class TestTheGateway:
    def test_has_nothing_of_a_service_s_inside(self, door: Door, tokens: dict[str, str]) -> None:
        inside = ["/internal/discharges/x/patient", "/internal/", "/metrics", "/v1/discharges/../../internal/x"]

        answers = [
            door.call("GET", path, headers={"Authorization": f"Bearer {token}"})
            for path in [*inside, "/%69nternal/discharges/x/patient", "/v1/..%2finternal/x"]
            for token in tokens.values()
        ]

        assert {(each.status_code, each.json()["code"]) for each in answers} == {(404, "not_found")}

    def test_tells_its_health_to_everybody(self, door: Door) -> None:
        assert {door.call("GET", what.split()[1]).status_code for what in HEALTH} == {200}


def test_a_revoked_client_s_token_is_good_no_longer(door: Door) -> None:
    """The services believe a token until it ends (ten minutes); the door knows who was revoked within seconds."""
    door.make_client(Client("soon-revoked", frozenset({"operator"})))
    header = door.bearer("soon-revoked")
    assert door.call("GET", "/v1/audit", headers=header).status_code == 200

    door.revoke_client("soon-revoked")

    door.until(lambda: door.call("GET", "/v1/audit", headers=header).status_code == 401)
    refused = door.call(
        "POST", "/oauth/token", data={"grant_type": "client_credentials"}, auth=door.credentials("soon-revoked")
    )
    assert (refused.status_code, refused.json()["code"]) == (401, "client_invalid")


def _routes(door: Door, *, past_the_gateway: bool) -> Iterator[tuple[str, Rule, str]]:
    """Yield every call of the table with the address to make it at; ids are unknown ones."""
    for what, rule in RULES.items():
        path = "/".join(str(uuid4()) if part.startswith("{") else part for part in what.split()[1].split("/"))
        path = path.replace("{event_type}", "unknown")
        yield what, rule, door.addresses[rule.service] + path if past_the_gateway else path


def _ask(door: Door, what: str, url: str, headers: dict[str, str]) -> httpx.Response:
    method = what.split(maxsplit=1)[0]
    content = b"{}" if method == "POST" else None
    return door.call(method, url, content=content, headers=JSON | headers if content else headers)


Wanted = tuple[int, str] | None
"""Status and code; None for anything that is neither a refusal of the caller nor our own fault."""


def _wanted_without_token(rule: Rule, *, past_the_gateway: bool) -> Wanted:
    if not rule.is_outward and not past_the_gateway:
        return 404, "not_found"
    return (401, "token_invalid") if rule.scopes else None


def _wanted_with_scope(rule: Rule, scope: str, *, past_the_gateway: bool) -> Wanted:
    if not rule.is_outward and not past_the_gateway:
        return 404, "not_found"
    return None if not rule.scopes or scope in rule.scopes else (403, "scope_missing")


def _faults(answer: httpx.Response, wanted: Wanted) -> Iterator[str]:
    is_problem = answer.headers.get("Content-Type") == "application/problem+json"
    told = answer.json() if is_problem else {}
    if answer.is_error and not (
        is_problem and {"type", "title", "detail"} <= told.keys() and told["status"] == answer.status_code
    ):
        yield f"no problem document: {answer.status_code} {answer.text[:200]}"
    found = answer.status_code, told.get("code", "")
    if wanted is None and (answer.status_code >= 500 or found[1] in {"token_invalid", "scope_missing"}):
        yield f"is told {found}"
    if wanted is not None and found != wanted:
        yield f"is told {found} instead of {wanted}"


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _opened(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
