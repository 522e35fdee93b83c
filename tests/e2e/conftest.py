"""One suite per broker for all end-to-end tests, ended with the last of them, and the demo clients that call it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx
import pytest

from common.kit.clock import utc_now
from local.booted import Suite, throwaway_suite
from local.chain_patient import Patient, choose_patient
from local.demo_load import WORLD_FILE
from local.outside_client import OutsideClient, read_clients
from local.world import World, world_from_text

AsClient = Callable[[str], OutsideClient]


@pytest.fixture(scope="package", params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def suite(request: pytest.FixtureRequest) -> Iterator[Suite]:
    """A suite with its demo world, started as `make run` starts it."""
    settings = {"BROKER": request.param, "KAFKA_BOOTSTRAP": ""}
    if request.param == "kafka":
        settings["KAFKA_BOOTSTRAP"] = request.getfixturevalue("kafka_bootstrap")
    with throwaway_suite(settings) as running:
        yield running


@pytest.fixture
def world(suite: Suite) -> World:
    """The demo world that was loaded."""
    kept = json.loads((suite.data_dir / WORLD_FILE).read_text(encoding="utf-8"))
    assert kept["is_complete"]
    return world_from_text(kept["world"])


@pytest.fixture
async def http(suite: Suite) -> AsyncIterator[httpx.AsyncClient]:
    """A connection to the suite's gateway, without a token."""
    async with httpx.AsyncClient(base_url=suite.base_url, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def as_client(suite: Suite, http: httpx.AsyncClient) -> AsClient:
    """Return a function from a demo client's name to that client."""
    clients = read_clients(suite.clients)
    return lambda name: OutsideClient(http, clients.named(name))


@pytest.fixture
def pick_patient(as_client: AsClient, world: World) -> Callable[[], Awaitable[Patient]]:
    """Return a function that picks a listed person without an open alert, with a grave discharge to send."""

    async def pick() -> Patient:
        return await choose_patient(
            world,
            hospital=as_client("211381-hospital-1"),
            identity=as_client("211381-bureau-identity"),
            monitoring=as_client("211381-bureau-monitoring"),
            now=utc_now(),
        )

    return pick
