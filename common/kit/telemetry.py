"""What a process tells about itself: JSON logs, Prometheus metrics, and the request id and trace every call carries.

Log events are static text plus fields. Bodies, names and numbers of people are never logged; paths only as templates.
"""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
import uuid
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.kit.cause import Cause
from common.kit.problems import as_domain_error, problem, status_of

TRACE_PLACES = 12
CAUSE_SCOPE = "yizhan.cause"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:@/+=-]{1,128}")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_QUIET = frozenset({"/healthz", "/readyz"})
_SERVER_ERROR = 500

REQUESTS = Counter("http_requests_total", "Requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "http_request_seconds",
    "Time from the first byte in to the last byte out",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10),
)

log = structlog.get_logger("common.kit.http")


def configure_logging(level: str = "info") -> None:
    """Send every log line of the process, libraries included, to standard output as one JSON object per line."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace_without_values,
    ]
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "aiokafka", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _trace_without_values(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Replace an exception by its type and the places it passed; messages and variables may hold personal data."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-TRACE_PLACES:]
        event["error"] = type(error).__qualname__
        event["places"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def cause_from(request_id: str, traceparent: str) -> Cause:
    """Return the cause of a call: what the caller sent where it is well formed, else newly made ids."""
    if not _REQUEST_ID.fullmatch(request_id):
        request_id = uuid.uuid4().hex
    if not _TRACEPARENT.fullmatch(traceparent):
        traceparent = f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"
    return Cause(request_id, None, traceparent)


class Telemetry:
    """The outermost layer: ids in and out, one log line, one measurement, no error without an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        call = _Call(scope, send)
        try:
            await self.app(scope, receive, call.send)
        except ClientDisconnect:
            call.status = call.status or 499
        except Exception as error:
            if call.status:
                raise
            await self._answer_fault(error, call, receive)
        finally:
            call.finish()

    @staticmethod
    async def _answer_fault(error: Exception, call: _Call, receive: Receive) -> None:
        if status_of(as_domain_error(error)) == _SERVER_ERROR:
            log.error("request failed", exc_info=error, request_id=call.cause.correlation_id)
        response = problem(error, accept_language=call.header(b"accept-language"), trace_id=trace_id_of(call.cause))
        await response(call.scope, receive, call.send)


class _Call:
    """One request on its way through the process."""

    __slots__ = ("_began", "_headers", "_send", "cause", "scope", "status")

    def __init__(self, scope: Scope, send: Send) -> None:
        self._began = time.perf_counter()
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._send = send
        self.scope = scope
        self.status = 0
        self.cause = cause_from(self.header(b"x-request-id"), self.header(b"traceparent"))
        scope[CAUSE_SCOPE] = self.cause
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=self.cause.correlation_id)

    def header(self, name: bytes) -> str:
        return self._headers.get(name, b"").decode("latin-1")

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [
                *message.get("headers", ()),
                (b"x-request-id", self.cause.correlation_id.encode()),
                (b"traceparent", (self.cause.traceparent or "").encode()),
            ]
        await self._send(message)

    def finish(self) -> None:
        seconds = time.perf_counter() - self._began
        route = getattr(self.scope.get("route"), "path", "")
        method = self.scope["method"] if route else "-"
        REQUESTS.labels(method, route, self.status).inc()
        REQUEST_SECONDS.labels(method, route).observe(seconds)
        if route not in _QUIET:
            log.info(
                "request answered",
                method=self.scope["method"],
                route=route,
                status=self.status,
                milliseconds=round(seconds * 1000, 1),
                client_id=getattr(self.scope.get("yizhan.caller"), "client_id", None),
            )


def trace_id_of(cause: Cause) -> str:
    """Return the trace id inside a cause's traceparent, else its correlation id."""
    return cause.traceparent.split("-")[1] if cause.traceparent else cause.correlation_id
