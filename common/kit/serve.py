"""Runs processes: `serve(app, settings)` in a service's `app.py`, `work(main, settings)` in its `worker.py`.

The two builders at the end make what every process needs out of its settings.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog
import uvicorn
import uvloop
from prometheus_client import start_http_server
from starlette.applications import Starlette

from common.kit.auth import PublishedKeys, TokenVerifier
from common.kit.clock import Clock
from common.kit.db import Database
from common.kit.failpoints import arm
from common.kit.health import say_not_ready
from common.kit.liveness import STUCK_STATUS, ConsumerStuck
from common.kit.settings import ServiceSettings
from common.kit.telemetry import configure_logging
from common.kit.watchdog import end_within, watched

NOT_READY_SECONDS = 0.5
GRACEFUL_SECONDS = 20
KEEP_ALIVE_SECONDS = 75

log = structlog.get_logger(__name__)


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


class _Server(uvicorn.Server):
    """Says that it is not ready before it closes the door, and is watched all the while."""

    def __init__(self, config: uvicorn.Config, app: Starlette) -> None:
        super().__init__(config)
        self._app = app

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve under the watchdog."""
        with watched(asyncio.get_running_loop()):
            await super().serve(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Say whether to end; who asks for readiness hears of it first, and calls somebody else meanwhile."""
        if not await super().on_tick(counter):
            return False
        end_within()
        say_not_ready(self._app)
        await asyncio.sleep(NOT_READY_SECONDS)
        return True


def serve(app: Starlette, settings: ServiceSettings) -> None:
    """Listen until SIGTERM or Ctrl-C; running requests get 20 seconds to finish, everything together 45."""
    configure_logging(settings.log_level)
    arm(settings.failpoint)
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
        _Server(config, app).run()


def work(main: Callable[[], Awaitable[None]], settings: ServiceSettings) -> None:
    """Run a worker's main function, which returns when it was asked to stop.

    Status 75 says that its consumer was stuck, 76 that its loop stood still, 1 that it could not end in time.
    """
    configure_logging(settings.log_level)
    arm(settings.failpoint)

    async def run() -> None:
        with watched(asyncio.get_running_loop()):
            await main()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(run())
        except ConsumerStuck as stuck:
            log.critical("consumer_stuck", error=str(stuck))
            sys.exit(STUCK_STATUS)


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
