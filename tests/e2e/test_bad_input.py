"""Whatever comes in wrong is a problem document with a stable code within five seconds, and nothing is stored."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from common.kit.clock import china_date, utc_now
from local.booted import Suite
from local.chain_patient import Patient
from local.outside_client import OutsideClient, read_clients

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.parametrize("suite", ["embedded"], indirect=True, scope="session"),  # No broker sees what is refused.
]

AsClient = Callable[[str], OutsideClient]
PickPatient = Callable[[], Awaitable[Patient]]
Change = Callable[[dict[str, Any]], object]
PATH = "/v1/discharges"
JSON = {"Content-Type": "application/json"}
WITHIN_SECONDS = 5.0
TOMORROW = str(china_date(utc_now()) + timedelta(days=1))


def put(*where: str, value: object) -> Change:
    """Return a change that sets one field."""

    def change(body: dict[str, Any]) -> None:
        inner = body
        for name in where[:-1]:
            inner = inner[name]
        inner[where[-1]] = value

    return change


def check_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code, answer.text
    assert problem["status"] == status
    assert problem["type"]
    assert problem["title"]
    assert problem["detail"]
    assert answer.elapsed.total_seconds() < WITHIN_SECONDS
    return problem


FORM = {
    "wrong type": put("record_no", value=5),
    "missing field": lambda body: body.pop("record_no"),
    "unknown field": put("surprise", value=1),
    "unknown inner field": put("bill", "surprise", value=1),
    "negative amount": put("bill", "own_expense_fen", value=-1),
    "fraction of a fen": put("bill", "own_expense_fen", value=0.5),
    "amount as text": put("bill", "own_expense_fen", value="1"),
    "over-large amount": put("bill", "total_fen", value=10**20),
    "30 February": put("discharged_on", value="2026-02-30"),
    "date with time": put("discharged_on", value="2026-02-03T00:00:00"),
    "NUL": put("patient", "name", value="王\x00某"),
    "lone surrogate": put("patient", "name", value="\ud800"),
    "long text": put("patient", "name", value="王" * 201),
    "no diagnosis": put("diagnoses", value=[]),
    "unknown visit type": put("visit_type", value="visit"),
    "county that is none": put("county", value="21138"),
    "null patient": put("patient", value=None),
}
RULES = {
    "amounts that do not add up": (put("bill", "total_fen", value=1), 422, "bill_inconsistent"),
    "discharge before admission": (put("admitted_on", value=TOMORROW), 422, "dates_impossible"),
    "discharge in the future": (put("discharged_on", value=TOMORROW), 422, "dates_impossible"),
    "citizen number": (put("patient", "citizen_id", value="211381196503150012"), 422, "citizen_id_invalid"),
    "unknown county": (put("county", value="999999"), 409, "county_unknown"),
    "institution of another county": (put("county", value="522632"), 409, "institution_not_listed"),
    "foreign institution": (put("institution_code", value="H52263200001"), 403, "not_yours"),
    "day without a policy": (
        lambda body: body.update(admitted_on="2012-01-01", discharged_on="2012-01-02"),
        409,
        "policy_not_in_force",
    ),
}
BODIES = {
    "no JSON": b"{",
    "nothing": b"",
    "a list": b"[]",
    "NaN": b'{"bill": {"total_fen": NaN}}',
    "infinity": b'{"bill": {"total_fen": -Infinity}}',
    "huge number": b'{"bill": {"total_fen": 1e999}}',
    "absurdly long number": b'{"bill": {"total_fen": ' + b"9" * 5000 + b"}}",
    "duplicate member": b'{"record_no": "a", "record_no": "b"}',
    "deep nesting": b'{"lines": ' + b"[" * 100 + b"]" * 100 + b"}",
    "invalid UTF-8": b'{"record_no": "\xff\xfe"}',
    "NUL byte": b'{"record_no": "a\x00"}',
}


class TestDischarge:
    @pytest.mark.parametrize("change", FORM.values(), ids=FORM.keys())
    async def test_of_a_wrong_form_is_told_where_and_stored_nowhere(
        self, as_client: AsClient, pick_patient: PickPatient, change: Change
    ) -> None:
        hospital, body = as_client("211381-hospital-1"), (await pick_patient()).request
        record_no = body["record_no"]
        change(body)

        answer = await _send(hospital, json.dumps(body).encode())

        problem = check_problem(answer, 422, "malformed_body")
        assert all(set(error) >= {"pointer", "code", "detail"} for error in problem["errors"])
        assert problem["errors"]
        assert (await hospital.get("/v1/settlements", record_no=record_no))["count"] == 0

    @pytest.mark.parametrize(("change", "status", "code"), RULES.values(), ids=RULES.keys())
    async def test_against_the_rules_is_refused_under_its_code_and_the_key_stays_free(
        self, as_client: AsClient, pick_patient: PickPatient, change: Change, status: int, code: str
    ) -> None:
        hospital, good = as_client("211381-hospital-1"), (await pick_patient()).request
        bad = json.loads(json.dumps(good))
        change(bad)
        key = f"bad-{good['record_no']}"

        refused = await _send(hospital, json.dumps(bad).encode(), key=key)
        settled = await _send(hospital, json.dumps(good).encode(), key=key)

        check_problem(refused, status, code)
        assert settled.status_code == 201

    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
    async def test_that_is_no_sound_json_is_a_malformed_body(self, as_client: AsClient, body: bytes) -> None:
        check_problem(await _send(as_client("211381-hospital-1"), body), 422, "malformed_body")

    async def test_over_the_limit_is_too_large(self, as_client: AsClient) -> None:
        answer = await _send(as_client("211381-hospital-1"), b" " * (9 * 1024 * 1024))

        check_problem(answer, 413, "body_too_large")

    async def test_of_another_media_type_is_not_read(self, as_client: AsClient) -> None:
        hospital = as_client("211381-hospital-1")

        answer = await _send(hospital, b"<a/>", headers={"Content-Type": "application/xml"})

        check_problem(answer, 415, "media_type_unsupported")

    @pytest.mark.parametrize("key", [None, "", "x" * 129, "schlüssel"])
    async def test_without_a_sound_key_is_not_settled(
        self, as_client: AsClient, pick_patient: PickPatient, key: str | None
    ) -> None:
        body = json.dumps((await pick_patient()).request).encode()

        answer = await _send(as_client("211381-hospital-1"), body, key=key)

        check_problem(answer, 400, "idempotency_key_missing")

    async def test_under_a_key_of_another_body_is_refused(self, as_client: AsClient, pick_patient: PickPatient) -> None:
        hospital, body = as_client("211381-hospital-1"), (await pick_patient()).request
        key = f"reused-{body['record_no']}"
        await hospital.call("POST", PATH, key=key, json=body)

        answer = await _send(hospital, json.dumps(body | {"record_no": f"{body['record_no']}-2"}).encode(), key=key)

        check_problem(answer, 422, "idempotency_key_reused")

    async def test_is_answered_in_chinese_where_that_is_preferred(self, as_client: AsClient) -> None:
        headers = JSON | {"Accept-Language": "zh-CN,zh;q=0.9"}

        problem = check_problem(
            await _send(as_client("211381-hospital-1"), b"{", headers=headers), 422, "malformed_body"
        )

        assert any("\u4e00" <= character <= "\u9fff" for character in problem["detail"])


class TestToken:
    async def test_missing_forged_or_unsigned_is_invalid(self, http: httpx.AsyncClient, as_client: AsClient) -> None:
        head, claims, signature = (await as_client("211381-hospital-1").token()).split(".")
        forged = f"{head}.{claims}.{signature[::-1]}"
        unsigned = f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}."

        for value in (None, "Bearer", f"Bearer {forged}", f"Bearer {unsigned}", "Bearer x.y.z", f"Basic {claims}"):
            headers = {"Authorization": value} if value else {}
            check_problem(await http.post(PATH, json={}, headers=headers), 401, "token_invalid")

    async def test_of_another_scope_may_not_settle(self, as_client: AsClient) -> None:
        check_problem(await _send(as_client("211381-bureau-identity"), b"{}"), 403, "scope_missing")

    async def test_needs_the_right_secret(self, http: httpx.AsyncClient) -> None:
        form = {"grant_type": "client_credentials", "client_id": "211381-hospital-1", "client_secret": "wrong"}

        problem = check_problem(await http.post("/oauth/token", data=form), 401, "client_invalid")

        assert problem["error"] == "invalid_client"


class TestOthersThings:
    async def test_cannot_be_read_or_reversed_by_another_hospital(
        self, as_client: AsClient, pick_patient: PickPatient
    ) -> None:
        body = (await pick_patient()).request
        mine = await as_client("211381-hospital-1").call("POST", PATH, key=f"m-{body['record_no']}", json=body)
        other = as_client("211381-hospital-2")
        path = f"/v1/settlements/{mine.json()['settlement_id']}"

        reads = [await _ask(other, "GET", path), await _ask(other, "GET", f"{path}/slip")]
        undo = await _ask(other, "POST", f"{path}/reversal", content=b'{"reason": "x"}', key=str(uuid4()))

        for answer in (*reads, undo):
            check_problem(answer, 404, "not_found")

    async def test_of_another_county_or_township_stay_hidden(self, as_client: AsClient) -> None:
        foreign = as_client("522632-bureau-identity")
        page = await as_client("211381-bureau-monitoring").get("/v1/alerts", limit=1)
        person_id = page["items"][0]["person_id"]

        check_problem(await _ask(foreign, "GET", f"/v1/persons/{person_id}"), 404, "not_found")


class TestEveryRoute:
    """Driven by the document of the whole surface, so that a new route is held to the same."""

    async def test_answers_garbage_with_a_problem_and_never_a_fault(
        self, suite: Suite, http: httpx.AsyncClient
    ) -> None:
        document = (await http.get("/openapi.json")).json()
        tokens = await _tokens(suite, http)
        faults: list[str] = []
        asked = 0

        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                scopes = operation.get("x-scopes") or []
                if not scopes:
                    continue
                for attempt in _garbage(path, method):
                    began = time.monotonic()
                    answer = await http.request(
                        method.upper(), headers=attempt.pop("headers") | tokens(scopes), **attempt
                    )
                    took = time.monotonic() - began
                    asked += 1
                    is_problem = answer.headers.get("Content-Type") == "application/problem+json"
                    if answer.status_code >= 500 or (answer.is_error and not is_problem) or took > WITHIN_SECONDS:
                        faults.append(
                            f"{method} {attempt['url']} {answer.status_code} {took:.1f} s {answer.text[:200]}"
                        )

        assert faults == []
        assert asked > 100


def _garbage(path: str, method: str) -> list[dict[str, Any]]:
    """Return requests that no route can mean."""
    headers = JSON | {"Idempotency-Key": "garbage", "If-Match": '"garbage"'}
    unknown = "/".join(str(uuid4()) if part.startswith("{") else part for part in path.split("/"))
    odd = "/".join("%E2%98%83%00" if part.startswith("{") else part for part in path.split("/"))
    word = "/".join("word" if part.startswith("{") else part for part in path.split("/"))
    urls = [unknown, odd, word, f"{unknown}?limit=0", f"{unknown}?cursor=%00", f"{unknown}?surprise=%F0%28"]
    urls += [f"{unknown}?after=zzz", f"{unknown}?cursor=AAAA&limit=999999999999999999999", f"{unknown}?on=0000-00-00"]
    if method == "get":
        return [{"url": url, "headers": dict(headers)} for url in urls]
    bodies = [b"", b"null", b"[]", b"{}", b'"text"', b"1e400", b'{"a":NaN}', b"\xff\xfe", b'{"reason":"\\u0000"}']
    return [{"url": unknown, "content": body, "headers": dict(headers)} for body in bodies] + [
        {"url": url, "content": b"{}", "headers": dict(headers)} for url in urls
    ]


async def _tokens(suite: Suite, http: httpx.AsyncClient) -> Callable[[list[str]], Mapping[str, str]]:
    """Return a function from a route's scopes to a header that satisfies one of them."""
    by_scope: dict[str, str] = {}
    clients = read_clients(suite.clients)
    for name, entry in clients.entries.items():
        if name.startswith("522632") or entry.township:
            continue
        token = await OutsideClient(http, entry).token()
        for scope in entry.scope.split():
            by_scope.setdefault(scope, token)
    return lambda scopes: {"Authorization": f"Bearer {next(by_scope[each] for each in scopes if each in by_scope)}"}


async def _send(
    client: OutsideClient, content: bytes, *, key: str | None = "some-key", headers: Mapping[str, str] = JSON
) -> httpx.Response:
    return await _ask(client, "POST", PATH, content=content, key=key, headers=headers)


async def _ask(
    client: OutsideClient,
    method: str,
    path: str,
    *,
    content: bytes | None = None,
    key: str | None = None,
    headers: Mapping[str, str] = JSON,
) -> httpx.Response:
    """Call without any patience, returning whatever comes."""
    given = {**headers, "Authorization": f"Bearer {await client.token()}"}
    if key is not None:
        given["Idempotency-Key"] = key
    encoded = {name: value.encode() for name, value in given.items()}
    return await client._http.request(method, path, content=content, headers=encoded)
