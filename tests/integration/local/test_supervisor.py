"""The supervisor starts the dead again, ends everybody, and leaves nobody behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from common.kit.liveness import STUCK_STATUS
from local.supervisor import Child, Program, Supervisor

REPOSITORY = Path(__file__).resolve().parents[3]
SLEEPER = (sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('awake', flush=True); time.sleep(60)",
)
STUCK = """
from common.kit.liveness import ConsumerStuck
from common.kit.serve import work
from common.kit.settings import ServiceSettings

async def main():
    raise ConsumerStuck("monitoring.watch is silent again after 3 attempts")

work(main, ServiceSettings(database_url="unused"))
"""


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - other processes set no event of ours
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def is_awake(logs: Path, child: Child) -> bool:
    return child.pid is not None and "awake" in (logs / f"{child.program.name}.log").read_text()


class TestSupervisor:
    async def test_starts_a_killed_child_again_and_says_so(self, tmp_path: Path) -> None:
        said: list[str] = []
        supervisor = Supervisor(tmp_path, said.append)
        child = supervisor.start(Program("sleeper", SLEEPER))
        await until(lambda: is_awake(tmp_path, child))
        first = child.pid
        assert first is not None

        os.kill(first, signal.SIGKILL)
        await until(lambda: child.pid not in {None, first})

        assert any("sleeper was killed by SIGKILL" in line for line in said)
        await supervisor.stop()

    async def test_ends_every_child(self, tmp_path: Path) -> None:
        supervisor = Supervisor(tmp_path, lambda _line: None)
        children = [supervisor.start(Program(f"sleeper-{number}", SLEEPER)) for number in range(3)]
        await until(lambda: all(is_awake(tmp_path, child) for child in children))
        pids = [child.pid for child in children if child.pid is not None]

        await supervisor.stop(last=["sleeper-0"])

        assert len(pids) == 3
        assert not any(is_alive(pid) for pid in pids)

    async def test_cuts_off_a_child_that_does_not_listen(self, tmp_path: Path) -> None:
        said: list[str] = []
        child = Child(Program("stubborn", STUBBORN), tmp_path, said.append)
        child.start()
        await until(lambda: is_awake(tmp_path, child))
        pid = child.pid
        assert pid is not None

        await child.end(0.3)

        assert not is_alive(pid)
        assert any("cut off" in line for line in said)

    async def test_waits_longer_after_each_failure_and_shows_the_last_words(self, tmp_path: Path) -> None:
        said: list[str] = []
        supervisor = Supervisor(tmp_path, said.append)
        supervisor.start(Program("broken", (sys.executable, "-c", "raise SystemExit('no database address')")))

        await until(lambda: sum("ended with status 1" in line for line in said) >= 2)
        await supervisor.stop()

        assert any("started again in 0.2 s" in line for line in said)
        assert any("started again in 0.4 s" in line for line in said)
        assert any("no database address" in line for line in said)

    async def test_starts_a_worker_anew_whose_consumer_was_stuck_for_good(self, tmp_path: Path) -> None:
        said: list[str] = []
        supervisor = Supervisor(tmp_path, said.append)
        supervisor.start(Program("worker", (sys.executable, "-c", STUCK)))

        await until(lambda: sum(f"ended with status {STUCK_STATUS}; it is started" in line for line in said) >= 2, 30)
        await supervisor.stop()

        assert any("monitoring.watch is silent again" in line for line in said)

    async def test_shows_errors_of_a_child_on_the_console(self, tmp_path: Path) -> None:
        said: list[str] = []
        supervisor = Supervisor(tmp_path, said.append)
        line = '{"level": "error", "event": "relay lost its lock", "error": "Gone"}'
        supervisor.start(
            Program("relay", (sys.executable, "-c", f"print({line!r}, flush=True); import time; time.sleep(60)"))
        )

        await until(lambda: bool(said))
        await supervisor.stop()

        assert said[0].startswith("relay: error: relay lost its lock Gone")


def test_a_killed_supervisor_takes_its_children_along(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom local.supervisor import Program, Supervisor\n"
        "async def main():\n"
        "    child = Supervisor(Path(sys.argv[1]), print).start(Program('sleeper', ('sleep', '60')))\n"
        "    while child.pid is None:\n        await asyncio.sleep(0.01)\n"
        "    print(child.pid, flush=True)\n    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert supervisor.stdout is not None
    pid = int(supervisor.stdout.readline())

    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()

    deadline = time.monotonic() + 10
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pid)
