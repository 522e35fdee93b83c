"""A real gateway in front of a real small service, both listening on loopback, on a fresh database."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from fastapi import Request
from pydantic import SecretStr
from sqlalchemy import insert
from starlette.responses import Response

from common.core.errors import Conflict
from common.kit.auth import PublishedKeys, TokenVerifier
from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.db import Database
from common.kit.http import build_app, json_answer, public, public_router, secured, secured_router
from common.kit.settings import ServiceSettings
from common.kit.testing import client_of
from gateway.adapters import tables
from gateway.adapters.secret import hash_secret
from gateway.app import create_app
from gateway.domain.demo_client import demo_clients, service_client
from gateway.settings import Settings
from local.openapi import merged

KEY = "5a" * 32
SECRET = "a-secret-for-every-client-of-these-tests"
SECRET_HASH = hash_secret(SECRET)
SURFACE: dict[str, object] = {}  # Made by the first test that starts a gateway, the same for all.


class AlreadySettled(Conflict):
    """As settlement says it."""

    code = "discharge_already_settled"
    zh = "该病案已结算"


def a_service_router():
    router = secured_router(tag="settlement")

    @router.post("/v1/discharges", **secured("his", idempotent=True))
    async def echo(request: Request) -> Response:
        body = await request.body()
        return json_answer(
            {
                "sha256": hashlib.sha256(body).hexdigest(),
                "length": len(body),
                "headers": dict(request.headers),
                "query": request.url.query,
            },
            201,
            {"ETag": '"1"'},
        )

    @router.get("/v1/settlements/{settlement_id}", **secured("his", "funds"))
    async def show(settlement_id: UUID) -> Response:
        return json_answer({"settlement_id": str(settlement_id)})

    @router.post("/v1/settlements/{settlement_id}/reversal", **secured("his", problems=(AlreadySettled,)))
    async def refuse(settlement_id: str) -> Response:
        raise AlreadySettled("somebody was faster", settlement_id=settlement_id)

    @router.get("/v1/settlements/{settlement_id}/slip", **secured("his"))
    async def slip(settlement_id: str) -> Response:
        assert settlement_id
        return Response(b"\x1f\x8bnot-really-gzip", headers={"Content-Encoding": "gzip"}, media_type="text/html")

    @router.get("/v1/slow", **secured("his"))
    async def slow() -> Response:
        await asyncio.sleep(1.5)
        return json_answer({})

    @router.get("/v1/empty", **secured("his"))
    async def empty() -> Response:
        return Response(status_code=204)

    @router.get("/internal/patient", **secured("service:identity"))
    async def patient() -> Response:
        return json_answer({"name": "must not leave"})

    return router


def a_public_router():
    router = public_router(tag="settlement")

    @router.get("/v1/slips/{code}", **public())
    async def verify(code: str, request: Request) -> Response:
        return json_answer({"code": code, "headers": dict(request.headers)})

    return router


@contextlib.asynccontextmanager
async def listening(app):
    """Serve an application on a free loopback port; gives its address."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, http="httptools", ws="none", lifespan="on", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[place]))
        while not server.started:
            assert not task.done(), "the application did not start"
            await asyncio.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{place.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@dataclass
class Clock:
    """A clock that tests set forward."""

    ahead: float = 0.0

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(utc_now().timestamp() + self.ahead, UTC)


@dataclass
class Suite:
    """The gateway as a test meets it."""

    client: httpx.AsyncClient
    database: Database
    settings: Settings
    app: object
    clock: Clock
    url: str

    async def token(self, client_id: str, secret: str = SECRET, **form: str) -> str:
        answer = await self.ask_token(client_id, secret, **form)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    async def ask_token(self, client_id: str, secret: str = SECRET, **form: str) -> httpx.Response:
        form = {"grant_type": "client_credentials", **form}
        return await self.client.post("/oauth/token", data=form, auth=httpx.BasicAuth(client_id, secret))

    async def bearer(self, client_id: str, **form: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.token(client_id, **form)}"}


def gateway_settings(database: Database, **changes) -> Settings:
    given = {
        "database_url": SecretStr(database.url),
        "cursor_key": SecretStr(KEY),
        "data_key": SecretStr(KEY),
        "upstream_seconds": 8.0,
        "max_body_bytes": 64 * 1024,
    }
    return Settings(**{**given, **changes})


async def register_everybody(database: Database) -> None:
    everybody, now = [*demo_clients(), service_client(service="identity")], utc_now()
    clients = [
        {
            "client_id": each.client_id,
            "scope": each.scope_text,
            "institution_code": each.institution_code,
            "county": each.county,
            "township": each.township,
            "created_at": now,
        }
        for each in everybody
    ]
    secrets = [
        {"secret_id": uuid4(), "client_id": each.client_id, "secret_hash": SECRET_HASH, "created_at": now}
        for each in everybody
    ]
    async with database.unit_of_work(Cause("test")) as uow:
        await uow.connection.execute(insert(tables.client), clients)
        await uow.connection.execute(insert(tables.client_secret), secrets)


@pytest.fixture
async def start_suite(fresh_database):
    """Return a function that starts the gateway with changed settings."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**changes) -> Suite:
            database = await fresh_database("gateway")
            await register_everybody(database)
            clock = Clock()
            service = await start_service(stack, fresh_database)
            settings = gateway_settings(database, settlement_url=service.url, **changes)
            app = create_app(settings, surface=the_surface(settings, service.app), clock=clock)
            url = await stack.enter_async_context(listening(app))
            service.keys_at(url)
            client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30))
            return Suite(client, database, settings, app, clock, url)

        yield start


@pytest.fixture
async def door(fresh_database):
    """The gateway alone, called within this process; for what it answers by itself."""
    database, clock = await fresh_database("gateway"), Clock()
    await register_everybody(database)
    settings = gateway_settings(database)
    app = create_app(settings, surface={"paths": {}}, clock=clock)
    async with client_of(app) as client:
        yield Suite(client, database, settings, app, clock, "")


def the_surface(settings, service_app):
    """Return the merged document, made by the first test that needs it."""
    if not SURFACE:
        bare = create_app(settings, surface={"paths": {}})
        SURFACE.update(merged({"settlement": service_app.openapi(), "gateway": bare.openapi()}))
    return SURFACE


@dataclass
class Service:
    """The small service behind the gateway."""

    app: object
    url: str
    keys: PublishedKeys

    def keys_at(self, gateway_url: str) -> None:
        self.keys._url = f"{gateway_url}/.well-known/jwks.json"


async def start_service(stack, fresh_database) -> Service:
    database = await fresh_database("kit")
    keys = PublishedKeys("http://127.0.0.1:1/")
    app = build_app(
        name="settlement",
        database=database,
        verifier=TokenVerifier(keys, issuer="yizhan", audience="yizhan", clock=utc_now),
        clock=utc_now,
        routers=[a_service_router(), a_public_router()],
        settings=ServiceSettings(database_url=SecretStr(database.url), cursor_key=SecretStr(KEY)),
    )
    return Service(app, await stack.enter_async_context(listening(app)), keys)


@pytest.fixture
async def suite(start_suite):
    """The gateway with its usual settings."""
    return await start_suite()
