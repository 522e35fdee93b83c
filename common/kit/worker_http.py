"""What a worker answers over HTTP (events.md section 10): /metrics, /healthz and /readyz, by a thread of its own.

`/healthz` says that the loop turns, `/readyz` what the worker can reach; both ask the loop, so a hanging one cannot
answer for itself.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from common.kit.settings import ServiceSettings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

ANSWER_SECONDS = 4.0
Judge = Callable[[], Awaitable[tuple[int, Mapping[str, object]]]]
_REASONS = {200: "200 OK", 404: "404 Not Found", 503: "503 Service Unavailable"}


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing: who asks for health asks every few seconds."""


class _Door:
    """Answers from the server's threads, asking the worker's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, judge: Judge) -> None:
        self._loop = loop
        self._judge = judge
        self._metrics = make_wsgi_app()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            found: Iterable[bytes] = self._metrics(environ, start_response)
            return found
        if path == "/healthz":
            status, body = self._asked(_turns)
        elif path == "/readyz":
            status, body = self._asked(self._judge)
        else:
            status, body = 404, {"status": "unknown", "paths": ["/metrics", "/healthz", "/readyz"]}
        start_response(_REASONS[status], [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
        return [json.dumps(body).encode()]

    def _asked(self, judge: Judge) -> tuple[int, Mapping[str, object]]:
        asked = asyncio.run_coroutine_threadsafe(_awaited(judge), self._loop)
        try:
            return asked.result(ANSWER_SECONDS)
        except TimeoutError:
            asked.cancel()
            return 503, {"status": "hanging"}


@contextmanager
def answering(settings: ServiceSettings, judge: Judge) -> Iterator[None]:
    """Answer on the metrics port while the block runs; port 0 answers nothing. Called on the worker's loop."""
    if not settings.metrics_port:
        yield
        return
    door: Any = _Door(asyncio.get_running_loop(), judge)
    server = make_server(settings.metrics_host, settings.metrics_port, door, _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, name="worker-http", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(ANSWER_SECONDS)


async def _awaited(judge: Judge) -> tuple[int, Mapping[str, object]]:
    return await judge()


async def _turns() -> tuple[int, Mapping[str, object]]:
    return 200, {"status": "alive"}
