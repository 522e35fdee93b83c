"""One application: no answer before the commit, problem documents for everything, causes, health, description."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from common.core.errors import Conflict
from common.kit.fields import FenField, RequestModel, ShortText
from common.kit.http import (
    CurrentCaller,
    Now,
    Uow,
    json_answer,
    public,
    public_router,
    secured,
    secured_router,
)
from common.kit.testing import bearer, client_of

HIS = bearer("his", institution_code="H1")


class ABill(RequestModel):
    """A body."""

    total_fen: FenField
    note: ShortText | None = None


class Settled(Conflict):
    """Already so."""

    code = "discharge_already_settled"


secured_routes = secured_router()
public_routes = public_router()


@secured_routes.post("/v1/bills", status_code=201, **secured("his", problems=(Settled,), idempotent=True))
async def post_bill(body: ABill, _uow: Uow, caller: CurrentCaller, now: Now) -> Any:
    if body.note == "settled":
        raise Settled("settled before", link="/v1/bills/1")
    if body.note == "fault":
        raise RuntimeError("inside")
    return json_answer({"total_fen": body.total_fen, "by": caller.client_id, "aware": bool(now.tzinfo)}, 201)


@secured_routes.post("/v1/endless", **secured("his"))
async def never_end(uow: Uow) -> Any:
    await asyncio.Event().wait()
    return json_answer({"has_unit": uow is not None})


@public_routes.get("/v1/open", **public())
async def open_to_all() -> Any:
    return json_answer([])


@pytest.fixture
def app(build: Callable[..., FastAPI]) -> FastAPI:
    return build(secured_routes, public_routes)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as opened:
        yield opened


class TestTheCommit:
    async def test_comes_before_the_answer_so_that_a_failing_one_is_never_a_2xx(
        self, client: httpx.AsyncClient, database: Any
    ) -> None:
        database.commit_error = RuntimeError("the disk is full")

        answer = await client.post("/v1/bills", json={"total_fen": 1}, headers=HIS)

        assert answer.status_code == 500
        assert "disk" not in answer.text

    async def test_is_unavailable_when_the_database_went_away(self, client: httpx.AsyncClient, database: Any) -> None:
        database.commit_error = OSError()

        answer = await client.post("/v1/bills", json={"total_fen": 1}, headers=HIS)

        assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")
        assert answer.headers["retry-after"] == "1"

    async def test_happens_for_an_answer_and_not_for_a_refusal_a_fault_or_a_malformed_body(
        self, client: httpx.AsyncClient, database: Any
    ) -> None:
        for body in ({"total_fen": 1}, {"total_fen": 1, "note": "settled"}, {"total_fen": 1, "note": "fault"}, {}):
            await client.post("/v1/bills", json=body, headers=HIS)

        assert database.ended == ["committed", "rolled back", "rolled back", "rolled back"]

    async def test_does_not_happen_for_a_call_that_takes_too_long(
        self, client: httpx.AsyncClient, database: Any
    ) -> None:
        answer = await client.post("/v1/endless", headers=HIS)

        assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")
        assert database.ended == ["rolled back"]


class TestRefusals:
    async def test_are_problem_documents_with_the_request_id_and_trace(self, client: httpx.AsyncClient) -> None:
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

        answer = await client.post(
            "/v1/bills",
            json={"total_fen": 1, "note": "settled"},
            headers=HIS | {"X-Request-Id": "call-1", "traceparent": trace},
        )

        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-request-id"] == "call-1"
        assert answer.headers["traceparent"] == trace
        assert answer.json()["link"] == "/v1/bills/1"
        assert answer.json()["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"

    async def test_are_problem_documents_for_unknown_routes_and_methods_too(self, client: httpx.AsyncClient) -> None:
        unknown, method, slash = [
            await client.get("/v1/nothing"),
            await client.delete("/v1/bills"),
            await client.get("/v1/open/"),
        ]

        assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
        assert (method.status_code, method.json()["code"], method.headers["allow"]) == (
            405,
            "method_not_allowed",
            "POST",
        )
        assert slash.status_code == 404

    async def test_say_nothing_of_a_fault(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/bills", json={"total_fen": 1, "note": "fault"}, headers=HIS)

        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        assert "inside" not in answer.text


class TestCauses:
    async def test_travel_from_the_headers_into_the_unit_of_work(
        self, client: httpx.AsyncClient, database: Any
    ) -> None:
        await client.post("/v1/bills", json={"total_fen": 1}, headers=HIS | {"X-Request-Id": "call-2"})
        odd = await client.post("/v1/bills", json={"total_fen": 1}, headers=HIS | {"X-Request-Id": "two words"})

        assert database.causes[0].correlation_id == "call-2"
        assert database.causes[1].correlation_id == odd.headers["x-request-id"] != "two words"


class TestHealth:
    async def test_is_alive_whatever_is_away_and_ready_only_with_what_it_needs(
        self, client: httpx.AsyncClient, database: Any
    ) -> None:
        degraded = await client.get("/readyz")
        database.is_away = True
        away = await client.get("/readyz")
        alive = await client.get("/healthz")

        assert (degraded.status_code, degraded.json()["status"]) == (200, "degraded")
        assert (away.status_code, away.json()["checks"]) == (
            503,
            {"database": "failed", "policies": "failed", "broker": "failed"},
        )
        assert alive.status_code == 200

    async def test_asks_nobody_for_a_token(self, client: httpx.AsyncClient) -> None:
        assert (await client.get("/v1/open")).status_code == 200


class TestTheApplication:
    async def test_closes_the_database_at_its_end(self, app: FastAPI, database: Any) -> None:
        async with client_of(app):
            assert not database.is_closed

        assert database.is_closed

    def test_describes_scopes_key_and_problems(self, app: FastAPI) -> None:
        document = app.openapi()

        post = document["paths"]["/v1/bills"]["post"]
        assert post["x-scopes"] == ["his"]
        assert post["tags"] == ["billing"]
        assert post["parameters"][0]["name"] == "Idempotency-Key"
        assert "`discharge_already_settled`, " not in json.dumps(post["responses"]["422"])
        assert "discharge_already_settled" in post["responses"]["409"]["description"]
        assert "Problem" in document["components"]["schemas"]

    def test_cannot_be_built_with_a_secured_route_that_names_no_scope(self) -> None:
        router = secured_router()

        with pytest.raises(ValueError, match="without"):
            router.add_api_route("/v1/forgotten", open_to_all)
        with pytest.raises(ValueError, match="scopes"):
            secured()
