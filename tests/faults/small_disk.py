"""A file system of limited size that can be filled and freed while the suite runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

BLOCK = 1 << 20


class NoSmallDisk(Exception):
    """No small file system can be had here; the text says why."""


class SmallDisk:
    """A tmpfs of its own under a folder; `fill` takes all that is left of it."""

    def __init__(self, folder: Path, *, megabytes: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "yizhan-faults", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise NoSmallDisk(f"mount refused ({done.stderr.strip()}): full disks need root and CAP_SYS_ADMIN")

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> int:
        """Take all that is left; return how many bytes that was."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (BLOCK, 4096, 1):
                try:
                    while ballast.write(bytes(size)) == size:
                        continue
                except OSError:
                    continue
        return self._ballast.stat().st_size

    def free(self) -> None:
        """Give everything back."""
        self._ballast.unlink(missing_ok=True)

    def remove(self) -> None:
        """Unmount; whatever still uses it keeps it until it ends."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False, capture_output=True)


def has_mounts() -> bool:
    """Whether this process may try to mount at all."""
    return os.geteuid() == 0
