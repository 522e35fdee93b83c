"""`make run`: the whole suite on one machine, without anything installed but Python.

PostgreSQL, migrations, the gateway and every service with its worker as processes of their own, then the demo world.
Everything it keeps lies in DATA_DIR; a second run continues with it. Ctrl-C or SIGTERM ends everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import httpx

from common.kit.child_process import die_with_parent
from common.kit.postgres_place import ServerUnavailable, place_for
from common.kit.postgres_server import PostgresServer, environment
from local.databases import LoginTooWeak, prepare_databases
from local.environments import HOST, Installation, base_environment, choose_ports, is_taken
from local.keys import DATABASES, OWNERS, SERVICES, load_keys
from local.supervisor import Child, Program, Supervisor
from local.wishes import StartFailed, Wishes

READY_SECONDS = 60.0
CLIENTS_FILE = "demo-clients.json"
_POSTGRES = "postgres"


def say(text: str) -> None:
    """Print one line for the person at the console."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def hold(data_dir: Path) -> IO[str]:
    """Take the data directory for this run alone.

    Raises:
        StartFailed: If another run has it, or it cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "lock").open("a", encoding="utf-8")
    except OSError as error:
        raise StartFailed(f"DATA_DIR {data_dir} cannot be used: {error.strerror}; choose another") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StartFailed(f"another run uses {data_dir}; end it first, or choose another DATA_DIR") from None
    return lock


class Run:
    """One run from the first line to the last."""

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self._supervisor = Supervisor(wishes.data_dir / "logs", say)
        self._server: PostgresServer | None = None
        self._began = time.monotonic()

    async def start(self) -> None:
        """Bring everything up, in order; returns when the suite is ready and the demo world is loaded."""
        wishes = self._wishes
        if is_taken(wishes.port):
            raise StartFailed(f"port {wishes.port} is taken; choose another: make run PORT=8080")
        keys = load_keys(wishes.data_dir / "secrets")
        admin_url = wishes.database_url or await self._start_postgres()
        passwords = {name: keys[f"{name}_database_password"] for name in DATABASES}
        databases = await prepare_databases(admin_url, passwords)
        installation = Installation(databases, keys, choose_ports(wishes.port), wishes.kafka_bootstrap)
        await self._prepare(installation)
        await self._start_processes(installation)
        self._tell(installation)
        await self._load_demo(installation)

    async def stop(self) -> None:
        """End every process, the database last."""
        say("ending ...")
        await self._supervisor.stop(last=[_POSTGRES])
        self.release()
        say("everything has ended; `make run` continues with the same data")

    def release(self) -> None:
        """Give the server's directory back; until then no other process may start a server on it."""
        if self._server is not None:
            self._server.release()

    async def _start_postgres(self) -> str:
        server = self._server = PostgresServer(place_for(self._wishes.data_dir))
        server.prepare()
        child = self._supervisor.start(
            Program(
                _POSTGRES,
                server.command(),
                environment(),
                stop_signal=signal.SIGINT,
                orphan_signal=signal.SIGINT,
                run_as=server.place.run_as(),
            )
        )
        deadline = time.monotonic() + READY_SECONDS
        while child.pid is None or not server.is_ready(child.pid):
            if time.monotonic() > deadline:
                raise StartFailed(f"PostgreSQL did not come up; see {self._wishes.data_dir / 'logs' / 'postgres.log'}")
            await asyncio.sleep(0.05)
        say(f"PostgreSQL runs on {HOST}:{server.port}, data in {server.place.home}")
        return server.url()

    async def _prepare(self, installation: Installation) -> None:
        """Migrate, and make the broker's tables or topics, before any process starts."""
        urls = {f"{name.upper()}_DATABASE_URL": installation.databases[name] for name in OWNERS}
        broker = ["common.kit.topics"] if installation.kafka_bootstrap else ["common.kit.broker_store", "create"]
        await asyncio.gather(
            _once(["common.kit.migrations", "upgrade", "all"], urls),
            _once(broker, installation.broker()),
        )
        say("databases are migrated")

    async def _enter_clients(self, installation: Installation) -> None:
        """Enter our own and the demo clients; their file is there before the gateway answers."""
        secrets = {f"{name.upper()}_CLIENT_SECRET": installation.keys[f"{name}_client_secret"] for name in OWNERS}
        await _once(
            ["gateway.clients", "provision", "--out", str(self._wishes.data_dir / CLIENTS_FILE)],
            installation.environment("gateway", "app") | secrets,
        )

    async def _start_processes(self, installation: Installation) -> None:
        """Start the services and every worker, and the gateway when the services behind it answer."""
        apps = [self._start_one(installation, name, "app") for name in SERVICES]
        for name in OWNERS:
            self._start_one(installation, name, "worker")
        await asyncio.gather(self._enter_clients(installation), self._wait_ready(installation, SERVICES, apps))
        gateway = self._start_one(installation, "gateway", "app")
        await self._wait_ready(installation, ["gateway"], [gateway])

    def _start_one(self, installation: Installation, name: str, role: str) -> Child:
        module = f"gateway.{role}" if name == "gateway" else f"services.{name}.{role}"
        return self._supervisor.start(
            Program(f"{name}-{role}", [sys.executable, "-m", module], installation.environment(name, role))
        )

    async def _wait_ready(self, installation: Installation, names: Sequence[str], apps: Sequence[Child]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        waiting = dict(zip(names, apps, strict=True))
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            while waiting:
                for name in list(waiting):
                    with contextlib.suppress(httpx.HTTPError):
                        if (await client.get(f"{installation.url_of(name)}/readyz")).is_success:
                            del waiting[name]
                if time.monotonic() > deadline:
                    raise StartFailed(f"not ready: {', '.join(waiting)}; see {self._wishes.data_dir / 'logs'}")
                await asyncio.sleep(0.05)

    def _tell(self, installation: Installation) -> None:
        places = {
            f"{name}-{role}": {
                "address": installation.url_of(name) if role == "app" else None,
                "metrics": f"http://{HOST}:{installation.ports[f'{name}-{role}']}/metrics",
            }
            for name in OWNERS
            for role in ("app", "worker")
        }
        path = self._wishes.data_dir / "processes.json"
        path.write_text(json.dumps(places, indent=2) + "\n", encoding="utf-8")
        broker = f"Kafka at {installation.kafka_bootstrap}" if installation.kafka_bootstrap else "the embedded broker"
        say(f"ready in {time.monotonic() - self._began:.0f} s on {broker}")
        say(f"  gateway        {installation.url_of('gateway')}   (documentation under /docs)")
        say(f"  demo clients   {self._wishes.data_dir / CLIENTS_FILE}")
        say(f"  logs           {self._wishes.data_dir / 'logs'}/   addresses and metrics: {path}")

    async def _load_demo(self, installation: Installation) -> None:
        """Load the demo world; the loader itself knows what is there already."""
        if self._wishes.demo is None:
            return
        url, clients = installation.url_of("gateway"), self._wishes.data_dir / CLIENTS_FILE
        try:
            await _once(
                ["local.demo_load", "--base-url", url, "--clients", str(clients), *self._wishes.demo], {}, quiet=False
            )
        except StartFailed as failure:
            say(f"!! the demo world is not complete; the next `make run` goes on with it. {failure}")
            return
        say("everything runs; Ctrl-C ends it")


async def _once(module: Sequence[str], settings: dict[str, str], *, quiet: bool = True) -> None:
    """Run one of our modules to its end.

    Raises:
        StartFailed: If it fails; the text ends with its last lines.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *module,
        env=base_environment() | settings,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE if quiet else None,
        stderr=asyncio.subprocess.STDOUT if quiet else None,
        process_group=0,
        preexec_fn=die_with_parent(),
    )
    try:
        said, _ = await process.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    if process.returncode != 0:
        last = "\n".join((said or b"").decode("utf-8", "replace").splitlines()[-12:])
        raise StartFailed(f"{module[0]} ended with status {process.returncode}\n{last}".rstrip())


async def run(wishes: Wishes) -> int:
    """Run until a signal comes; return the status to end with."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN or number != signal.SIGHUP:
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    whole = Run(wishes)
    starting, stopping = asyncio.create_task(whole.start()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await stopping
    except (StartFailed, ServerUnavailable, LoginTooWeak) as failure:
        say(f"!! {failure}")
        return 1
    finally:
        starting.cancel()
        await asyncio.wait([starting])
        await whole.stop()
    return 0


def main() -> None:
    """Run; also end when the `make` that started us is killed."""
    if os.environ.get("MAKELEVEL"):
        die_with_parent(signal.SIGTERM, parent=os.getppid())()
    try:
        wishes = Wishes.read()
        with hold(wishes.data_dir):
            sys.exit(asyncio.run(run(wishes)))
    except StartFailed as failure:
        sys.exit(f"!! {failure}")


if __name__ == "__main__":
    main()
