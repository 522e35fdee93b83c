"""Creates `.venv` and fills it from a hashed requirements file, saying what it does; repeating it costs nothing.

Run as `python3 local/install.py local|dev` by any Python; it uses the standard library only, for nothing is installed
yet.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
OLDEST = (3, 11)
_NEWER = ("python3.13", "python3.12", "python3.11", "python3.14")
_ADVICE = {
    "python": "Python 3.11 or newer is missing. Debian, Ubuntu: apt-get install python3 python3-venv. Other systems: "
    "install it from the system's packages or from python.org, or name one: make PYTHON=/path/to/python3.11",
    "venv": "Python's venv module is missing. Debian, Ubuntu: apt-get install python3-venv",
    "packages": "The packages could not be fetched. Is there a connection to a package index? Behind a proxy set "
    "HTTPS_PROXY; with an index of your own set PIP_INDEX_URL. Then repeat the command",
}


def say(text: str) -> None:
    """Print one line for the person waiting."""
    print(f"install: {text}", flush=True)


def fail(kind: str, details: str = "") -> None:
    """End with what is missing and how to get it."""
    sys.exit(f"{details}\ninstall: {_ADVICE[kind]}" if details else f"install: {_ADVICE[kind]}")


def need_python() -> None:
    """Go on under a Python that is new enough, or end with the advice."""
    if sys.version_info >= OLDEST:
        return
    for name in _NEWER:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])
    fail("python")


def make_venv() -> None:
    """Create the environment when it is not there or cannot run."""
    python = VENV / "bin" / "python"
    if (
        python.exists()
        and subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    ):
        return
    if importlib.util.find_spec("ensurepip") is None:
        fail("venv")
    say(f"creating {VENV.name}/ with Python {sys.version.split()[0]}")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        fail("venv", made.stdout + made.stderr)


def install(requirements: Path) -> None:
    """Fetch and install every package of the file, each checked against its hash, with a count that moves."""
    total = len(re.findall(r"^\S+==", requirements.read_text(encoding="utf-8"), re.MULTILINE))
    say(f"{total} packages of {requirements.relative_to(ROOT)}; the first time this takes a minute or two")
    log: list[str] = []
    began = time.monotonic()
    with subprocess.Popen(
        [VENV / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
         "--progress-bar", "off", "--require-hashes", "--no-deps", "-r", requirements],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as pip:  # fmt: skip
        done = 0
        for line in pip.stdout or ():
            log.append(line)
            if line.startswith(("Collecting ", "Requirement already satisfied: ")):
                done += 1
                _show(
                    done,
                    total,
                    line.removeprefix("Collecting ").removeprefix("Requirement already satisfied: ").split()[0],
                )
            elif line.startswith("Installing collected"):
                _show(done, total, "unpacking ...")
    if sys.stdout.isatty():
        print(flush=True)
    if pip.returncode != 0:
        fail("packages", "".join(log[-15:]))
    say(f"done in {time.monotonic() - began:.0f} s")


def _show(done: int, total: int, name: str) -> None:
    """Move the count: one line that changes on a terminal, every tenth package elsewhere."""
    text = f"install: [{done:3}/{total}] {name[:50]:50}"
    if sys.stdout.isatty():
        print(f"\r{text}", end="", flush=True)
    elif done % 10 == 0 or name.startswith("unpacking"):
        print(text.rstrip(), flush=True)


def main() -> None:
    """Install the named set unless exactly it is installed."""
    need_python()
    name = sys.argv[1] if len(sys.argv) > 1 else "local"
    requirements = ROOT / "requirements" / f"{name}.txt"
    stamp = VENV / f".installed-{name}"
    mark = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == mark and (VENV / "bin" / "python").exists():
        return
    make_venv()
    install(requirements)
    stamp.write_text(mark, encoding="utf-8")


if __name__ == "__main__":
    main()
