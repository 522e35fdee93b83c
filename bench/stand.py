"""Where measurements stand: a PostgreSQL of their own as shipped (`fsync` on), migrated databases, chosen processes."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
from sqlalchemy import make_url

from common.kit.child_process import die_with_parent
from common.kit.postgres_place import POINTER
from common.kit.postgres_server import PostgresServer, embedded_postgres
from common.kit.wake import plain_dsn
from local.booted import free_port
from local.databases import prepare_databases
from local.environments import Installation, choose_ports
from local.keys import DATABASES, OWNERS, load_keys

ROOT = Path(__file__).resolve().parents[1]
CLIENTS = "demo-clients.json"
READY_SECONDS = 60.0
_POLL_SECONDS = 0.05


class StandNotReady(Exception):
    """A process of the stand does not answer; the text names it and its log."""


@dataclass(frozen=True, slots=True)
class Stand:
    """One server, migrated databases, and the processes started so far."""

    folder: Path
    server: PostgresServer
    installation: Installation
    processes: dict[str, subprocess.Popen[bytes]]

    @property
    def admin_dsn(self) -> str:
        """The administrator's address as asyncpg reads it."""
        return plain_dsn(self.server.url())

    def dsn_of(self, database: str, *, owner: str) -> str:
        """Return the address of a database for the role of a service, as asyncpg reads it."""
        return plain_dsn(self.url_of(database, owner=owner))

    def url_of(self, database: str, *, owner: str) -> str:
        """Return the same in SQLAlchemy's form."""
        return make_url(self.installation.databases[owner]).set(database=database).render_as_string(hide_password=False)

    async def clone(self, owner: str, names: Sequence[str]) -> None:
        """Copy the database of a service under further names; no process of the service may run yet."""
        connection = await asyncpg.connect(self.admin_dsn)
        for name in names:
            await connection.execute(f'CREATE DATABASE "{name}" OWNER yizhan_{owner} TEMPLATE yizhan_{owner}')
        await connection.close()

    def start(self, name: str, module: str, environment: Mapping[str, str]) -> None:
        """Start one process and wait until it answers at /readyz when it has a port."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", module],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - it calls the kernel only
            )
        if environment["PORT"] != "0":
            self._wait_ready(name, int(environment["PORT"]))

    def start_app(self, owner: str) -> None:
        """Start the HTTP process of a service or of the gateway, as shipped but for the rate limit."""
        module = "gateway.app" if owner == "gateway" else f"services.{owner}.app"
        self.start(f"{owner}-app", module, self.installation.environment(owner, "app") | UNLIMITED)

    def start_second(self, owner: str, *, port: int) -> None:
        """Start one more HTTP process of a service, on a port of its own and without metrics."""
        more = {"PORT": str(port), "METRICS_PORT": "0"}
        environment = self.installation.environment(owner, "app") | UNLIMITED | more
        self.start(f"{owner}-app-2", f"services.{owner}.app", environment)

    def enter_clients(self) -> None:
        """Enter the demo clients and our own; their file lies in the stand's folder."""
        secrets = {f"{name.upper()}_CLIENT_SECRET": self.installation.keys[f"{name}_client_secret"] for name in OWNERS}
        run_module(
            ["gateway.clients", "provision", "--out", str(self.folder / CLIENTS)],
            self.installation.environment("gateway", "app") | secrets,
        )

    def token(self, client: str) -> str:
        """Return a fresh token of a demo client."""
        return token_of(self.installation.url_of("gateway"), self.folder / CLIENTS, client)

    def _wait_ready(self, name: str, port: int) -> None:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until and self.processes[name].poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2, trust_env=False).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(_POLL_SECONDS)
        raise StandNotReady(
            f"{name} does not answer; its log ends:\n{(self.folder / f'{name}.log').read_text()[-2000:]}"
        )


UNLIMITED = {"CALLS_PER_SECOND": "1000000"}


@contextmanager
def open_stand() -> Iterator[Stand]:
    """Open a stand in a folder of its own, and leave nothing behind."""
    with throwaway_folder() as folder, embedded_postgres(folder) as server:
        keys = load_keys(folder / "secrets")
        passwords = {name: keys[f"{name}_database_password"] for name in DATABASES}
        databases = asyncio.run(prepare_databases(server.url(), passwords))
        installation = Installation(databases, keys, choose_ports(free_port()))
        run_module(
            ["common.kit.migrations", "upgrade", "all"],
            {f"{name.upper()}_DATABASE_URL": databases[name] for name in OWNERS},
        )
        run_module(["common.kit.broker_store", "create"], installation.broker())
        stand = Stand(folder, server, installation, {})
        try:
            yield stand
        finally:
            end(stand.processes.values())


@contextmanager
def throwaway_folder() -> Iterator[Path]:
    """Make a folder that a lowered database user may pass through, and remove it with what the database kept."""
    folder = Path(tempfile.mkdtemp(prefix="yizhan-bench-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        pointer = folder / "postgres" / POINTER
        if pointer.exists():
            shutil.rmtree(pointer.read_text(encoding="utf-8").strip(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def run_module(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run one of our commands to its end."""
    done = subprocess.run(  # noqa: S603 - our own modules
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StandNotReady(f"{arguments[0]} failed:\n{done.stdout}{done.stderr}")


def token_of(gateway_url: str, clients: Path, client: str) -> str:
    """Return a token of a client named in a clients' file."""
    entry = json.loads(clients.read_text(encoding="utf-8"))[client]
    answer = httpx.post(
        f"{gateway_url}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(entry["client_id"], entry["client_secret"]),
        trust_env=False,
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def end(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """End processes in order, and at once those that do not listen."""
    running = list(processes)
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
