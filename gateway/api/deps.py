"""What the gateway's routes are given: the kit's names, the door's own parts, the rate limit and the audit record."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from common.kit.cause import Cause
from common.kit.clock import Clock
from common.kit.http import (
    CurrentCaller,
    CurrentCause,
    CursorKey,
    Now,
    Uow,
    json_answer,
    public,
    public_router,
    secured,
    secured_router,
)
from common.kit.telemetry import CAUSE_SCOPE
from gateway.adapters.audit_log import AuditLog, add_entries
from gateway.adapters.upstream import Upstreams
from gateway.domain.rate_limit import RateLimit
from gateway.domain.route import RouteTable
from gateway.domain.trail import AuditEntry, resource_ids
from gateway.usecases.issue_token import Issuer

__all__ = [
    "LIMITED",
    "NOTED",
    "CurrentCaller",
    "CurrentCause",
    "CurrentDoor",
    "CursorKey",
    "Door",
    "Now",
    "Uow",
    "call_entry",
    "json_answer",
    "public",
    "public_router",
    "secured",
    "secured_router",
]


@dataclass(frozen=True, slots=True)
class Door:
    """The parts of this process that live as long as it does.

    Attributes:
        max_body_bytes: Largest body that is taken in.
        body_seconds: Longest time a client may take to send it.
    """

    issuer: Issuer
    rate_limit: RateLimit
    audit: AuditLog
    upstreams: Upstreams
    table: RouteTable
    clock: Clock
    max_body_bytes: int
    body_seconds: float


async def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


CurrentDoor = Annotated[Door, Depends(_door)]


async def _limited(door: CurrentDoor, caller: CurrentCaller) -> None:
    door.rate_limit.take(client_id=caller.client_id, at_seconds=time.monotonic())


LIMITED = [Depends(_limited)]
"""Dependencies of a route of the gateway's own that counts against the client's rate."""


def call_entry(
    door: Door, request: Request, client_id: str, *, route: str, status: int, parameters: Mapping[str, str]
) -> AuditEntry:
    """Return what the audit record says about a call."""
    cause: Cause = request.scope[CAUSE_SCOPE]
    return AuditEntry(
        happened_at=door.clock(),
        client_id=client_id,
        method=request.method,
        route=route,
        resource_ids=resource_ids(parameters=parameters),
        status=status,
        request_id=cause.correlation_id,
    )


async def _note(request: Request, uow: Uow, door: CurrentDoor, caller: CurrentCaller) -> None:
    route, parameters = request.scope["route"].path, request.path_params
    entry = call_entry(door, request, caller.client_id, route=route, status=200, parameters=parameters)
    await add_entries(uow.connection, [entry])


NOTED = [Depends(_note)]
"""Dependencies of a call of the gateway's own: the entry commits with it, or the call fails and neither stays."""
