"""Starts a container's process: `app`, `worker`, or any module of ours, with secrets put in from their files.

A setting names a secret as `{secret:NAME}`; the text of the file `/run/secrets/NAME` takes its place. So no secret
stands in the compose file, in an image, or in what `docker inspect` shows.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

SECRETS = Path("/run/secrets")
_PLACE = re.compile(r"\{secret:([a-z0-9_]+)\}")


def filled(text: str, folder: Path = SECRETS) -> str:
    """Return the text with every named secret put in."""
    return _PLACE.sub(lambda found: (folder / found[1]).read_text(encoding="utf-8").strip(), text)


def main() -> None:
    """Become the process."""
    role, *rest = sys.argv[1:] or ["app"]
    service = os.environ["SERVICE"].replace("/", ".")
    module = f"{service}.{role}" if role in {"app", "worker"} else role
    environment = {name: filled(value) for name, value in os.environ.items()}
    os.execve(sys.executable, [sys.executable, "-m", module, *rest], environment)  # noqa: S606 - own module, no shell


if __name__ == "__main__":
    main()
