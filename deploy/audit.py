"""Known vulnerabilities of every pinned package, by pip-audit: `make audit`.

A package with well-known holes is asked for first. Where none is named, no data base answers, and silence about our own
packages would prove nothing: that is said loudly, and is a failure where REQUIRE_AUDIT=1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PINS = Path(__file__).resolve().parents[1] / "requirements" / "dev.txt"
CANARY = "jinja2==2.11.2"
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """What a data base of vulnerabilities says about a set of pins.

    Attributes:
        holes: One line per known vulnerability.
        audited_count: Packages it knows.
        skipped: Packages it does not know.
    """

    holes: list[str]
    audited_count: int
    skipped: list[str]


Ask = Callable[[list[str]], Finding]


def finding_of(report: dict[str, Any]) -> Finding:
    """Read pip-audit's report."""
    known = [each for each in report["dependencies"] if "skip_reason" not in each]
    holes = [
        f"{each['name']} {each['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no version'}"
        for each in known
        for hole in each["vulns"]
    ]
    return Finding(holes, len(known), [each["name"] for each in report["dependencies"] if "skip_reason" in each])


def ask_pip_audit(arguments: list[str]) -> Finding:
    """Run pip-audit; an answer that cannot be read counts as none."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    try:
        done = subprocess.run(  # noqa: S603 - our own environment's program with arguments written here
            [*command, *arguments], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        return finding_of(json.loads(done.stdout))
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return Finding([], 0, [])


def audit(ask: Ask, *, is_required: bool) -> tuple[int, list[str]]:
    """Return the exit status and what there is to say."""
    with tempfile.TemporaryDirectory() as folder:
        canary = Path(folder) / "canary.txt"
        canary.write_text(CANARY + "\n", encoding="utf-8")
        if not ask(["--no-deps", "--requirement", str(canary)]).holes:
            status = "FAILED: REQUIRE_AUDIT=1" if is_required else "not audited; REQUIRE_AUDIT=1 makes this a failure"
            return int(is_required), [
                "!! NO DATA BASE OF VULNERABILITIES ANSWERS FROM HERE",
                f"!! {CANARY} has well-known holes, and none was named. {PINS.name}: {status}",
            ]
    found = ask(["--require-hashes", "--requirement", str(PINS)])
    if found.holes:
        return 1, [f"!! {hole}" for hole in found.holes]
    if not found.audited_count:
        return 1, [f"!! the data base knows {CANARY}, and none of our packages: {', '.join(found.skipped[:5])}"]
    unknown = f"; unknown to the data base: {', '.join(found.skipped)}" if found.skipped else ""
    return 0, [f"{found.audited_count} packages without a known vulnerability{unknown}"]


def main() -> int:
    """Audit and say what was found."""
    status, lines = audit(ask_pip_audit, is_required=os.environ.get("REQUIRE_AUDIT") == "1")
    print("\n".join(lines))  # noqa: T201 - a command for a person
    return status


if __name__ == "__main__":
    sys.exit(main())
