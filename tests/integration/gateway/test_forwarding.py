"""Calls through the door to a real service, and what the door keeps out."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.kit.auth import PublishedKeys
from common.kit.clock import utc_now

HOSPITAL = "211381-hospital-1"
SETTLEMENT = "8f14e45f-ceea-5a67-b0de-5a1b2c3d4e5f"
BODY = '{"record_no": "a",  "name":"\\u738b王" }\n'.encode()


@pytest.fixture
async def hospital(suite):
    return await suite.bearer(HOSPITAL)


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


class TestPassOn:
    async def test_carries_body_headers_and_query_byte_for_byte(self, suite, hospital):
        headers = {
            **hospital,
            "Idempotency-Key": "key 1",
            "Accept-Language": "zh-CN",
            "Content-Type": "application/json",
            "X-Request-Id": "desk-7",
            "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
            "Connection": "keep-alive, X-Hop",
            "X-Hop": "1",
        }

        answer = await suite.client.post("/v1/discharges", content=BODY, headers=headers)

        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert (told["sha256"], told["length"]) == (hashlib.sha256(BODY).hexdigest(), len(BODY))
        assert told["headers"]["idempotency-key"] == "key 1"
        assert told["headers"]["x-request-id"] == answer.headers["x-request-id"] == "desk-7"
        assert told["headers"]["traceparent"] == headers["traceparent"]
        assert "x-hop" not in told["headers"]
        assert answer.headers["etag"] == '"1"'
        assert answer.headers.get_list("x-request-id") == ["desk-7"]

    async def test_carries_a_body_of_unannounced_length(self, suite, hospital):
        async def pieces():
            yield BODY[:5]
            yield BODY[5:]

        answer = await suite.client.post("/v1/discharges", content=pieces(), headers=hospital)

        assert answer.json()["length"] == len(BODY)

    async def test_passes_answers_through_as_they_are(self, suite, hospital):
        async with suite.client.stream("GET", f"/v1/settlements/{SETTLEMENT}/slip", headers=hospital) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])

        assert raw == b"\x1f\x8bnot-really-gzip"
        assert answer.headers["content-encoding"] == "gzip"

    async def test_passes_an_empty_answer_through(self, suite, hospital):
        answer = await suite.client.get("/v1/empty", headers=hospital)

        assert (answer.status_code, answer.content) == (204, b"")

    async def test_passes_the_services_refusals_through(self, suite, hospital):
        path = f"/v1/settlements/{SETTLEMENT}/reversal"

        answer = await suite.client.post(path, headers={**hospital, "Accept-Language": "zh"})

        assert answer.status_code == 409
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["code"], answer.json()["detail"]) == ("discharge_already_settled", "该病案已结算")

    async def test_leaves_judging_the_request_to_the_service(self, suite, hospital):
        answer = await suite.client.get(f"/v1/settlements/{SETTLEMENT}?unknown=1", headers=hospital)

        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body")

    @pytest.mark.parametrize("query", [b"?x=%00", b"?x=%zz&&", b"?\xff=\xfe", b"?a b", b"?x=[1]{}|^`"])
    async def test_never_fails_on_a_strange_query(self, suite, hospital, query):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(suite.url.rpartition(":")[2]))
        line = b"GET /v1/settlements/" + SETTLEMENT.encode() + query.replace(b" ", b"+") + b" HTTP/1.1\r\n"
        token = hospital["Authorization"].encode()
        writer.write(line + b"Host: x\r\nConnection: close\r\nAuthorization: " + token + b"\r\n\r\n")

        status = int((await reader.readline()).split()[1])
        writer.close()

        assert 400 <= status < 500

    async def test_refuses_an_address_of_absurd_length(self, suite, hospital):
        answer = await suite.client.get("/v1/empty?" + "x" * 9000, headers=hospital)

        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body")


class TestUnknownAddress:
    @pytest.mark.parametrize("path", ["/", "/v2/x", "/internal/patient", "/v1/settlements/x%2Fslip", "/metrics"])
    async def test_is_a_problem_with_or_without_a_token(self, suite, hospital, path):
        for headers in ({}, hospital):
            answer = await suite.client.get(path, headers=headers)

            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize(
        ("method", "path", "allow"),
        [
            ("GET", "/v1/discharges", "POST"),
            ("DELETE", f"/v1/settlements/{SETTLEMENT}", "GET"),
            ("PUT", "/v1/events", "GET"),
            ("GET", "/oauth/token", "POST"),
            ("PROPFIND", "/v1/discharges", "POST"),
        ],
    )
    async def test_names_the_methods_a_path_answers(self, suite, method, path, allow):
        answer = await suite.client.request(method, path)

        assert (answer.status_code, answer.headers["allow"]) == (405, allow)
        assert answer.json()["code"] == "method_not_allowed"


class TestKeptOut:
    async def test_refuses_too_large_a_body_before_it_asks_who_calls(self, suite):
        async def pieces():
            for _ in range(70):
                yield b"x" * 1024

        announced = await suite.client.post("/v1/discharges", content=b"x" * 70_000)
        unannounced = await suite.client.post("/v1/discharges", content=pieces())

        for answer in (announced, unannounced):
            assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")

    async def test_refuses_a_token_of_another_scope(self, suite):
        answer = await suite.client.post("/v1/discharges", headers=await suite.bearer("211381-subscriber"))

        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")

    async def test_gives_the_same_answer_to_every_token_that_is_not_good(self, suite, hospital):
        good = hospital["Authorization"][7:]
        header, claims = jwt.get_unverified_header(good), jwt.decode(good, options={"verify_signature": False})
        own_key = Ed25519PrivateKey.generate()
        public = (await suite.client.get("/.well-known/jwks.json")).json()["keys"][0]["x"]

        def signed(changes=None, *, key=own_key, algorithm="EdDSA", **headers):
            told = {**claims, **(changes or {})}
            return jwt.encode(told, key, algorithm=algorithm, headers={"kid": header["kid"], **headers})

        async def ours(**changes):
            keys = suite.app.state.door.issuer.keys
            return await keys.sign({**claims, **changes})

        first, _, last = good.split(".")
        past = int((utc_now() - timedelta(minutes=1)).timestamp())
        unsigned = f"{encoded({'alg': 'none', 'kid': header['kid']})}.{encoded(claims)}."
        tokens = {
            "forged by another key": signed(),
            "unsigned": unsigned,
            "signed with the public key as a secret": signed(key=public.ljust(64, "x"), algorithm="HS256"),
            "of an unknown key": signed(kid="unknown"),
            "changed": good[:-8] + "AAAAAAAA",
            "more scopes written in": f"{first}.{encoded({**claims, 'scope': 'his operator'})}.{last}",
            "expired": await ours(exp=past),
            "of another audience": await ours(aud="somebody-else"),
            "of another issuer": await ours(iss="somebody-else"),
            "not yet good": await ours(nbf=int(utc_now().timestamp()) + 3600),
            "without client": await ours(client_id=""),
            "no token": "x",
            "far too long": "x" * 9000,
        }

        answers = {
            name: await suite.client.get("/v1/empty", headers={"Authorization": f"Bearer {t}"})
            for name, t in tokens.items()
        }
        answers["not bearer"] = await suite.client.get("/v1/empty", headers={"Authorization": f"Basic {good}"})
        answers["nothing"] = await suite.client.get("/v1/empty")

        told = {name: (answer.status_code, answer.json()["code"]) for name, answer in answers.items()}
        assert told == dict.fromkeys(answers, (401, "token_invalid"))
        assert all(answer.headers["www-authenticate"] == "Bearer" for answer in answers.values())

    async def test_checks_the_token_again_in_the_service(self, suite, hospital, monkeypatch):
        async def nothing(_self, _key_id):
            return None

        monkeypatch.setattr(PublishedKeys, "key", nothing)

        answer = await suite.client.get("/v1/empty", headers=hospital)

        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


class TestPublicCall:
    async def test_is_passed_on_without_a_token_and_fills_no_audit_record(self, suite):
        answer = await suite.client.get("/v1/slips/ABC")
        entries = (await suite.client.get("/v1/audit", headers=await suite.bearer("operator"))).json()["items"]

        assert (answer.status_code, answer.json()["code"]) == (200, "ABC")
        assert "/v1/slips/{code}" not in {each["route"] for each in entries}

    async def test_counts_against_the_address_it_comes_from(self, start_suite):
        suite = await start_suite(calls_per_second=2)

        answers = await asyncio.gather(*(suite.client.get("/v1/slips/ABC") for _ in range(8)))

        assert {answer.status_code for answer in answers} == {200, 429}
        assert (await suite.client.get("/v1/empty", headers=await suite.bearer(HOSPITAL))).status_code == 204

    async def test_opens_no_other_method_or_path(self, suite):
        answers = [
            await suite.client.post("/v1/slips/ABC", json={}),
            await suite.client.get("/v1/slips/ABC/more"),
            await suite.client.get("/v1/slips/../empty"),
            await suite.client.get("/v1/empty"),
        ]

        assert [answer.status_code for answer in answers] == [405, 404, 401, 401]


class TestRateLimit:
    async def test_sends_one_client_away_and_lets_the_others_call(self, start_suite):
        suite = await start_suite(calls_per_second=2)
        hospital, other = await suite.bearer(HOSPITAL), await suite.bearer("211381-hospital-2")

        answers = await asyncio.gather(*(suite.client.get("/v1/empty", headers=hospital) for _ in range(8)))

        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert (refused[0].json()["code"], refused[0].headers["retry-after"]) == ("rate_limited", "1")
        assert (await suite.client.get("/v1/empty", headers=other)).status_code == 204

    async def test_counts_the_gateways_own_calls_too(self, start_suite):
        suite = await start_suite(calls_per_second=2)
        headers = await suite.bearer("211381-subscriber")

        answers = await asyncio.gather(*(suite.client.get("/v1/events", headers=headers) for _ in range(8)))

        assert 429 in {answer.status_code for answer in answers}


class TestSilentService:
    async def test_is_told_as_unknown_with_the_way_to_repeat(self, start_suite):
        suite = await start_suite(upstream_seconds=0.3)

        answer = await suite.client.get("/v1/slow", headers=await suite.bearer(HOSPITAL))

        assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")
        assert answer.headers["retry-after"] == "2"
        assert "same Idempotency-Key" in answer.json()["detail"]
        assert "settled" not in answer.text

    async def test_is_the_same_when_nobody_listens(self, suite, hospital):
        suite.app.state.door.upstreams._addresses["settlement"] = "http://127.0.0.1:1"

        answer = await suite.client.post("/v1/discharges", content=BODY, headers={**hospital, "Accept-Language": "zh"})

        assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")
        assert "Idempotency-Key" in answer.json()["detail"]


class TestDocuments:
    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("/openapi.json", "application/json"),
            ("/asyncapi.json", "application/json"),
            ("/docs", "text/html; charset=utf-8"),
            ("/schemas/settlement.discharge_settled.v1.json", "application/schema+json"),
            ("/.well-known/jwks.json", "application/json"),
        ],
    )
    async def test_are_readable_without_a_token(self, door, path, kind):
        answer = await door.client.get(path)

        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)

    async def test_tell_the_service_and_the_scopes_of_every_call(self, suite):
        document = (await suite.client.get("/openapi.json")).json()

        call = document["paths"]["/v1/discharges"]["post"]
        assert (call["x-service"], call["x-scopes"]) == ("settlement", ["his"])
        assert "/internal/patient" not in document["paths"]

    async def test_know_no_schema_of_an_unknown_type(self, door):
        answer = await door.client.get("/schemas/nobody.said.v1.json")

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
