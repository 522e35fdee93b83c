"""The watchdog (看门狗): a thread outside the event loop that measures how late the loop is (events.md section 10).

Heartbeats at the broker live on the loop: blocking work expels a consumer from its group. A loop that stands still for
ten seconds will not recover by itself, so its process ends and its supervisor starts another.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import structlog

from common.kit import metrics

FROZEN_STATUS = 76
"""Status of a process whose loop stood still; see also `STUCK_STATUS` in common/kit/liveness.py."""
ASK_SECONDS = 1.0
SLICE_SECONDS = 0.25
WARN_SECONDS = 1.0
EXIT_SECONDS = 10.0
STOP_SECONDS = 45.0
_DEEPEST = 12

log = structlog.get_logger(__name__)


class Watchdog:
    """Asks one loop again and again and notes how long its answer takes.

    Args:
        loop: The loop to watch.
        warn_seconds: Lag from which the stacks of all threads and tasks are logged, once per silence.
        exit_seconds: Lag at which the process ends.
        end: Called with the status then; it does not return.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        warn_seconds: float = WARN_SECONDS,
        exit_seconds: float = EXIT_SECONDS,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._loop = loop
        self._warn_seconds = warn_seconds
        self._exit_seconds = exit_seconds
        self._end = end
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._ended.set()
        self._thread.join(ASK_SECONDS)

    def _watch(self) -> None:
        while not self._ended.wait(ASK_SECONDS):
            answered = threading.Event()
            try:
                self._loop.call_soon_threadsafe(_answer, answered)
            except RuntimeError:  # The loop is closed.
                return
            self._await(answered)

    def _await(self, answered: threading.Event) -> None:
        """Wait for the answer in slices and count them: a process that was paused as a whole has not lagged."""
        lag_seconds, is_told = 0.0, False
        while not answered.wait(SLICE_SECONDS):
            if self._ended.is_set():
                return
            lag_seconds += SLICE_SECONDS
            metrics.LOOP_LAG.set(lag_seconds)
            if lag_seconds >= self._exit_seconds:
                log.critical("loop_stands_still", seconds=lag_seconds, stacks=stacks_of(self._loop))
                self._end(FROZEN_STATUS)
                return
            if lag_seconds >= self._warn_seconds and not is_told:
                is_told = True
                log.warning("loop_lags", seconds=lag_seconds, stacks=stacks_of(self._loop))
        metrics.LOOP_LAG.set(lag_seconds)


@contextmanager
def watched(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Watch the loop while the block runs."""
    watchdog = Watchdog(loop)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.stop()


def stacks_of(loop: asyncio.AbstractEventLoop) -> list[str]:
    """Return where every thread and every task of the loop is: places in the code only, never values."""
    frames = sys._current_frames()  # noqa: SLF001 - the documented way to see other threads
    threads = [
        f"thread {thread.name}: {_places(traceback.extract_stack(frames[thread.ident], _DEEPEST))}"
        for thread in threading.enumerate()
        if thread.ident in frames and thread is not threading.current_thread()
    ]
    tasks = [f"task {task.get_name()}: {_places(_summary(task.get_stack(limit=_DEEPEST)))}" for task in _tasks(loop)]
    return threads + tasks


def end_within(seconds: float = STOP_SECONDS) -> None:
    """End the process with status 1 when it still lives after so many seconds, whatever its loop does."""

    def end() -> None:
        log.critical("stop_took_too_long", seconds=seconds)
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def _answer(answered: threading.Event) -> None:
    metrics.HEARTBEATS.inc()
    answered.set()


def _tasks(loop: asyncio.AbstractEventLoop) -> list[asyncio.Task[object]]:
    try:
        return list(asyncio.all_tasks(loop))
    except RuntimeError:  # Tasks came and went all the while.
        return []


def _summary(frames: Sequence[FrameType]) -> traceback.StackSummary:
    return traceback.StackSummary.extract((frame, frame.f_lineno) for frame in frames)


def _places(summary: traceback.StackSummary) -> str:
    return " > ".join(f"{'/'.join(each.filename.split('/')[-3:])}:{each.lineno} {each.name}" for each in summary)
