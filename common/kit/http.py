"""The HTTP process of a service: one application factory, and what routes are given (Uow, Now, CurrentCaller).

A service's `api/deps.py` passes these names on and adds its own.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from common.core.errors import DomainError
from common.kit.auth import Caller, TokenVerifier
from common.kit.cause import Cause
from common.kit.clock import Clock
from common.kit.db import Database, UnitOfWork
from common.kit.failpoints import failpoint
from common.kit.health import ReadyCheck, health_routes, outbox_flows
from common.kit.names import DOOR
from common.kit.problems import PROBLEM_SCHEMA, problem
from common.kit.producer_api import router as producer_router
from common.kit.routing import CALLER_SCOPE, or_again, public, public_router, secured, secured_router
from common.kit.settings import ServiceSettings
from common.kit.telemetry import CAUSE_SCOPE, Telemetry, trace_id_of

__all__ = [
    "CurrentCaller",
    "CurrentCause",
    "CursorKey",
    "Now",
    "Uow",
    "build_app",
    "json_answer",
    "or_again",
    "public",
    "public_router",
    "secured",
    "secured_router",
]

LifespanPart = Callable[[FastAPI], AbstractAsyncContextManager[None]]


async def _unit_of_work(request: Request) -> AsyncIterator[UnitOfWork]:
    database: Database = request.app.state.database
    async with database.unit_of_work(request.scope[CAUSE_SCOPE]) as uow:
        failpoint("api.after_begin")
        yield uow
        failpoint("api.after_effect")
        await uow.flush()
        failpoint("api.after_outbox")
    failpoint("api.after_commit_before_response")


async def _now(request: Request) -> datetime:
    clock: Clock = request.app.state.clock
    return clock()


async def _caller(request: Request) -> Caller:
    caller: Caller = request.scope[CALLER_SCOPE]
    return caller


async def _cause(request: Request) -> Cause:
    cause: Cause = request.scope[CAUSE_SCOPE]
    return cause


async def _cursor_key(request: Request) -> bytes:
    key: bytes = request.app.state.cursor_key
    return key


# With the default scope FastAPI sends the 2xx first and commits afterwards: a failing commit would look like success.
Uow = Annotated[UnitOfWork, Depends(_unit_of_work, scope="function")]
Now = Annotated[datetime, Depends(_now)]
CurrentCaller = Annotated[Caller, Depends(_caller)]
CurrentCause = Annotated[Cause, Depends(_cause)]
CursorKey = Annotated[bytes, Depends(_cursor_key)]


def json_answer(
    value: BaseModel | Mapping[str, Any] | Sequence[Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a JSON answer as ready bytes, so that it can be kept and replayed byte for byte."""
    if isinstance(value, BaseModel):
        body = value.model_dump_json().encode()
    else:
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return Response(body, status, headers, media_type="application/json")


def build_app(
    *,
    name: str,
    database: Database,
    verifier: TokenVerifier,
    clock: Clock,
    routers: Sequence[APIRouter],
    settings: ServiceSettings,
    readiness: Mapping[str, ReadyCheck] | None = None,
    lifespan_parts: Sequence[LifespanPart] = (),
) -> FastAPI:
    """Return the application of one HTTP process.

    Args:
        name: The service, also the tag of its routes in the OpenAPI.
        database: Its own database, closed when the application ends.
        verifier: Checks tokens; its key source is closed too where it can be.
        clock: Where `Now` comes from.
        routers: Made by `secured_router` and `public_router`; they hold full paths.
        settings: Limits and the cursor key are read from here.
        readiness: Further checks without which the process cannot serve; the database is always
            checked, and the outbox too, which only degrades.
        lifespan_parts: What lives as long as the application, entered in order and left in reverse.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.close)
            if hasattr(verifier.keys, "close"):
                stack.push_async_callback(verifier.keys.close)
            for part in lifespan_parts:
                await stack.enter_async_context(part(app))
            yield

    app = FastAPI(
        title=f"yizhan {name}",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.name = name
    app.state.database = database
    app.state.verifier = verifier
    app.state.clock = clock
    app.state.cursor_key = bytes.fromhex(settings.cursor_key.get_secret_value())
    app.state.heads_age_seconds = settings.heads_age_seconds
    app.state.max_body_bytes = settings.max_body_bytes
    app.state.request_seconds = settings.request_seconds
    for router in routers if name == DOOR else (*routers, producer_router):
        app.include_router(router)
    app.routes.extend(
        health_routes({"database": database.ping, **(readiness or {})}, {"broker": outbox_flows(database)})
    )
    for kind in (DomainError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _answer_problem)
    app.add_middleware(Telemetry)
    _describe(app, name)
    return app


async def _answer_problem(request: Request, error: Exception) -> Response:
    accept_language = request.headers.get("accept-language", "")
    return problem(error, accept_language=accept_language, trace_id=trace_id_of(request.scope[CAUSE_SCOPE]))


def _describe(app: FastAPI, name: str) -> None:
    """Add to the generated OpenAPI what routes refer to, and tag untagged routes with the service."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        components = document.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = dict(PROBLEM_SCHEMA)
        components.setdefault("securitySchemes", {})["bearer"] = {"type": "http", "scheme": "bearer"}
        for operations in document.get("paths", {}).values():
            for operation in operations.values():
                operation.setdefault("tags", [name])
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend its document
