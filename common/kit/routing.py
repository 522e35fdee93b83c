"""Routes that check a request before the framework reads it, in the promised order.

413 body too large, 401 token, 403 scope, 415 media type, 422 form. The body is parsed once, strictly, and handed to the
framework as parsed; unknown query parameters are refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from common.core.errors import DomainError, Refused
from common.kit.auth import Caller, NotYours, ScopeMissing, TokenInvalid
from common.kit.idempotency import HEADER, IdempotencyKeyMissing, IdempotencyKeyReused, InProgress
from common.kit.problems import MalformedBody, UpstreamUnavailable, document_problems
from common.kit.strict_json import parse_strict

CALLER_SCOPE = "yizhan.caller"
SCOPES = "x-scopes"
FORM_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")
JSON_TYPES = ("application/json",)
DEFAULT_MAX_BODY_BYTES = 8 * 1024 * 1024
DEFAULT_REQUEST_SECONDS = 8.0

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class BodyTooLarge(Refused):
    """The body is above the limit."""

    code = "body_too_large"
    zh = "请求内容过大"


class MediaTypeUnsupported(Refused):
    """The body is of a kind the route does not take."""

    code = "media_type_unsupported"
    zh = "不支持的内容类型"


_EVERY_ROUTE: tuple[type[DomainError], ...] = (
    BodyTooLarge,
    MediaTypeUnsupported,
    MalformedBody,
    UpstreamUnavailable,
)
_SECURED: tuple[type[DomainError], ...] = (TokenInvalid, ScopeMissing, NotYours)
_IDEMPOTENT: tuple[type[DomainError], ...] = (IdempotencyKeyMissing, IdempotencyKeyReused, InProgress)
_KEY_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "The client's choice; a repeat with the same key and body gets the first answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
}


def secured(*scopes: str, problems: Sequence[type[DomainError]] = (), idempotent: bool = False) -> dict[str, Any]:
    """Return what a route of a `secured_router` declares, to be passed on with `**`.

    Args:
        scopes: Any one of them suffices; at least one.
        problems: The errors of the field this route may answer, for the OpenAPI.
        idempotent: Whether the route needs an `Idempotency-Key` (and uses `answer_once`).
    """
    if not scopes:
        raise ValueError("a secured route names its scopes")
    extra: dict[str, Any] = {SCOPES: list(scopes), "security": [{"bearer": list(scopes)}]}
    if idempotent:
        extra["parameters"] = [_KEY_PARAMETER]
    told = (*_EVERY_ROUTE, *_SECURED, *(_IDEMPOTENT if idempotent else ()), *problems)
    return {"openapi_extra": extra, "responses": document_problems(told)}


def or_again(declared: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Return a route's declaration with the answer to a repeat: 200 with what the first call made."""
    again = {"model": model, "description": "The same as before: what the first call made"}
    return {**declared, "responses": {200: again, **declared["responses"]}}


def public(*, problems: Sequence[type[DomainError]] = ()) -> dict[str, Any]:
    """Return what a route of a `public_router` declares: nobody is asked for a token."""
    return {"openapi_extra": {SCOPES: []}, "responses": document_problems((*_EVERY_ROUTE, *problems))}


class CheckedRoute(APIRoute):
    """A route whose request is bounded and read strictly."""

    needs_token = False

    def get_route_handler(self) -> Handler:
        """Return the framework's handler with our checks in front."""
        inner = super().get_route_handler()
        known = _query_names(self)
        types = _media_types(self)
        scopes = _scopes_of(self) if self.needs_token else frozenset()

        async def checked(request: Request) -> Response:
            state = request.app.state
            limit = getattr(state, "max_body_bytes", DEFAULT_MAX_BODY_BYTES)
            async with asyncio.timeout(getattr(state, "request_seconds", DEFAULT_REQUEST_SECONDS)):
                length = announced_length(request, limit)
                if length is None:
                    await read_body(request, limit)
                if scopes:
                    await authorise(request, scopes)
                if types and length != 0:
                    await _read_typed(request, limit, types)
                elif length:
                    await read_body(request, limit)
                _check_query(request, known)
                return await inner(request)

        return checked


class SecuredRoute(CheckedRoute):
    """A checked route that asks for a token with one of its scopes."""

    needs_token = True


def secured_router(*, tag: str | None = None) -> APIRouter:
    """Return a router whose every route needs a token; its routes declare themselves with `**secured(...)`."""
    return APIRouter(route_class=SecuredRoute, redirect_slashes=False, tags=[tag] if tag else None)


def public_router(*, tag: str | None = None) -> APIRouter:
    """Return a router whose routes need no token: documents, the key set, the token endpoint."""
    return APIRouter(route_class=CheckedRoute, redirect_slashes=False, tags=[tag] if tag else None)


def _scopes_of(route: APIRoute) -> frozenset[str]:
    scopes = frozenset((route.openapi_extra or {}).get(SCOPES, ()))
    if not scopes:
        raise ValueError(f"{route.path} stands in a secured router without **secured(...)")
    return scopes


def _query_names(route: APIRoute) -> frozenset[str]:
    fields = get_flat_params(route.dependant)
    return frozenset(field.alias for field in fields if isinstance(field.field_info, params.Query))


def _media_types(route: APIRoute) -> tuple[str, ...]:
    if route.body_field is None:
        return ()
    return FORM_TYPES if isinstance(route.body_field.field_info, params.Form) else JSON_TYPES


def announced_length(request: Request, limit: int) -> int | None:
    """Return the body's announced length, 0 for none, None when it comes in pieces of unknown number."""
    announced = request.headers.get("content-length")
    if announced is not None and announced.isdecimal():
        if len(announced) > len(str(limit)) or int(announced) > limit:
            raise BodyTooLarge(f"the body is above {limit} bytes")
        return int(announced)
    return None if "transfer-encoding" in request.headers else 0


async def read_body(request: Request, limit: int) -> bytes:
    """Read the whole body, bounded, and keep it in the request as Starlette itself would."""
    if hasattr(request, "_body"):
        return await request.body()
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise BodyTooLarge(f"the body is above {limit} bytes")
        pieces.append(piece)
    request._body = b"".join(pieces)  # noqa: SLF001 - Starlette's own cache; keeps the body from being read twice
    return request._body  # noqa: SLF001 - the same


async def authorise(request: Request, scopes: frozenset[str]) -> None:
    """Let the request pass when its token has one of the scopes, and note the caller in it."""
    caller: Caller = await request.app.state.verifier.caller_of(request.headers.get("authorization"))
    request.scope[CALLER_SCOPE] = caller
    if scopes.isdisjoint(caller.scopes):
        raise ScopeMissing("the token needs one of the scopes " + " ".join(sorted(scopes)))


async def _read_typed(request: Request, limit: int, types: tuple[str, ...]) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in types:
        if not await read_body(request, limit):
            return
        raise MediaTypeUnsupported("this route takes " + " or ".join(types))
    body = await read_body(request, limit)
    if body and types is JSON_TYPES:
        # Starlette's cache of the parsed body; FastAPI takes it from there and does not parse again.
        request._json = parse_strict(body)  # noqa: SLF001 - see above


def _check_query(request: Request, known: frozenset[str]) -> None:
    if "\x00" in request.scope["path"]:
        detail = "the path contains NUL"
        raise MalformedBody(detail, errors=[{"pointer": "path", "code": "text_invalid", "detail": detail}])
    if not request.scope["query_string"]:
        return
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise _refused_parameter(name, "unknown_parameter", "unknown query parameter")
        if "\x00" in value:
            raise _refused_parameter(name, "text_invalid", "a text must not contain NUL")


def _refused_parameter(name: str, code: str, detail: str) -> MalformedBody:
    return MalformedBody(detail, errors=[{"pointer": f"query:{name[:100]}", "code": code, "detail": detail}])
