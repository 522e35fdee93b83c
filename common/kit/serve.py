"""Runs an application as a process: `serve(app, settings)` in a service's `app.py`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from prometheus_client import start_http_server
from starlette.types import ASGIApp

from common.kit.settings import ServiceSettings

GRACEFUL_SECONDS = 20
KEEP_ALIVE_SECONDS = 75


@contextmanager
def metrics_served(settings: ServiceSettings) -> Iterator[None]:
    """Serve /metrics on a port of its own while the block runs; port 0 serves none."""
    if not settings.metrics_port:
        yield
        return
    server, thread = start_http_server(settings.metrics_port, addr=settings.metrics_host)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def serve(app: ASGIApp, settings: ServiceSettings) -> None:
    """Listen until SIGTERM or Ctrl-C; running requests get 20 seconds to finish."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    with metrics_served(settings):
        uvicorn.Server(config).run()
