"""The outside client: how demo load, chain and tests call the gateway."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from local.outside_client import CallRefused, ClientEntry, ClientsUnusable, OutsideClient, read_clients

AN_ENTRY = ClientEntry("id", "secret", "his")


def a_client(*answers: httpx.Response | Exception, expires_in: int = 600) -> tuple[OutsideClient, list[httpx.Request]]:
    waiting = list(answers)
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": f"t{len(seen)}", "expires_in": expires_in})
        following = waiting.pop(0)
        if isinstance(following, Exception):
            raise following
        return following

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://gateway")
    return OutsideClient(http, AN_ENTRY, patience_seconds=5.0), seen


def a_problem(status: int, code: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": "why"}, headers=headers)


class TestOutsideClient:
    async def test_asks_for_one_token_for_many_calls(self) -> None:
        client, seen = a_client(httpx.Response(200, json={}), httpx.Response(200, json={}))

        await client.get("/v1/alerts", limit=1, cursor=None)
        await client.get("/v1/alerts")

        assert [request.url.path for request in seen] == ["/oauth/token", "/v1/alerts", "/v1/alerts"]
        assert seen[0].headers["Authorization"].startswith("Basic ")
        assert seen[1].headers["Authorization"] == "Bearer t1"
        assert str(seen[1].url.query, "ascii") == "limit=1"

    async def test_asks_again_when_the_token_is_about_to_expire(self) -> None:
        client, seen = a_client(httpx.Response(200, json={}), httpx.Response(200, json={}), expires_in=20)

        await client.get("/v1/alerts")
        await client.get("/v1/alerts")

        assert [request.url.path for request in seen].count("/oauth/token") == 2

    @pytest.mark.parametrize(
        "busy",
        [
            a_problem(429, "rate_limited", **{"Retry-After": "0"}),
            a_problem(503, "upstream_unavailable"),
            a_problem(409, "in_progress"),
            httpx.ConnectError("refused"),
        ],
    )
    async def test_repeats_a_call_under_the_same_key_while_the_suite_is_busy(
        self, busy: httpx.Response | Exception
    ) -> None:
        client, seen = a_client(busy, httpx.Response(201, json={"a": 1}))

        answer = await client.call("POST", "/v1/discharges", key="k", json={"b": 2})

        assert answer.status_code == 201
        assert [request.headers["Idempotency-Key"] for request in seen[1:]] == ["k", "k"]
        assert seen[1].content == seen[2].content

    async def test_raises_the_code_of_a_refusal(self) -> None:
        client, _ = a_client(a_problem(409, "discharge_already_settled"))

        with pytest.raises(CallRefused, match="409 discharge_already_settled: why") as refusal:
            await client.call("POST", "/v1/discharges", key="k", json={})

        assert (refusal.value.status, refusal.value.code) == (409, "discharge_already_settled")

    async def test_returns_a_refusal_that_was_expected(self) -> None:
        client, _ = a_client(httpx.Response(404, text="no json"))

        answer = await client.call("GET", "/v1/persons/1", also={404})

        assert answer.status_code == 404


class TestReadClients:
    def test_finds_clients_by_name_and_by_institution(self, tmp_path: Path) -> None:
        path = tmp_path / "demo-clients.json"
        entry = {"client_id": "a", "client_secret": "b", "scope": "his", "institution_code": "H1", "new": 1}
        path.write_text(json.dumps({"211381-hospital-1": entry}), encoding="utf-8")

        clients = read_clients(path)

        assert clients.named("211381-hospital-1").client_id == "a"
        assert clients.of_institution("H1").client_secret == "b"
        with pytest.raises(ClientsUnusable, match="no client operator; it has 211381-hospital-1"):
            clients.named("operator")
        with pytest.raises(ClientsUnusable, match="institution H2"):
            clients.of_institution("H2")

    @pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"client_id": "x"}}'])
    def test_says_when_the_file_is_none(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "demo-clients.json"
        path.write_text(text, encoding="utf-8")

        with pytest.raises(ClientsUnusable, match="is no demo clients' file"):
            read_clients(path)

    def test_says_how_to_get_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(ClientsUnusable, match="make run"):
            read_clients(tmp_path / "none.json")
