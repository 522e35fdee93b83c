"""A worker says over HTTP whether it turns and what it can reach, even while its loop hangs."""

import asyncio
import time

import httpx
import pytest

from common.kit import worker_http
from common.kit.health import judged
from common.kit.settings import ServiceSettings
from common.kit.worker_http import answering
from local.booted import free_port


@pytest.fixture
def port():
    return free_port()


def settings_with(port):
    return ServiceSettings(database_url="unused", metrics_port=port)


async def ask(port, path):
    def get():
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=10, trust_env=False)

    return await asyncio.to_thread(get)


async def passes() -> None:
    return None


async def fails() -> None:
    raise ConnectionRefusedError


async def test_says_what_it_can_reach(port):
    with answering(settings_with(port), lambda: judged({"database": passes}, {"outbox": fails})):
        answers = [await ask(port, path) for path in ("/healthz", "/readyz", "/metrics", "/other")]

    assert [each.status_code for each in answers] == [200, 200, 200, 404]
    assert answers[1].json() == {"status": "degraded", "checks": {"database": "ok", "outbox": "failed"}}
    assert "process_cpu_seconds_total" in answers[2].text


async def test_is_not_ready_without_its_database(port):
    with answering(settings_with(port), lambda: judged({"database": fails}, {})):
        answer = await ask(port, "/readyz")

    assert (answer.status_code, answer.json()["checks"]) == (503, {"database": "failed"})


async def test_a_hanging_loop_is_not_alive(port, monkeypatch):
    monkeypatch.setattr(worker_http, "ANSWER_SECONDS", 0.2)
    with answering(settings_with(port), lambda: judged({}, {})):
        asked = asyncio.create_task(ask(port, "/healthz"))
        await asyncio.sleep(0.01)
        time.sleep(1.0)  # noqa: ASYNC251 - hanging on purpose
        answer = await asked

    assert (answer.status_code, answer.json()) == (503, {"status": "hanging"})


async def test_answers_nothing_on_port_zero():
    with answering(settings_with(0), lambda: judged({}, {})):
        pass
