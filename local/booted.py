"""A suite of one's own for a while: `local.run` on a free port with its data in a folder of its own, ended afterwards.

`make chain` uses it when nothing runs, the end-to-end tests always. Next hop: local/run.py
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from common.kit.postgres_place import POINTER
from local.demo_load import WORLD_FILE

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 120.0
LOADED_SECONDS = 240.0
STOP_SECONDS = 50.0
_POLL_SECONDS = 0.1
_LAST_LINES = 30


class SuiteNotReady(Exception):
    """The suite did not start; the text holds the last lines it wrote."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A running suite."""

    base_url: str
    data_dir: Path
    process_id: int

    @property
    def clients(self) -> Path:
        """The demo clients' file."""
        return self.data_dir / "demo-clients.json"

    @property
    def said(self) -> Path:
        """What `local.run` wrote."""
        return said_in(self.data_dir)


@contextmanager
def throwaway_suite(settings: Mapping[str, str]) -> Iterator[Suite]:
    """Run a suite in a folder of its own and leave nothing behind; see `booted_suite`."""
    data_dir = Path(tempfile.mkdtemp(prefix="yizhan-suite-"))
    data_dir.chmod(0o711)  # Started by root, the database runs as another user and must pass through.
    try:
        with booted_suite(data_dir, settings) as suite:
            yield suite
    finally:
        pointer = data_dir / "postgres" / POINTER
        if pointer.exists():
            shutil.rmtree(pointer.read_text(encoding="utf-8").strip(), ignore_errors=True)
        shutil.rmtree(data_dir, ignore_errors=True)


@contextmanager
def booted_suite(data_dir: Path, settings: Mapping[str, str]) -> Iterator[Suite]:
    """Run a suite with its demo data loaded, and end it.

    Args:
        data_dir: Where it keeps everything.
        settings: Further environment: BROKER, KAFKA_BOOTSTRAP, DEMO_PERSONS.

    Raises:
        SuiteNotReady: If it does not come up, or its demo data does not load.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    port = free_port()
    environment = {**os.environ, "DEMO": "1", **settings, "PORT": str(port), "DATA_DIR": str(data_dir)}
    with said_in(data_dir).open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.run"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    suite = Suite(f"http://127.0.0.1:{port}", data_dir, process.pid)
    try:
        _wait(process, suite, READY_SECONDS, "answers at /readyz", lambda: is_ready(suite.base_url))
        _wait(process, suite, LOADED_SECONDS, "has loaded its demo data", lambda: _is_loaded(data_dir))
        yield suite
    finally:
        _end(process)


def is_ready(base_url: str) -> bool:
    """Say whether a gateway answers at this address and is ready."""
    try:
        return httpx.get(f"{base_url}/readyz", timeout=2.0, trust_env=False).is_success
    except httpx.TransportError:
        return False


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def said_in(data_dir: Path) -> Path:
    """Return where the output of `local.run` goes."""
    return data_dir / "run.out"


def _wait(process: subprocess.Popen[bytes], suite: Suite, seconds: float, what: str, is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        if process.poll() is not None:
            raise SuiteNotReady(f"the suite ended with status {process.returncode}:\n{_last_lines(suite.said)}")
        if time.monotonic() > until:
            raise SuiteNotReady(f"after {seconds:.0f} s no suite that {what}:\n{_last_lines(suite.said)}")
        time.sleep(_POLL_SECONDS)


def _is_loaded(data_dir: Path) -> bool:
    try:
        return bool(json.loads((data_dir / WORLD_FILE).read_text(encoding="utf-8"))["is_complete"])
    except FileNotFoundError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_lines(path: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])
