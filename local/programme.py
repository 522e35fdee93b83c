"""`make programme`: each row of the programme with the tests that show it, and what is missing (docs/programme.yaml).

A test that is named there and is not in the tree is told, and the command ends with status 1.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PROGRAMME = ROOT / "docs" / "programme.yaml"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its tests as `path::name`, from tests/ on, and what is not built."""

    row: str
    name: str
    shown_by: tuple[str, ...]
    missing: str


def rows_of(path: Path = PROGRAMME) -> list[Row]:
    """Return the rows in their order."""
    whole = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [Row(each["row"], each["name"], tuple(each["shown_by"]), each["missing"]) for each in whole["rows"]]


def absent(rows: Sequence[Row], *, root: Path = ROOT) -> list[str]:
    """Return every row's tests that are not in the tree, and rows that neither show nor miss anything."""
    gone = [f"{row.row}: there is no test {test}" for row in rows for test in row.shown_by if not _is_there(root, test)]
    return gone + [f"{row.row}: neither shown nor missing" for row in rows if not row.shown_by and not row.missing]


def _is_there(root: Path, test: str) -> bool:
    path, *names = test.split("::")
    return (root / "tests" / path).is_file() and tuple(names) in _names(root / "tests" / path)


@cache
def _names(path: Path) -> frozenset[tuple[str, ...]]:
    """Return the names of a file's tests, those of a class with the class before them."""
    found: set[tuple[str, ...]] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found |= {(node.name, name) for name in _tests(node.body)}
    return frozenset(found | {(name,) for name in _tests(tree.body)})


def _tests(body: Sequence[ast.stmt]) -> list[str]:
    functions = [node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [each.name for each in functions if each.name.startswith("test_")]


def main() -> None:
    """Print the rows; end with status 1 when a test that is named is not there."""
    rows = rows_of()
    for row in rows:
        sys.stdout.write(f"{row.row:5} {row.name}\n")
        sys.stdout.writelines(f"      + tests/{test}\n" for test in row.shown_by)
        if row.missing:
            sys.stdout.write(f"      - missing: {row.missing}\n")
    whole = sum(1 for row in rows if not row.missing)
    sys.stdout.write(f"{len(rows)} rows, {whole} shown in full\n")
    wrong = absent(rows)
    sys.stdout.writelines(f"programme: {each}\n" for each in wrong)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
