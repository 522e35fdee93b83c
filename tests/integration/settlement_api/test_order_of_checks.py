"""Who may do what, and in which order a request is judged: 413, 401, 403 scope, 415, 422, 400, 403 foreign, rules."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.kit.clock import utc_now
from common.kit.testing import a_token, bearer
from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import (
    HOSPITAL,
    OTHER_HOSPITAL,
    UNLISTED,
    a_bill,
    a_person,
    a_stay,
    refusal_of,
)

TOO_LARGE = b'{"record_no": "' + b"x" * (8 * 1024 * 1024) + b'"}'
JSON = {"Content-Type": "application/json"}
READS = (
    "/v1/settlements",
    f"/v1/settlements/{uuid4()}",
    f"/v1/settlements/{uuid4()}/slip",
    f"/v1/settlements/{uuid4()}/trace",
)
POSTS = {
    "/v1/discharges": a_stay(),
    "/v1/discharges/preview": a_stay(),
    "/v1/reversals": {"record_no": "R1", "reason": "录错"},
    f"/v1/settlements/{uuid4()}/reversal": {"reason": "录错"},
    "/v1/entitlements/check": a_person().at_the_counter(county="211381", institution_code=HOSPITAL, on="2016-09-12"),
    "/v1/openings": {},
}


def _own(scope: str = "his", **claims: Any) -> str:
    return a_token(scope, client_id="h", institution_code=HOSPITAL, county="211381", **claims)


def _unsigned() -> str:
    claims = jwt.decode(_own(), options={"verify_signature": False})
    return jwt.encode(claims, None, algorithm="none")


def _bad_tokens() -> dict[str, str | None]:
    good = _own()
    head, body, signature = good.split(".")
    return {
        "none": None,
        "empty": "",
        "no scheme": good,
        "other scheme": f"Basic {good}",
        "two tokens": f"Bearer {good} {good}",
        "no token": "Bearer ",
        "no JWT": "Bearer abc",
        "not ASCII": "Bearer \u00ff\u00fe",
        "expired": f"Bearer {_own(now=utc_now() - timedelta(hours=4))}",
        "forged": f"Bearer {_own(key=Ed25519PrivateKey.generate())}",
        "altered": f"Bearer {head}.{body[:-4]}AAAA.{signature}",
        "cut": f"Bearer {head}.{body}.",
        "unsigned": f"Bearer {_unsigned()}",
        "other issuer": f"Bearer {_own(issuer='somebody')}",
        "other audience": f"Bearer {_own(audience='somebody')}",
        "huge": "Bearer " + "a" * 20_000,
    }


async def test_a_token_that_is_not_ours_or_no_longer_valid_opens_nothing(window: Window) -> None:
    stored = await window.row_counts()
    wrong = {}

    for name, token in _bad_tokens().items():
        headers = {} if token is None else {"Authorization": token.encode("latin-1")}
        answers = {path: await window.client.get(path, headers=headers) for path in READS}
        for path, body in POSTS.items():
            answers[path] = await window.client.post(path, json=body, headers=headers | {"Idempotency-Key": b"k"})
        told = {path: refusal_of(each) for path, each in answers.items()}
        wrong |= {f"{name} {path}": each for path, each in told.items() if each != (401, "token_invalid")}

    assert wrong == {}
    assert await window.row_counts() == stored


async def test_a_token_of_another_scope_opens_nothing(window: Window) -> None:
    stored = await window.row_counts()
    readers, posters = {"his", "funds"}, {"/v1/openings": "funds"}

    for scope in ("his", "funds", "identity:read", "contracts", "monitoring", "events", "operator", "service:identity"):
        headers = bearer(scope, institution_code=HOSPITAL, county="211381") | {"Idempotency-Key": "k"}
        if scope not in readers:
            for path in READS:
                assert refusal_of(await window.client.get(path, headers=headers)) == (403, "scope_missing")
        for path, body in POSTS.items():
            if scope != posters.get(path, "his"):
                answer = await window.client.post(path, json=body, headers=headers)
                assert refusal_of(answer) == (403, "scope_missing"), (scope, path)
    assert await window.row_counts() == stored


async def test_a_body_above_the_limit_is_refused_before_the_token_is_asked_for(window: Window) -> None:
    stored = await window.row_counts()

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(TOO_LARGE), 1 << 20):
            yield TOO_LARGE[start : start + (1 << 20)]

    for headers in ({}, window.hospital(HOSPITAL) | {"Idempotency-Key": "k"}):
        whole = await window.client.post("/v1/discharges", content=TOO_LARGE, headers=headers | JSON)
        pieces = await window.client.post("/v1/discharges", content=in_pieces(), headers=headers | JSON)
        assert [refusal_of(each) for each in (whole, pieces)] == [(413, "body_too_large")] * 2
    assert await window.row_counts() == stored


async def test_each_check_comes_before_the_ones_behind_it(window: Window) -> None:
    stored = await window.row_counts()
    foreign = a_stay(institution_code=OTHER_HOSPITAL)
    good, malformed = json.dumps(a_stay()).encode(), b'{"record_no": 7}'
    own, keyed = window.hospital(HOSPITAL), {"Idempotency-Key": "k"}
    other_scope = bearer("funds", county="211381")
    cases = [
        (b"<xml/>", {"Content-Type": "text/xml"}, (401, "token_invalid")),
        (b"<xml/>", other_scope | {"Content-Type": "text/xml"}, (403, "scope_missing")),
        (malformed, other_scope | JSON, (403, "scope_missing")),
        (b"<xml/>", own | {"Content-Type": "text/xml"}, (415, "media_type_unsupported")),
        (good, own | {"Content-Type": "text/plain"}, (415, "media_type_unsupported")),
        (good, own | {"Content-Type": "application/x-www-form-urlencoded"}, (415, "media_type_unsupported")),
        (malformed, own | JSON, (422, "malformed_body")),
        (json.dumps(foreign).encode(), own | JSON, (400, "idempotency_key_missing")),
        (json.dumps(foreign).encode(), own | JSON | keyed, (403, "not_yours")),
        (json.dumps(foreign | {"bill": a_bill("1", total_fen=5)}).encode(), own | JSON | keyed, (403, "not_yours")),
        (json.dumps(foreign | {"county": "999999"}).encode(), own | JSON | keyed, (403, "not_yours")),
        (json.dumps(a_stay(institution_code=UNLISTED)).encode(), own | JSON | keyed, (403, "not_yours")),
        (json.dumps(a_stay(county="999999")).encode(), own | JSON | keyed, (409, "county_unknown")),
    ]

    for content, headers, expected in cases:
        answer = await window.client.post("/v1/discharges", content=content, headers=headers)
        assert refusal_of(answer) == expected, (content[:80], headers.keys())
    assert await window.row_counts() == stored


async def test_a_charset_beside_json_is_taken(window: Window) -> None:
    headers = window.hospital(HOSPITAL) | {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": "k"}

    answer = await window.client.post("/v1/discharges", content=json.dumps(a_stay()).encode(), headers=headers)

    assert answer.status_code == 201


async def test_naming_a_foreign_institution_is_refused_and_guessing_an_id_finds_nothing(window: Window) -> None:
    settled = await window.settle()
    stored = await window.row_counts()
    own, other = window.hospital(HOSPITAL), window.hospital(OTHER_HOSPITAL)
    foreign = a_stay(institution_code=OTHER_HOSPITAL)

    named = [
        await window.post("/v1/discharges", foreign, own),
        await window.post("/v1/discharges/preview", foreign, own, key=""),
        await window.post("/v1/entitlements/check", POSTS["/v1/entitlements/check"], other, key=""),
        await window.get("/v1/settlements", own, institution_code=OTHER_HOSPITAL),
    ]
    path = f"/v1/settlements/{settled['settlement_id']}"
    guessed = [await window.get(path + part, other) for part in ("", "/slip", "/trace")]
    guessed.append(await window.post(f"{path}/reversal", {"reason": "录错"}, other))

    assert [refusal_of(each) for each in named] == [(403, "not_yours")] * 4
    assert [refusal_of(each) for each in guessed] == [(404, "not_found")] * 4
    assert await window.row_counts() == stored


async def test_a_hospital_s_token_without_institution_touches_nothing(window: Window) -> None:
    settled = await window.settle()
    stored = await window.row_counts()
    unbound = bearer("his", client_id="unbound")
    bodies = POSTS | {f"/v1/settlements/{settled['settlement_id']}/reversal": {"reason": "录错"}}

    for path, body in bodies.items():
        status, _ = refusal_of(await window.post(path, body, unbound))
        assert status in {403, 404}, path
    for path in ("/v1/settlements", f"/v1/settlements/{settled['settlement_id']}"):
        assert refusal_of(await window.get(path, unbound))[0] in {403, 404}
    assert await window.row_counts() == stored


async def test_unknown_addresses_and_methods_are_problems_too(window: Window) -> None:
    own = window.hospital(HOSPITAL)

    unknown = await window.get("/v1/nothing", own)
    method = await window.client.delete("/v1/settlements", headers=own)

    assert refusal_of(unknown) == (404, "not_found")
    assert refusal_of(method)[0] == 405


async def test_request_id_and_trace_are_taken_or_made_and_travel_with_the_event(window: Window) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    taken = await window.discharge(a_stay(), **{"X-Request-Id": "req-1", "traceparent": trace})
    made = await window.discharge(a_stay())

    assert taken.headers["x-request-id"] == "req-1"
    assert made.headers["x-request-id"]
    assert taken.headers["traceparent"].split("-")[1] == trace.split("-")[1]
    headers = await window.sql("SELECT headers::text FROM outbox_event ORDER BY log_id LIMIT 1")
    assert json.loads(headers[0][0])["ce_correlationid"] == "req-1"
    assert trace.split("-")[1] in headers[0][0]
