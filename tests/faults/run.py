"""`make faults`: a thousand faults against real processes, judged by the checker; status 1 on any finding.

FAULTS, SEED, BROKER (embedded, kafka or both) and MINUTES say how many, which, where and how long at most; the report
goes to `.faults/`. The seed fixes what is drawn, not how the processes interleave: the same seed finds the same kind
of trouble, not always the same instant.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
import sys
from pathlib import Path
from typing import get_args

from tests.faults.campaign import Report, run_campaign
from tests.faults.suite import Broker

REPORTS = Path(__file__).resolve().parents[2] / ".faults"


def main() -> None:
    """Read the command line, run, report."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--broker", choices=[*get_args(Broker), "both"], default="both")
    parser.add_argument("--minutes", type=float, default=120.0)
    wanted = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if wanted.seed is None else wanted.seed
    brokers: list[Broker] = list(get_args(Broker)) if wanted.broker == "both" else [wanted.broker]
    print(f"seed {seed}", flush=True)  # noqa: T201 - a person watches
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that the suite is ended and its disks are given back.
    reports = [_run(broker, wanted.faults // len(brokers), seed, wanted.minutes / len(brokers)) for broker in brokers]
    for report in reports:
        print(f"{report.as_text()}\nkept in {report.write(REPORTS)}")  # noqa: T201 - the report
    sys.exit(0 if all(report.is_clean for report in reports) else 1)


def _run(broker: Broker, count: int, seed: int, minutes: float) -> Report:
    logs = REPORTS / f"logs-{broker}-{seed}"
    return asyncio.run(run_campaign(broker, wanted=count, seed=seed, minutes=minutes, keep_logs_in=logs))


if __name__ == "__main__":
    main()
