"""The way in: a call is judged at the door and passed on to the service that answers it, bytes as they are.

Order: 404 and 405 from the table, 413, 401, 403 scope, 429; what the body says is the service's to judge.
Next hop: services/settlement/api/discharges.py
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from common.core.errors import DomainError
from common.kit.auth import Caller
from common.kit.cause import Cause
from common.kit.problems import MalformedBody, status_of
from common.kit.routing import CALLER_SCOPE, announced_length, authorise, read_body
from common.kit.telemetry import CAUSE_SCOPE
from gateway.adapters.upstream import Answered, Asked, forwarded_headers
from gateway.api.deps import Door, call_entry
from gateway.domain.rate_limit import RateLimited
from gateway.domain.route import GATEWAY, Match, MethodNotAllowed, RouteUnknown

LONGEST_ADDRESS = 8192
_WITHOUT_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
_QUERY_SAFE = "%/:?@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class _Named:
    """Tells logs and metrics the template of the call instead of the catch-all's."""

    path: str


class Forwarder:
    """Answers every path that is not the gateway's own."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        match = self._find(request)
        scope["route"] = _Named(match.route.template)
        try:
            answered = await self._pass_on(request, match)
        except DomainError as refusal:
            await self._note_refusal(request, match, refusal)
            raise
        await self._note(request, match, answered.status)
        await _response_of(answered)(scope, receive, send)

    def _find(self, request: Request) -> Match:
        raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        if len(raw) + len(request.scope["query_string"]) > LONGEST_ADDRESS:
            raise MalformedBody(f"the address is longer than {LONGEST_ADDRESS} bytes")
        path = raw.partition(b"?")[0].decode("latin-1")
        try:
            match = self._door.table.find(method=request.method, raw_path=path)
        except MethodNotAllowed as refusal:
            raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": str(refusal.facts["allow"])}) from None
        if match.route.service == GATEWAY:
            raise RouteUnknown("there is nothing at this address")
        return match

    async def _pass_on(self, request: Request, match: Match) -> Answered:
        body = await self._admitted_body(request, match)
        cause: Cause = request.scope[CAUSE_SCOPE]
        headers = forwarded_headers(
            list(request.scope["headers"]), request_id=cause.correlation_id, traceparent=cause.traceparent
        )
        query = quote(request.scope["query_string"], safe=_QUERY_SAFE)
        return await self._door.upstreams.ask(
            Asked(match.route.service, request.method, match.path, query, headers, body)
        )

    async def _admitted_body(self, request: Request, match: Match) -> bytes:
        limit = self._door.max_body_bytes
        async with asyncio.timeout(self._door.body_seconds):
            if announced_length(request, limit) is None:
                await read_body(request, limit)
            if match.route.scopes:
                await authorise(request, match.route.scopes)
            self._door.rate_limit.take(client_id=_bucket_of(request), at_seconds=time.monotonic())
            return await read_body(request, limit)

    async def _note_refusal(self, request: Request, match: Match, refusal: DomainError) -> None:
        if not isinstance(refusal, RateLimited):
            await self._note(request, match, status_of(refusal))

    async def _note(self, request: Request, match: Match, status: int) -> None:
        """Write who did what; a call without a token is nobody's, and must not fill a record that is never deleted."""
        caller: Caller | None = request.scope.get(CALLER_SCOPE)
        if caller is None:
            return
        entry = call_entry(
            self._door,
            request,
            caller.client_id,
            route=match.route.template,
            status=status,
            parameters=match.parameters,
        )
        await self._door.audit.add(entry)


def _bucket_of(request: Request) -> str:
    """Return whose rate a call counts against: the client's, or that of the address a call without token comes from."""
    caller: Caller | None = request.scope.get(CALLER_SCOPE)
    if caller is not None:
        return caller.client_id
    return f"address {request.client.host if request.client else ''}"


def _response_of(answered: Answered) -> Response:
    response = Response(answered.body, answered.status)
    response.raw_headers = list(answered.headers)
    if answered.status not in _WITHOUT_BODY:
        response.raw_headers.append((b"content-length", str(len(answered.body)).encode()))
    return response
