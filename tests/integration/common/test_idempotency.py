"""A repeated request gets the first answer, byte for byte, whatever happens between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from common.core.errors import Refused
from common.kit.auth import Caller
from common.kit.cause import Cause
from common.kit.db import Database
from common.kit.http import json_answer
from common.kit.idempotency import (
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InProgress,
    answer_once,
)
from common.kit.testing import FreshDatabase

CALLER = Caller("hospital", frozenset({"his"}))
BODY: Mapping[str, object] = {"total_fen": 1}

Effect = Callable[[], Awaitable[Response]]


def a_request(key: str | None = "k1", path: str = "/v1/discharges") -> Request:
    headers = [] if key is None else [(b"idempotency-key", key.encode("latin-1"))]
    return Request({"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""})


class Counting:
    """An effect that notes how often it ran."""

    def __init__(self, status: int = 201) -> None:
        self.runs = 0
        self.status = status

    async def __call__(self) -> Response:
        self.runs += 1
        return json_answer({"run": self.runs, "名": "王"}, self.status)


async def call(
    database: Database,
    effect: Effect,
    *,
    key: str | None = "k1",
    path: str = "/v1/discharges",
    body: Mapping[str, object] = BODY,
    caller: Caller = CALLER,
) -> Response:
    async with database.unit_of_work(Cause("test")) as uow:
        return await answer_once(uow, a_request(key, path), caller, body, effect)


class TestAnswerOnce:
    async def test_gives_the_first_answer_again_byte_for_byte(self, fresh_database: FreshDatabase) -> None:
        database, effect = await fresh_database(), Counting()

        first = await call(database, effect)
        again = await call(database, effect, body={"total_fen": 1})

        assert effect.runs == 1
        assert (again.status_code, again.body) == (first.status_code, first.body)
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers
        assert again.headers["content-type"] == first.headers["content-type"]

    @pytest.mark.parametrize("other", [{"body": {"total_fen": 2}}, {"path": "/v1/discharges/other"}])
    async def test_refuses_the_key_for_another_body_or_another_thing(
        self, fresh_database: FreshDatabase, other: dict[str, Any]
    ) -> None:
        database, effect = await fresh_database(), Counting()
        await call(database, effect)
        request = a_request("k1", str(other.get("path", "/v1/discharges")))
        request.scope["route"] = type("Route", (), {"path": "/v1/discharges"})

        with pytest.raises(IdempotencyKeyReused):
            async with database.unit_of_work(Cause("test")) as uow:
                await answer_once(uow, request, CALLER, other.get("body", BODY), effect)

        assert effect.runs == 1

    async def test_keeps_the_keys_of_callers_apart(self, fresh_database: FreshDatabase) -> None:
        database, effect = await fresh_database(), Counting()

        await call(database, effect)
        await call(database, effect, caller=Caller("another", frozenset({"his"})))

        assert effect.runs == 2

    @pytest.mark.parametrize("key", [None, "", "a" * 129, "tab\t", "\xe9"])
    async def test_asks_for_a_well_formed_key(self, fresh_database: FreshDatabase, key: str | None) -> None:
        with pytest.raises(IdempotencyKeyMissing):
            await call(await fresh_database(), Counting(), key=key)

    async def test_frees_the_key_of_a_refused_call_for_another_body(self, fresh_database: FreshDatabase) -> None:
        database, effect = await fresh_database(), Counting()

        async def refused() -> Response:
            raise Refused("not today")

        with pytest.raises(Refused):
            await call(database, refused)
        answer = await call(database, effect, body={"total_fen": 2})

        assert (answer.status_code, effect.runs) == (201, 1)

    async def test_keeps_no_answer_that_is_not_a_2xx(self, fresh_database: FreshDatabase) -> None:
        database, effect = await fresh_database(), Counting(status=302)

        await call(database, effect)
        await call(database, effect)

        assert effect.runs == 2

    async def test_lets_one_of_ten_at_once_through_and_calls_the_others_in_progress_or_answers_them(
        self, fresh_database: FreshDatabase
    ) -> None:
        database, effect = await fresh_database(), Counting()
        told = await asyncio.gather(*(call(database, effect) for _ in range(10)), return_exceptions=True)

        answers = [each for each in told if isinstance(each, Response)]
        refusals = [each for each in told if isinstance(each, InProgress)]
        assert effect.runs == 1
        assert len(answers) + len(refusals) == 10
        assert {answer.body for answer in answers} == {answers[0].body}
        assert all(refusal.facts["retry_after_seconds"] == 1 for refusal in refusals)

    async def test_says_in_progress_while_the_first_call_runs(self, fresh_database: FreshDatabase) -> None:
        database, effect = await fresh_database(), Counting()

        async def calling_again() -> Response:
            with pytest.raises(InProgress):
                await call(database, effect)
            return await effect()

        await call(database, calling_again)

        assert effect.runs == 1
