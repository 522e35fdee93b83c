"""What the tests of the HTTP kit share: a database that only notes, and an application of given routes on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from fastapi import APIRouter, FastAPI
from pydantic import SecretStr

from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.http import build_app
from common.kit.settings import ServiceSettings
from common.kit.testing import verifier_for_tests

LIMIT = 1024


class RecordingUnit:
    """Stands in for the unit of work: it has nothing to tell."""

    async def flush(self) -> None:
        """Take the edge's call before the commit."""


class RecordingDatabase:
    """Stands in for the pool: notes how units end and fails when told to."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.causes: list[Cause] = []
        self.commit_error: Exception | None = None
        self.is_away = False
        self.is_closed = False

    @asynccontextmanager
    async def unit_of_work(self, cause: Cause) -> AsyncIterator[RecordingUnit]:
        self.causes.append(cause)
        try:
            yield RecordingUnit()
        except BaseException:
            self.ended.append("rolled back")
            raise
        if self.commit_error is not None:
            raise self.commit_error
        self.ended.append("committed")

    async def ping(self) -> None:
        if self.is_away:
            raise OSError

    async def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def database() -> RecordingDatabase:
    return RecordingDatabase()


@pytest.fixture
def build(database: RecordingDatabase) -> Callable[..., FastAPI]:
    """Return a function from routers to an application."""

    async def policies_loaded() -> None:
        if database.is_away:
            raise LookupError

    def build_one(*routers: APIRouter) -> FastAPI:
        return build_app(
            name="billing",
            database=database,  # type: ignore[arg-type] # The kit asks for these three methods only.
            verifier=verifier_for_tests(),
            clock=utc_now,
            routers=routers,
            settings=ServiceSettings(
                database_url=SecretStr("x"), cursor_key=SecretStr("ab" * 32), max_body_bytes=LIMIT, request_seconds=0.5
            ),
            readiness={"policies": policies_loaded},
        )

    return build_one
