"""Logs hold static text, fields and ids; never what an error or a body said."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import REGISTRY
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from common.kit.telemetry import Telemetry, cause_from, configure_logging, trace_id_of

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(autouse=True)
def _logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    usual = structlog.get_config()
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**usual)  # Its defaults print every local variable of a traceback: a minute for a whole policy.


class TestCauseFrom:
    def test_takes_well_formed_ids(self) -> None:
        cause = cause_from("his-2016-09-12:7", TRACE)

        assert (cause.correlation_id, cause.traceparent) == ("his-2016-09-12:7", TRACE)
        assert trace_id_of(cause) == "4bf92f3577b34da6a3ce929d0e0e4736"

    @pytest.mark.parametrize("request_id", ["", "two words", "x" * 129, "a\nb", "王"])
    def test_makes_a_request_id_where_none_is_usable(self, request_id: str) -> None:
        assert len(cause_from(request_id, TRACE).correlation_id) == 32

    @pytest.mark.parametrize(
        "traceparent",
        ["", "x", TRACE.upper(), TRACE + "0", TRACE.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32)],
    )
    def test_makes_a_trace_where_none_is_usable(self, traceparent: str) -> None:
        made = cause_from("r", traceparent).traceparent

        assert made is not None
        assert made != traceparent
        assert cause_from("r", made).traceparent == made


class TestConfigureLogging:
    def test_writes_one_json_object_per_line_for_our_lines_and_the_libraries(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        configure_logging("info")

        structlog.get_logger("ours").info("settlement booked", settlement_id="s1")
        logging.getLogger("theirs").warning("pool %s", "full")
        logging.getLogger("theirs").debug("not shown")

        ours, theirs = map(json.loads, capsys.readouterr().out.splitlines())
        assert (ours["event"], ours["settlement_id"], ours["level"]) == ("settlement booked", "s1", "info")
        assert (theirs["event"], theirs["logger"]) == ("pool full", "theirs")

    def test_names_an_error_and_its_places_but_not_what_it_says(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure_logging("info")

        try:
            raise ValueError("211381196503150011")
        except ValueError:
            structlog.get_logger("ours").exception("job failed")
            logging.getLogger("theirs").exception("job failed")

        written = capsys.readouterr().out
        assert "211381196503150011" not in written
        for line in map(json.loads, written.splitlines()):
            assert line["error"] == "ValueError"
            assert "test_names_an_error" in line["places"][-1]


class TestTelemetry:
    async def test_answers_a_fault_as_a_problem_and_counts_it(self) -> None:
        async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
            raise RuntimeError("inside")

        before = REGISTRY.get_sample_value("http_requests_total", {"method": "-", "route": "", "status": "500"}) or 0
        sent = await answers_of(failing)

        after = REGISTRY.get_sample_value("http_requests_total", {"method": "-", "route": "", "status": "500"})
        assert sent[0]["status"] == 500
        assert b"inside" not in sent[1]["body"]
        assert after == before + 1

    async def test_answers_nobody_when_the_client_went_away(self) -> None:
        async def left(_scope: Scope, _receive: Receive, _send: Send) -> None:
            raise ClientDisconnect

        assert await answers_of(left) == []

    async def test_lets_an_error_pass_once_the_answer_has_begun(self) -> None:
        async def broken_off(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise RuntimeError("inside")

        with pytest.raises(RuntimeError):
            await answers_of(broken_off)


async def answers_of(app: object) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await Telemetry(app)({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)  # type: ignore[arg-type] # Any callable of ASGI's shape will do.
    return sent
