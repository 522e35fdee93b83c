"""The gateway's HTTP process: the only door (网关), both ways.

Next hop: gateway/api/forward.py
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route as HttpRoute

from common.kit.cause import Cause
from common.kit.clock import Clock, utc_now
from common.kit.db import Database
from common.kit.http import build_app
from common.kit.operations_api import operations_router
from common.kit.serve import database_of, serve
from common.kit.settings import load_settings
from gateway.adapters.audit_log import AuditLog
from gateway.adapters.clients import ClientDirectory
from gateway.adapters.secret import SecretChecker
from gateway.adapters.signing_keys import SigningKeys
from gateway.adapters.upstream import Upstreams
from gateway.adapters.verifier import DoorVerifier
from gateway.api import audit, events, token
from gateway.api.deps import LIMITED, NOTED, Door
from gateway.api.documents import documents_router
from gateway.api.forward import Forwarder
from gateway.domain.rate_limit import RateLimit
from gateway.domain.route import GATEWAY, RouteTable, routes_of
from gateway.settings import Settings
from gateway.usecases.issue_token import Issuer
from gateway.usecases.keep_signing_key import keep_signing_key

SURFACE = Path(__file__).with_name("openapi.json")


def create_app(settings: Settings, *, surface: Mapping[str, Any] | None = None, clock: Clock = utc_now) -> FastAPI:
    """Return the application.

    Args:
        settings: Addresses, limits and keys.
        surface: OpenAPI document that is served and gives the forwarding table; None takes the committed one.
        clock: Where the present comes from.
    """
    document = json.loads(SURFACE.read_text()) if surface is None else surface
    database = database_of(settings, name="gateway-app")
    directory = ClientDirectory(database)
    keys = SigningKeys(database, data_key=settings.data_key_bytes, clock=clock)
    door = _door(settings, database=database, directory=directory, keys=keys, document=document, clock=clock)

    @asynccontextmanager
    async def opened(_app: FastAPI) -> AsyncIterator[None]:
        async with database.unit_of_work(Cause("start")) as uow:
            await keep_signing_key(uow=uow, data_key=settings.data_key_bytes, now=clock())
        yield
        await door.audit.close()
        await door.upstreams.close()

    app = build_app(
        name="gateway",
        database=database,
        verifier=DoorVerifier(
            keys, directory, issuer=settings.token_issuer, audience=settings.token_audience, clock=clock
        ),
        clock=clock,
        routers=[
            token.router,
            events.router,
            audit.router,
            operations_router(GATEWAY, dependencies=[*LIMITED, *NOTED]),
            documents_router(document),
        ],
        settings=settings,
        lifespan_parts=[opened],
    )
    app.state.door = door
    # The last route takes what no other took: the calls of the services, and what is wrong with a path.
    app.routes.append(HttpRoute("/{path:path}", Forwarder(door), include_in_schema=False))
    return app


def _door(
    settings: Settings,
    *,
    database: Database,
    directory: ClientDirectory,
    keys: SigningKeys,
    document: Mapping[str, Any],
    clock: Clock,
) -> Door:
    return Door(
        issuer=Issuer(settings.token_issuer, settings.token_audience, directory, SecretChecker(), keys),
        rate_limit=RateLimit(per_second=settings.calls_per_second),
        audit=AuditLog(database),
        upstreams=Upstreams(settings.upstreams, timeout_seconds=settings.upstream_seconds),
        table=RouteTable(routes_of(document)),
        clock=clock,
        max_body_bytes=settings.max_body_bytes,
        body_seconds=settings.request_seconds,
    )


def main() -> None:
    """Run the process."""
    settings = load_settings(Settings)
    serve(create_app(settings), settings)


if __name__ == "__main__":
    main()
