"""The order of checks, and what form a request must have."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Form, UploadFile

from common.kit.fields import FenField, RequestModel, ShortText
from common.kit.http import CurrentCaller, CursorKey, json_answer, secured, secured_router
from common.kit.paging import CursorText, Limit
from common.kit.testing import bearer, client_of

HIS = bearer("his", institution_code="H1")
JSON_TYPE = {"Content-Type": "application/json"}
LIMIT = 1024


class ABill(RequestModel):
    """A body."""

    total_fen: FenField
    note: ShortText | None = None


secured_routes = secured_router()


@secured_routes.post("/v1/bills", status_code=201, **secured("his"))
async def post_bill(body: ABill, caller: CurrentCaller) -> Any:
    return json_answer({"total_fen": body.total_fen, "by": caller.client_id}, 201)


@secured_routes.get("/v1/bills/{number}", **secured("his", "funds"))
async def get_bill(number: int) -> Any:
    return json_answer({"number": number})


@secured_routes.get("/v1/bills", **secured("his"))
async def list_bills(key: CursorKey, limit: Limit = 50, cursor: CursorText = None) -> Any:
    return json_answer({"limit": limit, "cursor": cursor, "key": key.hex()})


@secured_routes.post("/v1/files", **secured("his"))
async def post_file(kind: Annotated[str, Form()], file: UploadFile) -> Any:
    return json_answer({"kind": kind, "size": len(await file.read())})


@pytest.fixture
def app(build: Callable[..., FastAPI]) -> FastAPI:
    return build(secured_routes)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as opened:
        yield opened


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 100):
        yield b" " * 100


class TestTheOrderOfChecks:
    async def test_lets_a_good_call_through(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/bills", json={"total_fen": 7}, headers=HIS)

        assert answer.status_code == 201
        assert answer.json() == {"total_fen": 7, "by": "test-client"}

    async def test_asks_for_size_before_the_token(self, client: httpx.AsyncClient) -> None:
        announced = await client.post("/v1/bills", content=b" " * (LIMIT + 1))
        streamed = await client.post("/v1/bills", content=in_pieces(LIMIT + 200))
        many_digits = await client.post("/v1/bills", headers={"Content-Length": "9" * 30})

        for answer in (announced, streamed, many_digits):
            assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")

    async def test_asks_for_the_token_before_the_scope(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/bills", content=b"{")

        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
        assert answer.headers["www-authenticate"] == "Bearer"

    async def test_asks_for_the_scope_before_the_media_type(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/bills", content=b"{", headers=bearer("funds"))

        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")

    @pytest.mark.parametrize("media_type", ["text/plain", "", "application/jsonp", "multipart/form-data"])
    async def test_asks_for_the_media_type_before_the_form(self, client: httpx.AsyncClient, media_type: str) -> None:
        answer = await client.post("/v1/bills", content=b"{", headers=HIS | {"Content-Type": media_type})

        assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")

    @pytest.mark.parametrize(
        "body", [b"{", b'{"total_fen": NaN}', b'{"total_fen": 1, "total_fen": 1}', b"\xff", b"[]", b""]
    )
    async def test_refuses_a_malformed_body_with_a_place(self, client: httpx.AsyncClient, body: bytes) -> None:
        answer = await client.post("/v1/bills", content=body, headers=HIS | JSON_TYPE)

        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body")
        assert set(answer.json()["errors"][0]) == {"pointer", "code", "detail"}

    async def test_takes_a_body_in_pieces_and_a_type_with_a_charset(self, client: httpx.AsyncClient) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield b'{"total_'
            yield b'fen": 5}'

        headers = HIS | {"Content-Type": "Application/JSON; charset=utf-8"}
        answer = await client.post("/v1/bills", content=pieces(), headers=headers)

        assert answer.json()["total_fen"] == 5

    async def test_takes_any_one_of_the_scopes(self, client: httpx.AsyncClient) -> None:
        answers = [await client.get("/v1/bills/1", headers=bearer(scope)) for scope in ("his", "funds operator", "x")]

        assert [answer.status_code for answer in answers] == [200, 200, 403]


class TestTheForm:
    async def test_points_at_every_wrong_field_in_the_callers_language(self, client: httpx.AsyncClient) -> None:
        body = {"total_fen": -1, "note": "\x01", "extra/one": 1}

        answer = await client.post("/v1/bills", json=body, headers=HIS | {"Accept-Language": "zh"})

        assert {(each["pointer"], each["code"]) for each in answer.json()["errors"]} == {
            ("#/total_fen", "greater_than_equal"),
            ("#/note", "text_invalid"),
            ("#/extra~1one", "extra_forbidden"),
        }
        assert answer.json()["detail"] == "请求内容格式不正确"

    async def test_knows_its_query_parameters(self, client: httpx.AsyncClient) -> None:
        taken = await client.get("/v1/bills?limit=999&cursor=c", headers=HIS)
        refused = [await client.get(f"/v1/bills?{query}", headers=HIS) for query in ("page=2", "limit=0", "cursor=%00")]

        assert taken.json() == {"limit": 200, "cursor": "c", "key": "ab" * 32}
        assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(422, "malformed_body")] * 3

    async def test_does_not_know_an_id_that_cannot_be_one(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/v1/bills/abc", headers=HIS)

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    async def test_takes_files(self, client: httpx.AsyncClient) -> None:
        taken = await client.post("/v1/files", data={"kind": "full"}, files={"file": b"abc"}, headers=HIS)
        as_json = await client.post("/v1/files", json={}, headers=HIS)
        broken = await client.post(
            "/v1/files", content=b"--x\r\nbroken", headers=HIS | {"Content-Type": "multipart/form-data"}
        )

        assert taken.json() == {"kind": "full", "size": 3}
        assert (as_json.status_code, broken.status_code) == (415, 422)
