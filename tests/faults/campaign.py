"""A long run of faults on one suite: several at once, the checker in between, a report at the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.evidence import Finding
from tests.faults.faults import Fault, Faults
from tests.faults.judging import Judge
from tests.faults.load import Load
from tests.faults.suite import Broker, suite_under_fault

LANES = 3
CHECKED_EVERY = 100


@dataclass
class Report:
    """What a run did and what it found.

    Attributes:
        faults: Kind -> how many took effect.
        without_effect: Kind -> how many did not: a failpoint not reached, a process that was just between two lives.
        calls: Outcome -> how many tries of calls ended so.
    """

    broker: Broker
    seed: int
    wanted: int
    faults: Counter[str] = field(default_factory=Counter)
    without_effect: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    settlements: int = 0
    reversed: int = 0
    events: int = 0
    checks: int = 0
    slowest_rest_seconds: float = 0.0
    seconds: float = 0.0
    full_disks: str = "tried"
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found, after at least one look."""
        return not self.findings and self.checks > 0

    def count(self, harm: str) -> int:
        """Return how many findings are of that harm."""
        return sum(finding.harm == harm for finding in self.findings)

    def as_text(self) -> str:
        """Return the report for people."""
        lines = [
            f"broker {self.broker}, seed {self.seed}, {self.seconds / 60:.1f} min",
            f"{self.faults.total()} of {self.wanted} faults took effect, {self.without_effect.total()} more did not",
            *(f"  {count:6} {kind}" for kind, count in sorted(self.faults.items())),
            f"full disks: {self.full_disks}",
            f"tries of calls {dict(self.calls)}",
            f"settlements {self.settlements}, of these reversed {self.reversed}; events {self.events}",
            f"checked {self.checks} times, at rest after at most {self.slowest_rest_seconds:.0f} s",
            f"lost {self.count('lost')}, double {self.count('double')}, findings {len(self.findings)}",
            *(f"  {finding}" for finding in self.findings[:50]),
        ]
        return "\n".join(lines)

    def write(self, folder: Path) -> Path:
        """Keep the report as text and JSON; return where the text lies."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.broker}-{self.seed}-{time.strftime('%Y%m%d-%H%M%S')}.txt"
        path.write_text(self.as_text() + "\n", encoding="utf-8")
        path.with_suffix(".json").write_text(json.dumps(vars(self), indent=1, default=str) + "\n", encoding="utf-8")
        return path


async def run_campaign(broker: Broker, *, wanted: int, seed: int, minutes: float, keep_logs_in: Path) -> Report:
    """Do so many faults, or as many as fit into the minutes, and check after every hundred and at the end."""
    report = Report(broker, seed, wanted)
    began = time.monotonic()
    async with suite_under_fault(broker) as suite:
        report.full_disks = suite.without_disks or report.full_disks
        judge, load = Judge(suite), Load(suite, seed)
        lanes = Lanes(Faults(suite, judge, random.Random(seed)), report, until=began + minutes * 60)  # noqa: S311 - seeded on purpose
        while not lanes.is_over and not report.findings:
            load.start()
            report.findings += await lanes.run(CHECKED_EVERY)
            await load.stop()
            await _check(judge, load, report)
        await load.close()
        if report.findings:
            suite.copy_logs(keep_logs_in)
    report.seconds = time.monotonic() - began
    return report


async def _check(judge: Judge, load: Load, report: Report) -> None:
    healed = time.monotonic()
    findings, evidence = await judge.judge(load.desk.history)
    report.slowest_rest_seconds = max(report.slowest_rest_seconds, time.monotonic() - healed)
    report.findings += findings
    report.checks += 1
    report.calls = Counter(attempt.outcome for attempt in evidence.history)
    report.settlements = len(evidence.books.settlements)
    report.reversed = len(evidence.books.reversed_ids)
    report.events = len(evidence.told)


class Lanes:
    """Several faults at once, never two of one process."""

    def __init__(self, faults: Faults, report: Report, *, until: float) -> None:
        self._faults = faults
        self._report = report
        self._until = until
        self._busy: set[str] = set()
        self._left = 0

    @property
    def is_over(self) -> bool:
        """Whether all faults are done, or the time is."""
        return self._report.faults.total() >= self._report.wanted or time.monotonic() >= self._until

    async def run(self, count: int) -> list[Finding]:
        """Do up to so many faults; return what could not even be done, as findings."""
        self._left = min(count, self._report.wanted - self._report.faults.total())
        done = await asyncio.gather(*(self._lane() for _ in range(LANES)), return_exceptions=True)
        return [Finding(7, f"the suite did not heal: {error!r}") for error in done if isinstance(error, BaseException)]

    async def _lane(self) -> None:
        while self._left > 0 and time.monotonic() < self._until:
            fault = self._faults.any()
            if fault.target in self._busy:
                await asyncio.sleep(0)
                continue
            with self._held(fault) as kinds:
                kinds[fault.kind] += await fault.do()

    @contextlib.contextmanager
    def _held(self, fault: Fault):
        self._busy.add(fault.target)
        self._left -= 1
        took_effect: Counter[str] = Counter()
        try:
            yield took_effect
        finally:
            self._busy.discard(fault.target)
            counted = self._report.faults if took_effect[fault.kind] else self._report.without_effect
            counted[fault.kind] += 1
            print(f"{self._report.faults.total():5} {fault.kind} ({fault.target})", flush=True)  # noqa: T201 - a person watches
