"""What the tests of the kit's mechanisms share: an embedded broker of their own, and waiting for a condition."""

import asyncio
import time
from uuid import uuid4

import pytest

from common.kit.broker_store import create


@pytest.fixture
async def broker_url(postgres_server):
    """Address of an empty embedded broker."""
    name = f"broker_{uuid4().hex[:10]}"
    await postgres_server.run(f'CREATE DATABASE "{name}"')
    url = postgres_server.url_of(name)
    await create(url)
    yield url
    await postgres_server.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def until():
    """Return a function that waits for a condition, at most so many seconds."""

    async def wait(probe, *, seconds: float = 15.0):
        deadline = time.monotonic() + seconds
        while not (found := await probe()):
            assert time.monotonic() < deadline, "it did not happen in time"
            await asyncio.sleep(0.02)
        return found

    return wait
