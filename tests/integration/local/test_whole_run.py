"""The whole one-machine run: ready in time, healed after kills, gone when asked to end or killed."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from local.booted import Suite, throwaway_suite

HEALED_SECONDS = 60.0
GONE_SECONDS = 45.0


@pytest.fixture
def suite() -> Iterator[Suite]:
    with throwaway_suite({"DEMO_PERSONS": "20", "DEMO_DISCHARGES": "2"}) as running:
        yield running


def children(process_id: int) -> dict[str, int]:
    """Return the processes that are kept alive, by what they run, with their ids."""
    ids = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    found = {}
    for each in ids:
        words = Path(f"/proc/{each}/cmdline").read_text().split("\0")
        found[words[2] if words[1:2] == ["-m"] else Path(words[0]).name] = int(each)
    found.pop("local.demo_load", None)
    return found


def until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_ready(suite: Suite) -> bool:
    try:
        return httpx.get(f"{suite.base_url}/readyz", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def readiness(suite: Suite) -> dict[str, int]:
    """Return what the readiness of every process answers: an app on its own port, a worker on that of its metrics."""
    places = json.loads((suite.data_dir / "processes.json").read_text(encoding="utf-8"))
    addresses = {name: place["address"] or place["metrics"].removesuffix("/metrics") for name, place in places.items()}
    return {
        name: httpx.get(f"{address}/readyz", timeout=5, trust_env=False).status_code
        for name, address in addresses.items()
    }


def alive(ids: list[int]) -> list[int]:
    return [each for each in ids if Path(f"/proc/{each}").exists()]


class TestRun:
    @pytest.mark.timeout(180)
    def test_replaces_killed_children_and_ends_them_all(self, suite: Suite) -> None:
        before = children(suite.process_id)
        assert len(before) == 11
        until(lambda: set(readiness(suite).values()) == {200}, HEALED_SECONDS)

        for name in ("services.settlement.app", "services.identity.worker", "postgres"):
            os.kill(before[name], signal.SIGKILL)
        until(lambda: len(children(suite.process_id)) == len(before), HEALED_SECONDS)
        until(lambda: is_ready(suite), HEALED_SECONDS)
        after = children(suite.process_id)
        os.kill(suite.process_id, signal.SIGTERM)

        assert after["services.settlement.app"] != before["services.settlement.app"]
        until(lambda: not alive(list(after.values())), GONE_SECONDS)
        assert "settlement-app was killed by SIGKILL" in suite.said.read_text()

    @pytest.mark.timeout(180)
    def test_leaves_no_child_when_it_is_killed_itself(self, suite: Suite) -> None:
        ids = list(children(suite.process_id).values())

        os.kill(suite.process_id, signal.SIGKILL)

        until(lambda: not alive(ids), GONE_SECONDS)
