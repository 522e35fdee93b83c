"""An embedded PostgreSQL (嵌入式数据库): the binaries of a wheel under our own control, for one machine and for tests.

Password authentication only (scram-sha-256, a generated password in a file of mode 0600), loopback only, data
checksums, UTF-8 with the builtin C.UTF-8 order, `fsync` on, one process per data directory by a lock file, INT to stop.
A server that was killed recovers at the next start, which is tried again while its orphans still hold the data.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from common.kit.child_process import die_with_parent
from common.kit.postgres_place import Place, ServerUnavailable, place_for

HOST = "127.0.0.1"
SUPERUSER = "postgres"
_START_SECONDS = 30.0
_STOP_SECONDS = 20.0
_IN_MEMORY = Path("/dev/shm")  # nosec B108  # noqa: S108 - a folder in memory; ours inside is made by tempfile
_ROOM_BYTES = 4 << 30
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "400",
    "shared_buffers": "128MB",
    "wal_compression": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
_THROWAWAY = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "1GB", "autovacuum_naptime": "10s"}


class PostgresServer:
    """One server over one directory; `start` and `stop` from the same process, or `spawn` under a supervisor."""

    def __init__(self, place: Place, *, durable: bool = True) -> None:
        self.place = place
        self.process: subprocess.Popen[bytes] | None = None
        self._settings = _SETTINGS if durable else _SETTINGS | _THROWAWAY
        self._lock: IO[str] | None = None
        self._durable = durable

    @property
    def port(self) -> int:
        """The loopback port, kept beside the data."""
        return int((self.place.home / "port").read_text(encoding="utf-8"))

    @property
    def password(self) -> str:
        """The superuser's generated password."""
        return (self.place.home / "password").read_text(encoding="utf-8").strip()

    def url(self, database: str = "postgres", *, role: str = SUPERUSER, password: str | None = None) -> str:
        """Return the address of a database for SQLAlchemy on asyncpg."""
        return f"postgresql+asyncpg://{role}:{password or self.password}@{HOST}:{self.port}/{database}"

    def prepare(self) -> None:
        """Take the lock, create the data on first use, and choose the port for this run.

        Raises:
            ServerUnavailable: If another process uses the directory or the data cannot be created.
        """
        self._take_lock()
        if not (self.place.data / "PG_VERSION").exists():
            self._initdb()
        self._choose_port()

    def command(self) -> list[str]:
        """Return the server's command line; it stays in the foreground and logs to standard error."""
        settings = [f"--{name}={value}" for name, value in (self._settings | {"port": str(self.port)}).items()]
        return [str(self.place.binaries / "postgres"), "-D", str(self.place.data), *settings]

    def spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start the server process in a group of its own, as its user, bound to the life of this process."""
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # noqa: S603 - own binaries; typeshed wants the user's arguments spelled out
            self.command(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment(),
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - it calls the kernel only; started from the main thread
            **self.place.run_as(),
        )

    def is_ready(self, pid: int) -> bool:
        """Whether the process of that id is the one that serves the data and takes connections."""
        try:
            lines = (self.place.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, PermissionError):
            return False
        ready_line = 7
        return len(lines) > ready_line and lines[0] == str(pid) and lines[ready_line].strip() == "ready"

    def start(self) -> None:
        """Start and wait until the server takes connections; repeated while a killed one's orphans hold the data.

        Raises:
            ServerUnavailable: If it is not up in time; the text ends with the last lines of its log.
        """
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            with (self.place.home / "server.log").open("ab") as log:
                self.process = self.spawn(log)
            if self._came_up(deadline):
                return
            time.sleep(0.3)
        self.kill()
        raise ServerUnavailable(f"PostgreSQL did not start within {_START_SECONDS:.0f} s:\n{self.log_tail()}")

    def stop(self) -> None:
        """End the server in order (INT: sessions are cut, data are written), and give the lock back."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self.release()

    def kill(self) -> None:
        """End the server process at once, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def release(self) -> None:
        """Give the lock of the directory back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def log_tail(self, count: int = 15) -> str:
        """Return the last lines of the server's log."""
        path = self.place.home / "server.log"
        return (
            "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]) if path.exists() else ""
        )

    def _came_up(self, deadline: float) -> bool:
        while self.process is not None and self.process.poll() is None and time.monotonic() < deadline:
            if self.is_ready(self.process.pid):
                return True
            time.sleep(0.02)
        return False

    def _take_lock(self) -> None:
        lock = (self.place.home / "lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise ServerUnavailable(
                f"another process uses {self.place.home}; end it first, or choose another DATA_DIR"
            ) from None
        self._lock = lock

    def _initdb(self) -> None:
        fresh = self.place.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._write_own("password", secrets.token_urlsafe(24))
        fresh.mkdir()
        self.place.own(fresh, 0o700)
        done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603 - own binaries; typeshed wants the user's arguments spelled out
            [
                str(self.place.binaries / "initdb"), "-D", str(fresh), "-U", SUPERUSER,
                "--pwfile", str(self.place.home / "password"), "--auth=scram-sha-256", "--data-checksums",
                "--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                "--no-instructions", *([] if self._durable else ["--no-sync"]),
            ],
            capture_output=True, text=True, check=False, cwd="/", env=environment(), **self.place.run_as(),
        )  # fmt: skip
        if done.returncode != 0:
            raise ServerUnavailable(f"PostgreSQL could not create its data in {fresh}:\n{done.stdout}{done.stderr}")
        fresh.rename(self.place.data)

    def _choose_port(self) -> None:
        kept = self.place.home / "port"
        if not kept.exists() or not _is_free(self.port):
            self._write_own("port", str(_free_port()))

    def _write_own(self, name: str, text: str) -> None:
        path = self.place.home / name
        path.touch(mode=0o600)
        path.write_text(text + "\n", encoding="utf-8")
        self.place.own(path, 0o600)


@contextmanager
def embedded_postgres(data_dir: Path, *, durable: bool = True) -> Iterator[PostgresServer]:
    """Run the server of a data directory for the length of the block; the data stay."""
    server = PostgresServer(place_for(data_dir), durable=durable)
    server.prepare()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextmanager
def throwaway_postgres() -> Iterator[PostgresServer]:
    """Run a new server without `fsync` for tests and remove it afterwards; it survives `kill -9`, not a power cut."""
    folder = _IN_MEMORY if _has_room(_IN_MEMORY) else None
    with tempfile.TemporaryDirectory(prefix="yizhan-postgres-", dir=folder, ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        with embedded_postgres(Path(name), durable=False) as server:
            yield server
        if server.place.home.parent != Path(name).resolve():
            shutil.rmtree(server.place.home, ignore_errors=True)


def _has_room(folder: Path) -> bool:
    """Whether a throw-away server's data find room in memory, where copying a database takes a tenth of the time."""
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= _ROOM_BYTES


def environment() -> dict[str, str]:
    """Return the environment of the server's programs: nothing of the caller's but the search path."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
