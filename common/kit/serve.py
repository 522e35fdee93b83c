"""Runs processes: `serve(app, settings)` in a service's `app.py`, `work(main, settings)` in its `worker.py`.

The two builders at the end make what every process needs out of its settings.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn
import uvloop
from prometheus_client import start_http_server
from starlette.types import ASGIApp

from common.kit.auth import PublishedKeys, TokenVerifier
from common.kit.clock import Clock
from common.kit.db import Database
from common.kit.settings import ServiceSettings
from common.kit.telemetry import configure_logging

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
    configure_logging(settings.log_level)
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
    for number in (signal.SIGTERM, signal.SIGINT):
        # The server raises the signal again after its graceful stop; an orderly end is status 0.
        signal.signal(number, lambda *_: None)
    with metrics_served(settings):
        uvicorn.Server(config).run()


def work(main: Callable[[], Awaitable[None]], settings: ServiceSettings) -> None:
    """Run a worker's main function, which returns when it was asked to stop."""
    configure_logging(settings.log_level)

    async def run() -> None:
        await main()

    with metrics_served(settings), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def database_of(settings: ServiceSettings, *, name: str) -> Database:
    """Return the pool to the process's own database, shown there under the name."""
    return Database(
        settings.database_url.get_secret_value(), pool_size=settings.database_pool_size, application_name=name
    )


def verifier_of(settings: ServiceSettings, clock: Clock) -> TokenVerifier:
    """Return the verifier that reads the gateway's key set."""
    return TokenVerifier(
        PublishedKeys(settings.jwks_url), issuer=settings.token_issuer, audience=settings.token_audience, clock=clock
    )
