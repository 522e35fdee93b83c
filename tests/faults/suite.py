"""The suite under fault: started as `make run` starts it, every process within reach, its disks small."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import asyncpg

from common.kit.broker_open import open_producer
from common.kit.kafka_server import KafkaServer
from common.kit.postgres_place import place_for
from common.kit.settings import ServiceSettings
from common.kit.topics import all_topics, make_topics
from common.kit.wake import plain_dsn
from local import run as local_run
from local import supervisor
from local.booted import free_port
from local.environments import HOST, Installation, base_environment
from local.keys import OWNERS
from local.supervisor import Child, Program
from local.wishes import Wishes
from tests.faults.small_disk import NoSmallDisk, SmallDisk

Broker = Literal["embedded", "kafka"]
PERSONS = "48"
SHORT_WAITS = {"COMPARE_SECONDS": "10", "KAFKA_SESSION_SECONDS": "6"}
"""The checker waits a minute for rest; five minutes between comparisons and a session of half a minute are usual."""
DISKS = {"server": 1024, "outbox": 384, "broker": 512}
"""Size of each small file system in MiB; the server's own holds the write-ahead log."""
PROCESSES = tuple(f"{name}-{role}" for name in OWNERS for role in ("app", "worker"))
WORKERS = tuple(f"{name}-worker" for name in OWNERS)
_READY_SECONDS = 60.0


class _Run(local_run.Run):
    """`make run` with a hook before the databases are filled."""

    installation: Installation

    def __init__(self, wishes: Wishes, before_filling: Callable[[Installation], object]) -> None:
        super().__init__(wishes)
        self._before_filling = before_filling

    async def _prepare(self, installation: Installation) -> None:
        self.installation = installation
        await self._before_filling(installation)  # type: ignore[misc]
        await super()._prepare(installation)

    def _start_one(self, installation: Installation, name: str, role: str) -> Child:
        """Start a process that compares heads often and is soon given up when it dies."""
        module = f"gateway.{role}" if name == "gateway" else f"services.{name}.{role}"
        environment = {**installation.environment(name, role), **SHORT_WAITS}
        return self._supervisor.start(Program(f"{name}-{role}", [sys.executable, "-m", module], environment))


class SuiteUnderFault:
    """Everything a fault needs to get at."""

    def __init__(self, broker: Broker, home: Path) -> None:
        self.broker = broker
        self.home = home
        self.disks: dict[str, SmallDisk] = {}
        self.without_disks = ""
        self._server_home = home
        self._run: _Run | None = None
        self._kafka: KafkaServer | None = None
        self._kafka_child: Child | None = None

    async def start(self) -> None:
        """Bring everything up with a small world of persons and no discharges."""
        self._mount()
        bootstrap = ""
        if self.broker == "kafka":
            bootstrap = await self._start_kafka()
        demo = ["--persons", PERSONS, "--discharges", "0"]
        self._run = _Run(Wishes(self.home / "data", free_port(), "", bootstrap, demo), self._place_on_small_disks)
        if self._kafka_child is not None:
            self._run._supervisor.children["kafka"] = self._kafka_child
        await self._run.start()

    async def stop(self) -> None:
        """End every process and give the disks back."""
        for disk in self.disks.values():
            disk.free()
        for name in self.children:
            self.signal(name, signal.SIGCONT)
        if self._run is None and self._kafka_child is not None:
            await self._kafka_child.end(5)
        if self._run is not None:
            await self._run._supervisor.stop(last=["kafka", "postgres"])
            self._run.release()
        for disk in self.disks.values():
            disk.remove()
        shutil.rmtree(
            self._server_home, ignore_errors=True
        )  # It may lie outside, where the server's user can reach it.

    def copy_logs(self, folder: Path) -> None:
        """Keep what every process wrote."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.home / "data" / "logs", folder)

    @property
    def installation(self) -> Installation:
        """Databases, ports and secrets."""
        assert self._run is not None
        return self._run.installation

    @property
    def base_url(self) -> str:
        """Address of the gateway."""
        return self.installation.url_of("gateway")

    @property
    def children(self) -> Mapping[str, Child]:
        """Every process by name: the ten of the suite, postgres, and kafka where there is one."""
        return self._run._supervisor.children if self._run is not None else {}

    @property
    def databases(self) -> Mapping[str, str]:
        """Addresses of the databases by owner, and of the broker's."""
        return self.installation.databases

    @property
    def settings(self) -> ServiceSettings:
        """Settings with which a test reaches the broker."""
        broker = self.installation.broker()
        return ServiceSettings(
            database_url="unused",
            broker=self.broker,
            kafka_bootstrap=broker.get("KAFKA_BOOTSTRAP", ""),
            broker_database_url=broker.get("BROKER_DATABASE_URL", ""),
        )

    async def is_up(self, name: str) -> bool:
        """Say whether the process answers at its metrics port: from then on it hears what it is asked."""
        try:
            _, writer = await asyncio.open_connection(HOST, self.installation.ports[name])
        except OSError:
            return False
        writer.close()
        return True

    def signal(self, name: str, number: signal.Signals) -> int | None:
        """Send a signal to the process of that name; return its id, None when it is between two lives."""
        pid = self.children[name].pid
        if pid is not None:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return None
        return pid

    async def arm(self, name: str, failpoint: str) -> asyncio.subprocess.Process:
        """Start the process anew with the failpoint armed; its next life after that has none."""
        child = self.children[name]
        clean = child.program
        child.program = replace(clean, environment={**clean.environment, "FAILPOINT": failpoint})
        until = time.monotonic() + _READY_SECONDS
        try:
            while not _is_armed(child, failpoint):  # A life that had just begun is not: it ends at once.
                assert time.monotonic() < until, f"{name} was not started again"
                self.signal(name, signal.SIGKILL)
                await asyncio.sleep(0.05)
        finally:
            child.program = clean
        assert child.process is not None
        return child.process

    async def as_admin(self, *statements: str) -> None:
        """Run statements on the server as its superuser."""
        connection = await asyncpg.connect(plain_dsn(self._admin_url), timeout=10)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def produce(self, records: list) -> None:
        """Append records to the broker past every outbox."""
        producer = await open_producer(self.settings)
        try:
            outcomes = await producer.publish(records)
        finally:
            await producer.close()
        assert outcomes == [None] * len(records), outcomes

    @property
    def _admin_url(self) -> str:
        port, password = (
            (self._server_home / name).read_text(encoding="utf-8").strip() for name in ("port", "password")
        )
        return f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"

    def _mount(self) -> None:
        """Put the data on file systems that can run full, where this machine lets us."""
        self._server_home = place_for(self.home / "data").home
        try:
            for name, megabytes in DISKS.items():
                folder = self._server_home if name == "server" else self.home / f"disk-{name}"
                self.disks[name] = SmallDisk(folder, megabytes=megabytes)
        except NoSmallDisk as refusal:
            self.without_disks = str(refusal)

    async def _place_on_small_disks(self, _installation: Installation) -> None:
        moved = {"outbox": "settlement"} | ({"broker": "broker"} if self.broker == "embedded" else {})
        for name, database in moved.items():
            if name in self.disks:
                folder = self.disks[name].folder / "tablespace"
                folder.mkdir()
                owner = (self._server_home / "data").stat()
                os.chown(folder, owner.st_uid, owner.st_gid)
                await self.as_admin(
                    f"CREATE TABLESPACE small_{name} LOCATION '{folder}'",
                    f"ALTER DATABASE yizhan_{database} SET TABLESPACE small_{name}",
                )

    async def _start_kafka(self) -> str:
        home = self.disks["broker"].folder / "kafka" if "broker" in self.disks else self.home / "kafka"
        self._kafka = KafkaServer(home)
        self._kafka.prepare()
        command = self._kafka._java("kafka.Kafka", self._kafka._properties)
        (self.home / "logs").mkdir()
        self._kafka_child = Child(Program("kafka", command, base_environment()), self.home / "logs", local_run.say)
        self._kafka_child.start()
        until = time.monotonic() + _READY_SECONDS
        while True:
            try:
                await make_topics(self._kafka.bootstrap)
            except Exception:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.3)
            else:
                return self._kafka.bootstrap


def _is_armed(child: Child, failpoint: str) -> bool:
    try:
        return f"FAILPOINT={failpoint}".encode() in Path(f"/proc/{child.pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _folder() -> Path:
    home = Path(tempfile.mkdtemp(prefix="yizhan-faults-"))
    home.chmod(0o711)  # Started by root, the database runs as another user and must pass through.
    return home


@contextmanager
def _short_pauses() -> Iterator[None]:
    """A supervisor that waits longer and longer for a process that dies often would make a thousand faults a day."""
    usual = supervisor.FIRST_PAUSE_SECONDS, supervisor.LONGEST_PAUSE_SECONDS
    supervisor.FIRST_PAUSE_SECONDS, supervisor.LONGEST_PAUSE_SECONDS = 0.1, 0.5
    try:
        yield
    finally:
        supervisor.FIRST_PAUSE_SECONDS, supervisor.LONGEST_PAUSE_SECONDS = usual


@asynccontextmanager
async def suite_under_fault(broker: Broker) -> AsyncIterator[SuiteUnderFault]:
    """Run a suite in a folder of its own and leave nothing behind."""
    home = _folder()
    suite = SuiteUnderFault(broker, home)
    with _short_pauses():
        try:
            await suite.start()
            yield suite
        finally:
            await suite.stop()
            shutil.rmtree(home, ignore_errors=True)


__all__ = ["PROCESSES", "WORKERS", "SuiteUnderFault", "all_topics", "suite_under_fault"]
