"""The pytest plugin of the suite: a real server, a fresh database per test, tokens, clients of an app.

Every test database is a clone of a template that was migrated once (some 10 ms instead of a second). Tests use the
server named by `TEST_DATABASE_URL` (a login that may create databases), or an embedded throw-away one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import httpx
import jwt
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from common.kit.auth import Caller, FixedKeys, TokenVerifier
from common.kit.clock import Clock, utc_now
from common.kit.db import Database
from common.kit.migrations import upgrade
from common.kit.postgres_server import throwaway_postgres
from common.kit.tables import new_metadata
from common.kit.wake import plain_dsn

ISSUER = AUDIENCE = "yizhan"
KEY_ID = "test-key"
_SIGNING_KEY = Ed25519PrivateKey.generate()

FreshDatabase = Callable[..., Awaitable[Database]]


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server that tests may fill with databases.

    Attributes:
        url: Administrator's address, in SQLAlchemy's form.
    """

    url: str

    def url_of(self, database: str) -> str:
        """Return the address of one database on it."""
        return make_url(self.url).set(database=database).render_as_string(hide_password=False)

    async def run(self, statement: str) -> None:
        """Run one statement as administrator, outside of any transaction."""
        connection = await asyncpg.connect(plain_dsn(self.url))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def pytest_configure() -> None:
    """Print tracebacks of log lines plainly: the coloured ones take half of the time of a whole run."""
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """One server for the whole run."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield Server(given)
        return
    with throwaway_postgres() as server:
        yield Server(server.url())


@pytest.fixture(scope="session")
def _templates(postgres_server: Server) -> Iterator[Callable[[str], str]]:
    """Return a function from a service's name to its migrated template; `kit` has the kit's tables only."""
    made: dict[str, str] = {}

    def template_of(service: str) -> str:
        if service not in made:
            name = f"template_{service}_{uuid4().hex[:8]}"
            asyncio.run(postgres_server.run(f'CREATE DATABASE "{name}"'))
            url = postgres_server.url_of(name)
            if service == "kit":
                asyncio.run(_create_kit_tables(url))
            else:
                upgrade(service, url)
            made[service] = name
        return made[service]

    yield template_of
    for name in made.values():
        asyncio.run(postgres_server.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


async def _create_kit_tables(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(new_metadata().create_all)
    await engine.dispose()


@pytest.fixture
async def fresh_database(postgres_server: Server, _templates: Callable[[str], str]) -> AsyncIterator[FreshDatabase]:
    """Return a function that opens a fresh database of a service; all are dropped after the test."""
    opened: list[tuple[str, Database]] = []

    async def open_one(service: str = "kit", *, pool_size: int = 10) -> Database:
        template = await asyncio.to_thread(_templates, service)
        name = f"test_{uuid4().hex}"
        await postgres_server.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        database = Database(postgres_server.url_of(name), pool_size=pool_size)
        opened.append((name, database))
        return database

    yield open_one
    for name, database in opened:
        await database.close()
        await postgres_server.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def a_token(  # noqa: PLR0913 - a builder: each keyword is one claim
    scope: str,
    *,
    client_id: str = "test-client",
    institution_code: str | None = None,
    county: str | None = None,
    township: str | None = None,
    now: datetime | None = None,
    lifetime: timedelta = timedelta(hours=3),  # Tables of tests make theirs when they are collected.
    issuer: str = ISSUER,
    audience: str = AUDIENCE,
    key: Ed25519PrivateKey = _SIGNING_KEY,
) -> str:
    """Return a signed token as the gateway would give it."""
    issued = now or utc_now()
    bound = {"institution_code": institution_code, "county": county, "township": township}
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": client_id,
        "client_id": client_id,
        "scope": scope,
        "iat": issued,
        "exp": issued + lifetime,
        "jti": uuid4().hex,
        **{name: value for name, value in bound.items() if value is not None},
    }
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": KEY_ID})


def bearer(scope: str, **bound: str) -> dict[str, str]:
    """Return the header of a call with that scope and binding."""
    return {"Authorization": f"Bearer {a_token(scope, **bound)}"}  # type: ignore[arg-type] # bound names str fields only


def verifier_for_tests(clock: Clock = utc_now) -> TokenVerifier:
    """Return a verifier that accepts what `a_token` signs."""
    public = jwt.algorithms.OKPAlgorithm.to_jwk(_SIGNING_KEY.public_key(), as_dict=True)
    keys = {KEY_ID: jwt.PyJWK({**public, "kid": KEY_ID}, algorithm="EdDSA")}
    return TokenVerifier(FixedKeys(keys), issuer=ISSUER, audience=AUDIENCE, clock=clock)


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Open a client that talks to the app in this process, its lifespan running."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield client


ClientOf = Callable[[FastAPI], AbstractAsyncContextManager[httpx.AsyncClient]]

__all__ = ["AUDIENCE", "ISSUER", "Caller", "ClientOf", "Server", "a_token", "bearer", "client_of", "verifier_for_tests"]
