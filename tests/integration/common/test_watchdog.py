"""The watchdog over real loops: what blocks is named, what stands still ends, what was paused as a whole goes on."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import structlog.testing

from common.kit import metrics
from common.kit.watchdog import FROZEN_STATUS, Watchdog

FREEZING = """
import asyncio, os, sys, time
from common.kit.watchdog import Watchdog
async def main():
    Watchdog(asyncio.get_running_loop(), warn_seconds=0.5, exit_seconds=float(sys.argv[1])).start()
    print("up", flush=True)
    await asyncio.sleep(1.5)
    if sys.argv[2] == "block":
        time.sleep(30)
    print("alive", flush=True)
asyncio.run(main())
"""


def started(*arguments: str) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", FREEZING, *arguments], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert process.stdout.readline() == "up\n"
    return process


class TestWatchdog:
    async def test_names_what_blocks_the_loop(self):
        ends: list[int] = []
        watchdog = Watchdog(asyncio.get_running_loop(), warn_seconds=0.25, exit_seconds=60, end=ends.append)
        watchdog.start()
        with structlog.testing.capture_logs() as said:
            await beaten()
            block_the_loop()
            await beaten()
        watchdog.stop()

        warning = next(each for each in said if each["event"] == "loop_lags")
        assert any("block_the_loop" in stack for stack in warning["stacks"])
        assert any(stack.startswith("task ") for stack in warning["stacks"])
        assert ends == []

    async def test_counts_the_answers_of_a_loop_that_turns_and_measures_no_lag(self):
        ends: list[int] = []
        watchdog = Watchdog(asyncio.get_running_loop(), warn_seconds=0.5, exit_seconds=0.5, end=ends.append)
        watchdog.start()

        await beaten()

        watchdog.stop()
        assert ends == []
        assert metrics.LOOP_LAG._value.get() < 0.5

    def test_ends_a_process_whose_loop_stands_still(self):
        with started("1.0", "block") as process:
            said, _ = process.communicate(timeout=15)

        assert process.returncode == FROZEN_STATUS
        assert "loop_stands_still" in said

    def test_lets_a_process_live_that_was_paused_as_a_whole(self):
        with started("1.0", "turn") as process:
            os.kill(process.pid, signal.SIGSTOP)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(3)
            os.kill(process.pid, signal.SIGCONT)
            said, _ = process.communicate(timeout=15)

        assert (process.returncode, said) == (0, "alive\n")


def block_the_loop() -> None:
    time.sleep(2.5)


async def beaten() -> None:
    """Wait for the loop's next answer."""
    before = metrics.HEARTBEATS._value.get()
    deadline = time.monotonic() + 10
    while metrics.HEARTBEATS._value.get() == before:
        assert time.monotonic() < deadline, "the watchdog does not ask"
        await asyncio.sleep(0.02)
