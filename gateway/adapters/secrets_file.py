"""The file in which generated client secrets are handed over: readable by its owner only, replaced in one step."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.domain.client import Client


class SecretsFileUnreadable(ValueError):
    """The file exists and is not what this command writes; it is not overwritten."""


def read_secrets(path: Path) -> dict[str, str]:
    """Return client id to secret; nothing when there is no file.

    Raises:
        SecretsFileUnreadable: If the file is something else; the message names the remedy.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {entry["client_id"]: entry["client_secret"] for entry in entries.values()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as trouble:
        raise SecretsFileUnreadable(f"{path} is no file of client secrets; move it away and run again") from trouble


def write_secrets(path: Path, clients: Sequence[Client], secrets: Mapping[str, str]) -> None:
    """Write name -> id, secret, scope and binding; a reader sees the old file or the new one, never a part."""
    entries = {client.client_id: _entry(client, secrets[client.client_id]) for client in clients}
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    # Made with its mode: a file that is closed afterwards was open for a moment.
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(entries, ensure_ascii=False, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _entry(client: Client, secret: str) -> dict[str, str]:
    bindings = {"institution_code": client.institution_code, "county": client.county, "township": client.township}
    return {
        "client_id": client.client_id,
        "client_secret": secret,
        "scope": client.scope_text,
        **{name: value for name, value in bindings.items() if value is not None},
    }
