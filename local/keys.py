"""The secrets of one installation: made on first use, kept in files of mode 0600, never in the repository.

`make run` keeps them in `DATA_DIR/secrets`, containers take them from `./secrets` (`python -m local.keys secrets`).
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

SERVICES = ("identity", "settlement", "contracts", "monitoring")
OWNERS = (*SERVICES, "gateway")
DATABASES = (*OWNERS, "broker")
_KEY_BYTES = 32


def _key() -> str:
    return secrets.token_hex(_KEY_BYTES)


def _password() -> str:
    return secrets.token_urlsafe(24)


def _recipes() -> dict[str, Callable[[], str]]:
    recipes: dict[str, Callable[[], str]] = {"postgres_password": _password, "person_key": _key}
    for name in DATABASES:
        recipes[f"{name}_database_password"] = _password
    for name in OWNERS:
        recipes[f"{name}_data_key"] = _key
        recipes[f"{name}_cursor_key"] = _key
        recipes[f"{name}_client_secret"] = _password
    return recipes


def load_keys(folder: Path) -> dict[str, str]:
    """Return every secret by name, making the files that are missing; one that exists is never changed."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return {name: _kept(folder / name, make) for name, make in _recipes().items()}


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        fresh = path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - only os.open creates a file closed to others
            file.write(make())
        fresh.rename(path)
    return path.read_text(encoding="utf-8").strip()


def main() -> None:
    """Make what is missing in the folder named on the command line."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "secrets")
    print(f"{len(load_keys(folder))} secrets in {folder}/, readable by you only")


if __name__ == "__main__":
    main()
