"""`make bench`: speed as ratios, both sides in one run, interleaved, medians (docs/performance.md).

`make bench ROWS=a,e` chooses rows; `SIZE=0.1` shrinks them all. The table is printed and kept in bench/results/.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import uvloop

from bench import appending, brokers, calculation, chain, hot_rows, plumbing, processes, replaying, request_path, single
from bench.running import running_suite
from bench.stand import open_stand
from bench.table import Line, as_markdown
from common.kit.telemetry import configure_logging

RESULTS = Path(__file__).with_name("results")
ROUNDS = 5


def _request_path(rows: frozenset[str], size: float) -> list[Line]:
    lines: list[Line] = []
    with open_stand() as stand:
        second = request_path.prepare(stand)
        if "a" in rows:
            lines += _run(request_path.measure(stand, second=second, rounds=ROUNDS, calls=_sized(160, size)))
        if "g" in rows:
            lines += _run(request_path.measure_publishing(stand, rounds=ROUNDS, calls=_sized(400, size)))
        if "m" in rows:
            lines += _run(hot_rows.measure(stand, rounds=ROUNDS, calls=_sized(400, size)))
        if "l" in rows:
            lines += _run(replaying.measure(stand, rounds=ROUNDS, settlements=_sized(100_000, size)))
    return lines


def _plumbing(rows: frozenset[str], size: float) -> list[Line]:
    lines: list[Line] = []
    backlog = _sized(60_000, size)
    with open_stand() as stand:
        if "c" in rows:
            seconds = max(4 * size, 1.0)
            lines += _run(plumbing.measure_consumer(stand, rounds=ROUNDS, events=backlog, seconds=seconds))
        if "d" in rows:
            lines += _run(single.measure_single(stand, rounds=ROUNDS, events=_sized(1_000, size)))
        if "f" in rows:
            lines += _run(appending.measure_appends(stand, rounds=ROUNDS, batches=_sized(60, size)))
        if not rows & {"b", "f"}:
            return lines
        if lacking := brokers.missing("Kafka"):
            return [*lines, Line("b", f"Kafka: not measured, {lacking}", "-", "-", "-", "-", None)]
        with brokers.running_kafka() as bootstrap:
            if "b" in rows:
                lines += _run(plumbing.measure_relay(stand, bootstrap, rounds=ROUNDS, events=backlog))
            if "f" in rows:
                calls = _sized(60, size)
                lines += _run(appending.measure_one_way(stand, bootstrap, rounds=ROUNDS, calls=calls))
    return lines


def _whole_suite(rows: frozenset[str], size: float) -> list[Line]:
    lines: list[Line] = []
    for broker, open_broker in (("embedded", brokers.embedded), ("Kafka", brokers.kafka)):
        if broker == "Kafka" and not rows & {"e", "w"}:
            continue
        if lacking := brokers.missing(broker):
            lines.append(Line("e", f"Kafka: not measured, {lacking}", "-", "-", "-", "-", None))
            continue
        with open_broker() as (settings, one_way), running_suite(settings) as running:
            if "i" in rows and broker == "embedded":
                lines += processes.measure(running, seconds=max(30 * size, 3))
            if "e" in rows:
                way = partial(one_way, running)
                lines += _run(chain.measure_hops(running, broker, way, rounds=ROUNDS, calls=_sized(30, size)))
            if "w" in rows:
                lines += _run(chain.measure_rates(running, broker, seconds=max(60 * size, 3)))
    return lines


def _calculation(_rows: frozenset[str], size: float) -> list[Line]:
    return calculation.measure(rounds=ROUNDS, calls=max(int(20 * size), 3))


GROUPS: dict[str, Callable[[frozenset[str], float], list[Line]]] = {
    "k": _calculation,
    "aglm": _request_path,
    "bcdf": _plumbing,
    "eiw": _whole_suite,
}


def _sized(count: int, size: float) -> int:
    return max(int(count * size), 16)


def _run(work: object) -> list[Line]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return list(runner.run(work))  # type: ignore[arg-type]


def machine() -> str:
    """Return one line about the machine and how busy it was before."""
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, load before: {busy}"


def main() -> None:
    """Measure the rows asked for, print the table and keep it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", default="", help="letters with commas between; all when empty")
    parser.add_argument("--size", type=float, default=1.0, help="share of the usual counts; a small one for trials")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder that keeps the table")
    given = parser.parse_args()
    known = frozenset("".join(GROUPS))
    rows = frozenset(given.rows.replace(",", "")) or known
    if rows - known:
        sys.exit(f"no such row: {', '.join(sorted(rows - known))}; there are {', '.join(sorted(known))}")
    configure_logging("error")
    began, told = time.monotonic(), machine()
    lines: list[Line] = []
    for letters, measure in GROUPS.items():
        if rows & set(letters):
            lines += measure(rows, given.size)
    text = f"{told}\n\n{as_markdown(lines)}\n\nmeasured in {time.monotonic() - began:.0f} s\n"
    given.results.mkdir(exist_ok=True)
    (given.results / "latest.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
