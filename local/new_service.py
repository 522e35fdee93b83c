"""`make new-service name=welfare`: copies the skeleton into a service of its own and says what is left to do by hand.

Every mention of the skeleton becomes the new name; migrations, import contracts and the one-machine run learn it.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SKELETON = "_skeleton"
_NAME = re.compile(r"[a-z][a-z0-9]{2,29}")
_COPIED = ("services", "tests/integration")
_TEXT = frozenset({".py", ".md", ".mako", ".yaml"})

# File, the line to change (its first group is kept in front of the new entry), and the new entry.
_ENTRIES = (
    ("pyproject.toml", r'(^containers = \[.*"services\._skeleton")', ', "services.{name}"'),
    ("common/kit/names.py", r'(^SERVICES = \(.*"monitoring")', ', "{name}"'),
    ("local/keys.py", r'(^SERVICES = \(.*"monitoring")', ', "{name}"'),
)
LEFT = """{name} stands in services/{name}. Left to do by hand:
  - say in services/{name}/README.md what it owns, accepts, emits and listens to
  - give it a port in local/ and a place in docker-compose.yml and deploy/
  - list its events in common/published/ when it tells any
  - run `make fmt lint types imports test`"""


class NameTaken(ValueError):
    """A service of this name is there already."""


class NameUnusable(ValueError):
    """The name is not three to thirty small letters and digits."""


class PlaceNotFound(ValueError):
    """A file no longer has the line that lists the services."""


def create_service(name: str, root: Path = ROOT) -> None:
    """Copy the skeleton under a new name and enter it where services are listed.

    Raises:
        NameUnusable: If the name cannot be a package, a database and a path.
        NameTaken: If there is such a service.
        PlaceNotFound: If a list of services is not where it is expected; nothing was written then.
    """
    if not _NAME.fullmatch(name):
        raise NameUnusable(f"{name!r}: three to thirty small letters and digits, a letter first")
    if (root / "services" / name).exists() or name in {"gateway", "broker", "skeleton"}:
        raise NameTaken(f"services/{name} is there already")
    entered = {path: _entered(root / path, pattern, entry.format(name=name)) for path, pattern, entry in _ENTRIES}
    for room in _COPIED:
        _copy(root / room / SKELETON, root / room / name, name)
    for path, text in entered.items():
        (root / path).write_text(text)
    with (root / "alembic.ini").open("a") as listed:
        listed.write(f"\n[{name}]\nscript_location = services/{name}/migrations\n")


def _copy(source: Path, target: Path, name: str) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    for path in target.rglob("*"):
        if path.suffix in _TEXT:
            path.write_text(path.read_text().replace(SKELETON, name).replace(SKELETON.strip("_"), name))


def _entered(path: Path, pattern: str, entry: str) -> str:
    text, count = re.subn(pattern, lambda found: found.group(1) + entry, path.read_text(), flags=re.MULTILINE)
    if count != 1:
        raise PlaceNotFound(f"{path.name}: the list of services is not where it was")
    return text


def main() -> None:
    """Read the command line and create the service."""
    parser = argparse.ArgumentParser(prog="make new-service", description=__doc__)
    parser.add_argument("name", help="three to thirty small letters and digits")
    name = parser.parse_args().name
    try:
        create_service(name)
    except (NameTaken, NameUnusable, PlaceNotFound) as refusal:
        sys.exit(str(refusal))
    print(LEFT.format(name=name))


if __name__ == "__main__":
    main()
