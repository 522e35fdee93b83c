"""Keeps the processes of one machine alive: starts them, starts the dead again, ends all of them.

Every child has a process group of its own, so that Ctrl-C reaches only the supervisor, and dies with it, even when the
supervisor itself is killed. What a child writes goes to `<logs>/<name>.log`; the console shows errors and deaths only.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path

from common.kit.child_process import die_with_parent

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 4.0
HEALTHY_AFTER_SECONDS = 30.0
STOP_SECONDS = 32.0
"""Less than a process's own hard limit of 45 s: somebody waits at the console, and a cut-off costs only duplicates."""
LAST_STOP_SECONDS = 8.0
_LOG_BYTES = 20_000_000
_LINE_BYTES = 1 << 20
_LOUD = frozenset({"error", "critical"})


@dataclass(frozen=True)
class Program:
    """One process to keep alive.

    Attributes:
        name: How console and log files call it.
        environment: The whole environment of the process.
        stop_signal: Asks it to end in order.
        orphan_signal: What the kernel sends it when the supervisor is killed.
        run_as: What `subprocess` needs to start it as another user.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    run_as: Mapping[str, int | list[int]] = field(default_factory=dict)


class Child:
    """A program under supervision: one process at a time, replaced when it dies."""

    def __init__(self, program: Program, logs: Path, say: Callable[[str], None]) -> None:
        self.program = program
        self.process: asyncio.subprocess.Process | None = None
        self._say = say
        self._path = logs / f"{program.name}.log"
        self._log = RotatingFileHandler(self._path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
        self._last: deque[str] = deque(maxlen=4)
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The id of the running process, None between two of them."""
        return self.process.pid if self.process is not None and self.process.returncode is None else None

    def start(self) -> None:
        """Begin to keep it alive."""
        self._task = asyncio.create_task(self._keep(), name=self.program.name)

    async def end(self, seconds: float) -> None:
        """Ask it to end, wait, and cut it off when it does not."""
        self._ending.set()
        self._signal(self.program.stop_signal)
        if self._task is None:
            return
        _, late = await asyncio.wait([self._task], timeout=seconds)
        if late:
            self._say(f"{self.program.name} did not end within {seconds:.0f} s and is cut off")
            self._signal(signal.SIGKILL)
            await asyncio.wait([self._task], timeout=2)
        self._log.close()

    async def _keep(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._ending.is_set():
            began = time.monotonic()
            status = await self._run_once()
            if self._ending.is_set():
                return
            if time.monotonic() - began >= HEALTHY_AFTER_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._tell_death(status, pause)
            await self._pause(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        waiting = asyncio.create_task(self._ending.wait())
        await asyncio.wait([waiting], timeout=seconds)
        waiting.cancel()

    async def _run_once(self) -> int:
        self._last.clear()
        self.process = await asyncio.create_subprocess_exec(
            *self.program.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(self.program.environment),
            limit=_LINE_BYTES,
            process_group=0,
            preexec_fn=die_with_parent(self.program.orphan_signal),
            **self.program.run_as,  # type: ignore[arg-type]  # user and group ids; typeshed wants them spelled out
        )
        if self._ending.is_set():
            self._signal(self.program.stop_signal)
        if self.process.stdout is not None:
            await self._copy(self.process.stdout)
        return await self.process.wait()

    async def _copy(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:
                continue  # A line above the limit was dropped by the reader.
            if not line:
                return
            self._take(line.decode("utf-8", "replace").rstrip())

    def _take(self, line: str) -> None:
        self._log.emit(logging.LogRecord(self.program.name, logging.INFO, "", 0, line, None, None))
        if not line:
            return
        self._last.append(line)
        level, text = _level_of(line)
        if level in _LOUD:
            self._say(f"{self.program.name}: {level}: {text} (see {self._path})")

    def _tell_death(self, status: int, pause: float) -> None:
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        self._say(f"!! {self.program.name} {how}; it is started again in {pause:.1f} s (log: {self._path})")
        if status > 0:
            for line in self._last:
                self._say(f"   {self.program.name} | {line[:300]}")

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)


class Supervisor:
    """All children of one run, in the order of their start."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._say = say
        self.children: dict[str, Child] = {}

    def start(self, program: Program) -> Child:
        """Start a program and keep it alive from now on."""
        child = Child(program, self._logs, self._say)
        self.children[program.name] = child
        child.start()
        return child

    async def stop(self, *, last: Sequence[str] = ()) -> None:
        """End every child at once, the ones named `last` (the database) when all others are gone."""
        first = [child for name, child in self.children.items() if name not in last]
        await asyncio.gather(*(child.end(STOP_SECONDS) for child in first))
        for name in last:
            if name in self.children:
                await self.children[name].end(LAST_STOP_SECONDS)


def _level_of(line: str) -> tuple[str, str]:
    if not line.startswith("{"):
        return "", line
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return "", line
    text = " ".join(str(entry[key]) for key in ("event", "error", "job", "code") if key in entry)
    return str(entry.get("level", "")), text[:200]
