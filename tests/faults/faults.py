"""The faults: each does its harm to a running suite and heals it again, and says whether it took effect."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from aiokafka.errors import KafkaError

from common.kit.broker import BrokerUnavailable
from common.kit.failpoints import KILLED_STATUS, NAMES
from common.kit.watchdog import STOP_SECONDS
from tests.faults.forgetting import forget_unread
from tests.faults.judging import Judge
from tests.faults.planting import plant_disorder, plant_poison
from tests.faults.suite import PROCESSES, WORKERS, SuiteUnderFault

REACHED_SECONDS = 75.0
HEALED_SECONDS = 60.0
FORGET_SECONDS = 8.0
_POLL_SECONDS = 0.05
_HEARERS = ("identity-worker", "contracts-worker", "monitoring-worker", "gateway-worker")
_TELLERS = ("settlement-worker", "contracts-worker")
_OF_IDENTITY = ("settlement-worker", "contracts-worker", "monitoring-worker", "gateway-worker")
GROUPS_OF_SETTLEMENT = {
    "identity-worker": "identity.archive",
    "contracts-worker": "contracts.care",
    "monitoring-worker": "monitoring.watch",
    "gateway-worker": "gateway.outward",
}
"""The workers that hear settlement, and their groups at the broker."""
_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, KafkaError, BrokerUnavailable)
EVERYTHING = "everything"
"""What a fault of the servers holds: two of them at once would only hide each other."""

PASSED_BY: Mapping[str, tuple[str, ...]] = {
    **{name: ("settlement-app",) for name in NAMES if name.startswith(("api.", "settlement."))},
    **{name: _TELLERS for name in NAMES if name.startswith("relay.")},
    **{name: _HEARERS for name in NAMES if name.startswith("consumer.")},
    "consumer.after_park": _OF_IDENTITY,
    "consumer.before_undivert": _OF_IDENTITY,
    "broker.after_append_before_commit": _TELLERS,
    "broker.after_commit_before_ack": _TELLERS,
    "broker.after_lock": _HEARERS,
    "broker.before_offset_commit": _HEARERS,
    "gateway.after_position_before_commit": ("gateway-worker",),
}
"""Failpoint -> the processes that pass it while hospitals discharge."""
_NEEDS_DISORDER = frozenset({"consumer.after_park", "consumer.before_undivert"})


def failpoints_of(broker: str) -> list[str]:
    """Return the failpoints that exist on a broker."""
    return [name for name in NAMES if broker == "embedded" or not name.startswith("broker.")]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault to come: its kind, what it holds meanwhile, and how it is done; True when it took effect."""

    kind: str
    target: str
    do: Callable[[], Awaitable[bool]]


class Faults:
    """All kinds, on one suite."""

    def __init__(self, suite: SuiteUnderFault, judge: Judge, dice: random.Random) -> None:
        self._suite = suite
        self._judge = judge
        self._dice = dice

    def failpoint(self, name: str, process: str, *, nth: int = 1, pause_seconds: float = 0.0) -> Fault:
        """Let a process die, or freeze for a while, at a failpoint."""

        async def do() -> bool:
            setting = f"{name}:{nth}" + (":pause" if pause_seconds else "")
            armed = await self._suite.arm(process, setting)
            if name in _NEEDS_DISORDER:
                await plant_disorder(self._judge)
            return await self._wait_for_effect(armed, pause_seconds)

        return Fault(f"{'pause' if pause_seconds else 'death'} at {name}", process, do)

    async def _wait_for_effect(self, armed: asyncio.subprocess.Process, pause_seconds: float) -> bool:
        until = time.monotonic() + REACHED_SECONDS
        while time.monotonic() < until:
            if armed.returncode is not None:
                return armed.returncode == KILLED_STATUS
            if pause_seconds and _is_stopped(armed.pid):
                await asyncio.sleep(pause_seconds)
                _send(armed, signal.SIGCONT)
                return True
            await asyncio.sleep(_POLL_SECONDS)
        _send(armed, signal.SIGKILL)
        return False

    def kill(self, process: str) -> Fault:
        """Send KILL."""

        async def do() -> bool:
            return self._suite.signal(process, signal.SIGKILL) is not None

        return Fault("kill", process, do)

    def stop(self, process: str) -> Fault:
        """Ask a process to end in order, in the midst of work; it must say so with status 0, within the hard limit."""

        async def do() -> bool:
            until = time.monotonic() + REACHED_SECONDS
            while not await self._suite.is_up(process) and time.monotonic() < until:  # noqa: ASYNC110 - another process
                await asyncio.sleep(_POLL_SECONDS)
            child = self._suite.children[process].process
            if self._suite.signal(process, signal.SIGTERM) is None or child is None:
                return False
            try:
                return await asyncio.wait_for(child.wait(), STOP_SECONDS) == 0
            except TimeoutError:
                return False

        return Fault("orderly stop", process, do)

    def pause(self, process: str, seconds: float) -> Fault:
        """Send STOP, and CONT after a while; beyond 15 s its locks are freed behind its back."""

        async def do() -> bool:
            child = self._suite.children[process].process
            stopped = self._suite.signal(process, signal.SIGSTOP)
            await asyncio.sleep(seconds)
            if stopped is None or child is None:
                return False
            _send(child, signal.SIGCONT)
            return True

        return Fault("pause", process, do)

    def cut_lines(self, owner: str) -> Fault:
        """End every connection of a service's role at the server."""

        async def do() -> bool:
            ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'yizhan_{owner}'"  # noqa: S608 - our own names
            return await self._quietly(ended)

        return Fault("database connections cut", f"lines of {owner}", do)

    def postgres_dies(self, number: signal.Signals) -> Fault:
        """End the server: KILL as a crash, QUIT as its immediate stop; it is started again at once."""

        async def do() -> bool:
            done = self._suite.signal("postgres", number) is not None
            await self._until_healed("SELECT 1")
            return done

        return Fault(f"PostgreSQL {'killed' if number == signal.SIGKILL else 'stopped at once'}", EVERYTHING, do)

    def broker_outage(self, seconds: float) -> Fault:
        """Take the broker away: Kafka is killed, the embedded broker's database lets nobody in."""

        async def do() -> bool:
            if self._suite.broker == "kafka":
                done = self._suite.signal("kafka", signal.SIGKILL) is not None
                await asyncio.sleep(seconds)
                await self._until_broker_answers()
                return done
            done = await self._quietly(
                "ALTER DATABASE yizhan_broker ALLOW_CONNECTIONS false",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'yizhan_broker'",
            )
            await asyncio.sleep(seconds)
            await self._until_healed("ALTER DATABASE yizhan_broker ALLOW_CONNECTIONS true")
            return done

        return Fault("broker outage", EVERYTHING, do)

    def full_disk(self, name: str, seconds: float) -> Fault:
        """Fill the disk of settlement's database, of the broker, or of the whole server for a while."""

        async def do() -> bool:
            disk = self._suite.disks[name]
            await asyncio.to_thread(disk.fill)
            await asyncio.sleep(seconds)
            disk.free()
            await self._until_healed("SELECT 1")
            await self._until_broker_answers()
            return True

        return Fault(f"full disk ({name})", EVERYTHING, do)

    def disorder(self) -> Fault:
        """Let three facts about one person arrive out of order."""
        return Fault("disorder planted", "disorder", lambda: _planted(plant_disorder(self._judge)))

    def forget(self, process: str, group: str) -> Fault:
        """Let the broker lose what a paused consumer has not read; the comparison of heads must find and fetch it."""

        async def do() -> bool:
            child = self._suite.children[process].process
            stopped = self._suite.signal(process, signal.SIGSTOP)
            lost = 0
            until = time.monotonic() + FORGET_SECONDS
            while not lost and time.monotonic() < until:
                await asyncio.sleep(1.0)
                with contextlib.suppress(*_AWAY):
                    lost = await forget_unread(self._judge, group)
            if stopped is not None and child is not None:
                _send(child, signal.SIGCONT)
            return lost > 0

        return Fault("broker forgets", process, do)

    def poison(self) -> Fault:
        """Put a record that is no envelope before a person's facts."""
        return Fault("poison planted", "poison", lambda: _planted(plant_poison(self._judge)))

    def any(self) -> Fault:
        """Return a fault of a kind drawn by the dice."""
        dice = self._dice
        kinds: list[tuple[int, Callable[[], Fault]]] = [
            (30, lambda: self._any_failpoint(0.0)),
            (6, lambda: self._any_failpoint(dice.uniform(0.5, 3.0))),
            (28, lambda: self.kill(dice.choice(PROCESSES))),
            (6, lambda: self.stop(dice.choice(PROCESSES))),
            (9, lambda: self.pause(dice.choice(PROCESSES), dice.uniform(0.2, 4.0))),
            (1, lambda: self.pause(dice.choice(WORKERS), 17.0)),
            (14, lambda: self.cut_lines(dice.choice(PROCESSES).partition("-")[0])),
            (2, lambda: self.postgres_dies(dice.choice((signal.SIGKILL, signal.SIGQUIT)))),
            (3, lambda: self.broker_outage(dice.uniform(0.5, 5.0))),
            (3, self.disorder),
            (2, lambda: self.forget(*dice.choice(tuple(GROUPS_OF_SETTLEMENT.items())))),
            (1, self.poison),
            *([(3, self._any_full_disk)] if self._suite.disks else []),
        ]
        return dice.choices([make for _, make in kinds], [weight for weight, _ in kinds])[0]()

    def _any_failpoint(self, pause_seconds: float) -> Fault:
        name = self._dice.choice(failpoints_of(self._suite.broker))
        process = self._dice.choice(PASSED_BY[name])
        nth = 1 if name in _NEEDS_DISORDER else self._dice.choice((1, 1, 2, 5))
        return self.failpoint(name, process, nth=nth, pause_seconds=pause_seconds)

    def _any_full_disk(self) -> Fault:
        return self.full_disk(self._dice.choice(("outbox", "broker", "server")), self._dice.uniform(1.0, 4.0))

    async def _quietly(self, *statements: str) -> bool:
        """Run statements that may meet a server which is just down."""
        try:
            await self._suite.as_admin(*statements)
        except _AWAY:
            return False
        return True

    async def _until_broker_answers(self) -> None:
        until = time.monotonic() + HEALED_SECONDS
        while True:
            try:
                await self._suite.produce([])
            except _AWAY:
                assert time.monotonic() < until, "the broker does not answer again"
                await asyncio.sleep(0.3)
            else:
                return

    async def _until_healed(self, statement: str) -> None:
        until = time.monotonic() + HEALED_SECONDS
        while not await self._quietly(statement):
            assert time.monotonic() < until, f"PostgreSQL does not take {statement!r} again"
            await asyncio.sleep(0.2)


async def _planted(planting: Awaitable[object]) -> bool:
    try:
        await planting
    except (AssertionError, *_AWAY):
        return False  # The server or the broker was just away.
    return True


def _send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(number)


def _is_stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False
