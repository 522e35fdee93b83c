"""`/healthz` says the process lives; `/readyz` says whether it can serve, and names what it cannot reach."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.kit.db import Database

ReadyCheck = Callable[[], Awaitable[None]]
CHECK_SECONDS = 2.0
OUTBOX_PATIENCE_SECONDS = 30

_STUCK = """
SELECT recorded_at < now() - make_interval(secs => $1)
FROM outbox_pending JOIN outbox_event USING (log_id) ORDER BY log_id LIMIT 1
"""


class OutboxStuck(Exception):
    """Events have waited too long: the broker or the worker is away. Requests go on, the outbox absorbs it."""


def outbox_flows(database: Database) -> ReadyCheck:
    """Return the check that events leave; it degrades a process and never makes it unready."""

    async def check() -> None:
        async with database.engine.connect() as connection:
            stuck = (await connection.exec_driver_sql(_STUCK, (OUTBOX_PATIENCE_SECONDS,))).scalar_one_or_none()
        if stuck:
            raise OutboxStuck

    return check


def health_routes(needed: Mapping[str, ReadyCheck], wished: Mapping[str, ReadyCheck]) -> list[Route]:
    """Return the two routes; a failing needed check answers 503, a failing wished one 200 with `degraded`."""

    async def healthz(_request: Request) -> Response:
        return _answer(200, {"status": "alive"})

    async def readyz(request: Request) -> Response:
        if getattr(request.app.state, "is_stopping", False):
            return _answer(503, {"status": "stopping"})
        return _answer(*await judged(needed, wished))

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


async def judged(
    needed: Mapping[str, ReadyCheck], wished: Mapping[str, ReadyCheck]
) -> tuple[int, Mapping[str, object]]:
    """Return status and body of `/readyz`."""
    names = [*needed, *wished]
    results = await asyncio.gather(*(_passes(check) for check in (*needed.values(), *wished.values())))
    checks = {name: "ok" if passed else "failed" for name, passed in zip(names, results, strict=True)}
    if not all(results[: len(needed)]):
        return 503, {"status": "unavailable", "checks": checks}
    return 200, {"status": "ready" if all(results) else "degraded", "checks": checks}


def say_not_ready(app: Starlette) -> None:
    """Let `/readyz` say from now on that the process is about to end."""
    app.state.is_stopping = True


async def _passes(check: ReadyCheck) -> bool:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except Exception:  # noqa: BLE001 - whatever a check raises is its way to say no; the answer names the check
        return False
    return True


def _answer(status: int, value: Mapping[str, object]) -> Response:
    return Response(json.dumps(value).encode(), status, {"Cache-Control": "no-store"}, media_type="application/json")
