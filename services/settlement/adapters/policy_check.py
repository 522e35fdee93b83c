"""`python -m services.settlement.adapters.policy_check`: runs every worked example.

Prints one line per county; a difference of a fen fails.

Room: adapters of settlement. `make policies` calls it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from common.core.errors import DomainError
from services.settlement.adapters.policy_files import POLICY_FOLDER, LoadedCounty, load_county
from services.settlement.adapters.policy_files_examples import differences
from services.settlement.adapters.policy_files_text import PolicyFileInvalid


def check_folder(folder: Path) -> tuple[list[str], list[str]]:
    """Return the line of every county that passes, and every fault found."""
    passed, faults = [], []
    for path in sorted(folder.glob("*.yaml")):
        try:
            loaded = load_county(path)
        except PolicyFileInvalid as refusal:
            faults.append(str(refusal))
            continue
        found = check_county(path.name, loaded)
        faults += found
        if not found:
            passed.append(_line(loaded))
    return passed, faults


def check_county(file: str, loaded: LoadedCounty) -> list[str]:
    """Return one text per example whose figures differ."""
    faults = []
    for version, examples in loaded.examples:
        for example in examples:
            try:
                found = differences(policy=loaded.policy, version=version, example=example)
            except DomainError as refusal:
                found = [refusal.detail]
            faults += [f"{file}, line {example.line}, {example.name}: {each}" for each in found]
    return faults


def _line(loaded: LoadedCounty) -> str:
    policy = loaded.policy
    count = sum(len(examples) for _, examples in loaded.examples)
    begins = ", ".join(str(version.starts_on) for version in policy.versions)
    return f"{policy.county} {policy.name}: versions {begins}; {count} worked examples agree to the fen"


def main() -> None:
    """Check the folder given, else the one that is shipped."""
    parser = argparse.ArgumentParser(prog="policy_check", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=POLICY_FOLDER)
    passed, faults = check_folder(parser.parse_args().folder)
    for line in (*passed, *faults):
        sys.stdout.write(line + "\n")
    if faults or not passed:
        sys.exit(f"{len(faults)} faults" if faults else "no policy file found")


if __name__ == "__main__":
    main()
