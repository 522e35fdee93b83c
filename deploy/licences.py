"""The licences of everything we take from others, by pip-licenses: `make licences` writes docs/licences.md.

`--check` fails where the page is out of date, or where a package came in under terms nobody has looked at.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
SETS = {"runtime": "the processes", "local": "the one-machine run", "dev": "checking"}
# Terms that let a county run, change and pass on the suite without further duties than naming the authors; of MPL-2.0
# only changed files of the package itself would have to be shown, of LGPL-3.0 a changed package, which anybody may put
# in the place of ours; OFL-1.1 lets a font be embedded in any document.
ACCEPTED = (
    "MIT",
    "MIT-0",
    "BSD",
    "Apache",
    "PSF",
    "Python Software Foundation",
    "ISC",
    "MPL-2.0",
    "MPL 2.0",
    "Unlicense",
    "LGPL-3.0",
    "OFL-1.1",
)
# Packages whose metadata name no licence, with what their own licence file says.
READ_BY_HAND = {"promql-parser": "MIT"}


def pinned(name: str) -> set[str]:
    """Return the packages of a requirements file."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return {found.lower() for found in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}


def installed() -> dict[str, str]:
    """Return package name -> licence of everything installed here."""
    command = [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json", "--with-system"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own environment's program
    found = {re.sub(r"[._]+", "-", each["Name"].lower()): each["License"] for each in json.loads(done.stdout)}
    return found | READ_BY_HAND


def page_of(licences: dict[str, str]) -> str:
    """Return the page: every pinned package once, under the first set that needs it."""
    lines = ["# Licences of what we take from others", "", "Written by `make licences`; do not edit.", ""]
    seen: set[str] = set()
    for name, purpose in SETS.items():
        lines += [f"## Needed by {purpose}", "", "| package | licence |", "|---|---|"]
        fresh = sorted(pinned(name) - seen)
        lines += [
            f"| {package} | {licences.get(package, 'not installed on the machine that wrote this')} |"
            for package in fresh
        ]
        lines.append("")
        seen |= set(fresh)
    return "\n".join(lines)


def unaccepted(licences: dict[str, str], packages: set[str]) -> list[str]:
    """Return the packages of which no licence is one we accept."""
    return [
        f"{package}: {licences[package]}"
        for package in sorted(packages & set(licences))
        if not any(term in licences[package] for term in ACCEPTED)
    ]


def main() -> int:
    """Write the page, or compare it."""
    licences = installed()
    strange = unaccepted(licences, set().union(*(pinned(name) for name in SETS)))
    fresh = page_of(licences)
    if "--check" not in sys.argv:
        PAGE.write_text(fresh, encoding="utf-8")
    out_of_date = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != fresh
    for line in strange:
        print(f"!! not an accepted licence: {line}")  # noqa: T201 - a command for a person
    if out_of_date:
        print("!! docs/licences.md is out of date: make licences")  # noqa: T201 - the same
    return 1 if strange or out_of_date else 0


if __name__ == "__main__":
    sys.exit(main())
