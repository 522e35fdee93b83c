"""A repeated request gets the first answer, byte for byte (events.md section 14).

The record is written in the transaction of the effect: a crash leaves both or nothing, a refusal leaves nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from common.core.errors import Conflict, Refused
from common.kit.auth import Caller
from common.kit.db import UnitOfWork
from common.kit.statements import fetch, fetch_one

HEADER = "Idempotency-Key"
KEPT_DAYS = 30
_SHAPE = re.compile(r"[\x20-\x7e]{1,128}")

_LOCK = "SELECT pg_try_advisory_xact_lock($1) AS is_held"
_FIND = """
SELECT fingerprint, status, body FROM idempotency_record WHERE caller = $1 AND method = $2 AND route = $3 AND key = $4
"""
_KEEP = """
INSERT INTO idempotency_record (caller, method, route, key, fingerprint, status, body)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_FORGET = "DELETE FROM idempotency_record WHERE created_at < now() - make_interval(days => $1)"


class IdempotencyKeyMissing(Refused):
    """The request moves money and needs a key of 1 to 128 printable ASCII characters."""

    code = "idempotency_key_missing"
    zh = "缺少 Idempotency-Key，或其格式不正确"


class IdempotencyKeyReused(Conflict):
    """The key was used for another body; a new request needs a new key."""

    code = "idempotency_key_reused"
    zh = "同一个 Idempotency-Key 已用于其他请求"


class InProgress(Conflict):
    """The first call with this key is still running."""

    code = "in_progress"
    zh = "同一请求正在处理中，请稍后重试"


def require_key(request: Request) -> str:
    """Return the request's idempotency key; call it before the check of ownership.

    Raises:
        IdempotencyKeyMissing: If there is none or it is not 1 to 128 printable ASCII characters.
    """
    given = request.headers.getlist(HEADER)
    if len(given) != 1 or not _SHAPE.fullmatch(given[0]):
        raise IdempotencyKeyMissing(f"{HEADER} of 1 to 128 printable ASCII characters is needed")
    return given[0]


async def answer_once(
    uow: UnitOfWork,
    request: Request,
    caller: Caller,
    body: BaseModel | Mapping[str, object] | bytes,
    effect: Callable[[], Awaitable[Response]],
) -> Response:
    """Answer a request whose effect happens once.

    Args:
        uow: The transaction of the effect.
        request: Gives method, route, path and key.
        caller: A key belongs to one caller.
        body: The request in its canonical form: whatever is equal here counts as the same request.
        effect: Does the work and returns the answer; only a 2xx is kept.

    Raises:
        IdempotencyKeyMissing: If the key is missing or ill-formed.
        IdempotencyKeyReused: If the key answered another body.
        InProgress: If the first call is still running.
    """
    place = (caller.client_id, request.method, _route_of(request), require_key(request))
    lock = await fetch_one(uow.connection, _LOCK, _lock_number(place))
    if lock is None or not lock.is_held:
        raise InProgress("the first call with this key is still running", retry_after_seconds=1)
    fingerprint = _fingerprint(request.url.path, body)
    kept = await fetch_one(uow.connection, _FIND, *place)
    if kept is not None:
        return _replay(kept.fingerprint, fingerprint, kept.status, kept.body)
    answer = await effect()
    if HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
        await fetch(uow.connection, _KEEP, *place, fingerprint, answer.status_code, bytes(answer.body))
    return answer


def _replay(kept_fingerprint: bytes, fingerprint: bytes, status: int, body: bytes) -> Response:
    if kept_fingerprint != fingerprint:
        raise IdempotencyKeyReused("this key already answered another request")
    return Response(body, status, {"Idempotent-Replayed": "true"}, media_type="application/json")


def _route_of(request: Request) -> str:
    route = request.scope.get("route")
    return str(getattr(route, "path", request.url.path))


def _fingerprint(path: str, body: BaseModel | Mapping[str, object] | bytes) -> bytes:
    if not isinstance(body, bytes):
        value = body.model_dump(mode="json") if isinstance(body, BaseModel) else body
        body = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()
    return hashlib.sha256(path.encode() + b"\x00" + body).digest()


def _lock_number(place: tuple[str, ...]) -> int:
    return int.from_bytes(hashlib.sha256("\x1f".join(place).encode()).digest()[:8], "big", signed=True)
