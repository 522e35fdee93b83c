"""Row i: what every process of an idle suite costs: proportional memory, and processor time over a quiet while."""

from __future__ import annotations

import contextlib
import time

import psutil  # type: ignore[import-untyped] # its stubs are a package of their own

from bench.running import RunningSuite
from bench.table import Line

MEMORY_MB = 1024.0
IDLE_SHARE = 0.02
_POSTGRES = "postgres (all)"


def measure(running: RunningSuite, *, seconds: float) -> list[Line]:
    """Return one line for each process and one for the memory of all; nothing may call the suite meanwhile."""
    named = _processes(running)
    before = {name: _cpu_seconds(group) for name, group in named.items()}
    time.sleep(seconds)
    shares = {name: (_cpu_seconds(group) - before[name]) / seconds for name, group in named.items()}
    memory = {name: _megabytes(group) for name, group in named.items()}
    total = sum(memory.values())
    what = "processor and PSS"
    lines = [
        Line(
            "i", f"idle: {name}, {what}", "<= 2%", "-", f"{share:.1%}, {memory[name]:.0f} MB", "-", share <= IDLE_SHARE
        )
        for name, share in sorted(shares.items())
    ]
    return [*lines, Line("i", "idle: PSS of all", "< 1 GB", "-", f"{total:.0f} MB", "-", total < MEMORY_MB)]


def _processes(running: RunningSuite) -> dict[str, list[psutil.Process]]:
    named: dict[str, list[psutil.Process]] = {}
    for process in psutil.Process(running.suite.process_id).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            module = process.cmdline()[-1]
            if module.endswith((".app", ".worker")):  # Else the demo world's loader, which is just ending.
                named[module.removeprefix("services.")] = [process]
    assert running.server.process is not None
    server = psutil.Process(running.server.process.pid)
    named["supervisor"] = [psutil.Process(running.suite.process_id)]
    named[_POSTGRES] = [server, *server.children(recursive=True)]
    return named


def _cpu_seconds(group: list[psutil.Process]) -> float:
    """Return the processor time of the group; a server's process that ended between is left out."""
    total = 0.0
    for process in group:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def _megabytes(group: list[psutil.Process]) -> float:
    """Return the proportional memory of the group."""
    total = 0.0
    for process in group:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss / 2**20
    return total
