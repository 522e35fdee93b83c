"""What the environment asks of `make run`, read once and refused in words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class StartFailed(Exception):
    """The run cannot start; the text says why and what to do."""


@dataclass(frozen=True)
class Wishes:
    """What the environment asks of the run."""

    data_dir: Path
    port: int
    database_url: str
    kafka_bootstrap: str
    demo: Sequence[str] | None

    @classmethod
    def read(cls) -> Wishes:
        """Read DATA_DIR, PORT, DATABASE_URL, BROKER, KAFKA_BOOTSTRAP, DEMO, DEMO_PERSONS and DEMO_DISCHARGES.

        Raises:
            StartFailed: If one of them makes no sense.
        """
        port, broker = os.environ.get("PORT", "") or "8000", os.environ.get("BROKER", "") or "embedded"
        bootstrap = os.environ.get("KAFKA_BOOTSTRAP", "")
        if not port.isdigit() or not 0 < int(port) < 1 << 16:
            raise StartFailed(f"PORT is {port!r}; it must be a number from 1 to 65535")
        if broker not in {"embedded", "kafka"}:
            raise StartFailed(f"BROKER is {broker!r}; it must be embedded or kafka")
        if broker == "kafka" and not bootstrap:
            raise StartFailed("BROKER=kafka needs KAFKA_BOOTSTRAP=host:port; `make kafka` starts one")
        return cls(
            Path(os.environ.get("DATA_DIR", "") or ".data").resolve(),
            int(port),
            os.environ.get("DATABASE_URL", ""),
            bootstrap if broker == "kafka" else "",
            None if os.environ.get("DEMO") == "0" else _demo_size(),
        )


def _demo_size() -> list[str]:
    """Return the demo world's size as the loader's arguments; each part has the loader's default."""
    given = {"--persons": os.environ.get("DEMO_PERSONS"), "--discharges": os.environ.get("DEMO_DISCHARGES")}
    return [text for name, value in given.items() if value for text in (name, value)]
