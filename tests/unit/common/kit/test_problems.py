"""Every error becomes one problem document, in the caller's language, without a word about the inside."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from common.core.errors import Conflict, DomainError, NotFound, Refused
from common.kit.problems import PROBLEM_SCHEMA, STATUS_OF_CODE, document_problems, prefers_chinese, problem, status_of


class PolicyNotInForce(Refused):
    """No version of the county's policy covers the day."""

    code = "policy_not_in_force"
    zh = "当日没有生效的政策"


class Gone(NotFound):
    """Not here."""

    code = "roster_not_found"


class Settled(Conflict):
    """Already so."""

    code = "discharge_already_settled"


def document_of(error: BaseException, accept_language: str = "") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(bytes(problem(error, accept_language=accept_language).body))
    return document


class TestStatus:
    @pytest.mark.parametrize(("kind", "status"), [(PolicyNotInForce, 409), (Gone, 404), (Settled, 409)])
    def test_follows_the_kind_of_an_error_of_the_field(self, kind: type[DomainError], status: int) -> None:
        assert status_of(kind) == status
        assert status_of(kind("no")) == status

    @pytest.mark.parametrize(("code", "status"), STATUS_OF_CODE.items())
    def test_follows_the_table_for_the_codes_of_the_api_page(self, code: str, status: int) -> None:
        error = Refused("no")
        error.code = code

        assert problem(error).status_code == status


class TestProblem:
    def test_carries_the_facts_beside_the_required_members(self) -> None:
        document = document_of(Settled("settled before", link="/v1/settlements/1", status="hidden"))

        assert document == {
            "type": "urn:yizhan:problem:discharge_already_settled",
            "title": "Conflict",
            "status": 409,
            "detail": "settled before",
            "code": "discharge_already_settled",
            "link": "/v1/settlements/1",
        }

    def test_speaks_chinese_when_the_caller_prefers_it(self) -> None:
        assert document_of(PolicyNotInForce("no policy"), "zh-CN, en;q=0.5")["detail"] == "当日没有生效的政策"
        assert document_of(PolicyNotInForce("no policy"), "en, zh;q=0.5")["detail"] == "no policy"

    def test_says_when_to_come_again(self) -> None:
        answer = problem(Conflict("still running", retry_after_seconds=7))

        assert answer.headers["retry-after"] == "7"

    @pytest.mark.parametrize(
        "error", [TimeoutError(), OSError("db"), httpx.ConnectError("x"), OperationalError("q", {}, Exception("gone"))]
    )
    def test_calls_passing_trouble_unavailable(self, error: Exception) -> None:
        answer = problem(error)

        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")

    @pytest.mark.parametrize("error", [RuntimeError("secret"), HTTPException(500, "secret"), KeyError("secret")])
    def test_tells_nothing_about_our_own_faults(self, error: Exception) -> None:
        document = document_of(error)

        assert document["status"] == 500
        assert "secret" not in json.dumps(document)

    def test_survives_facts_that_json_cannot_write(self) -> None:
        assert document_of(Conflict("odd \ud800", at=object))["status"] == 409


class TestPrefersChinese:
    @pytest.mark.parametrize("header", ["zh", "zh-CN,zh;q=0.9,en;q=0.8", "en;q=0.1, zh-TW", "fr;q=0.2,ZH;q=0.3"])
    def test_is_so(self, header: str) -> None:
        assert prefers_chinese(header)

    @pytest.mark.parametrize("header", ["", "en", "en,zh", "zh;q=0", "zh;q=x", ";;q=,,"])
    def test_is_not_so(self, header: str) -> None:
        assert not prefers_chinese(header)


class TestDocumentProblems:
    def test_groups_codes_by_status(self) -> None:
        told = document_problems([PolicyNotInForce, Settled, Gone])

        assert list(told) == [404, 409]
        assert "`policy_not_in_force`, `discharge_already_settled`" in told[409]["description"]
        assert set(PROBLEM_SCHEMA["required"]) <= set(PROBLEM_SCHEMA["properties"])
