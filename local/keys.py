"""The secrets of one installation: made on first use, kept in files of mode 0600, never in the repository.

`make run` keeps them in `DATA_DIR/secrets`, containers take them from `./secrets` (`python3 local/keys.py secrets`,
which needs nothing installed).
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
    recipes: dict[str, Callable[[], str]] = {
        "postgres_password": _password,
        "grafana_password": _password,
        "person_key": _key,
    }
    for name in DATABASES:
        recipes[f"{name}_database_password"] = _password
    for name in OWNERS:
        recipes[f"{name}_data_key"] = _key
        recipes[f"{name}_cursor_key"] = _key
        recipes[f"{name}_client_secret"] = _password
    return recipes


def load_keys(folder: Path, *, file_mode: int = 0o600) -> dict[str, str]:
    """Return every secret by name, making the files that are missing; one that exists is never changed.

    Args:
        folder: Where they lie; only its owner may enter it.
        file_mode: Mode of a new file. A container's user is another one than the folder's, and sees single files only,
            so that files for containers are readable and the folder alone keeps others of this machine out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return {name: _kept(folder / name, make, file_mode) for name, make in _recipes().items()}


def _kept(path: Path, make: Callable[[], str], mode: int) -> str:
    if not path.exists():
        fresh = path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - only os.open creates a file closed to others
            file.write(make())
        fresh.chmod(mode)
        fresh.rename(path)
    return path.read_text(encoding="utf-8").strip()


def main() -> None:
    """Make what the containers need in the folder named on the command line."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "secrets")
    print(f"{len(load_keys(folder, file_mode=0o444))} secrets in {folder}/, which only you may enter")


if __name__ == "__main__":
    main()
