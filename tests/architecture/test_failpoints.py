"""Every failpoint stands in the list and in the code, exactly by name; a planted stranger or orphan is seen."""

import ast
from collections.abc import Iterable
from pathlib import Path

from common.kit.failpoints import NAMES

ROOT = Path(__file__).resolve().parents[2]


def called_names(files: Iterable[Path]) -> list[str]:
    """Return what every `failpoint(...)` call names; something else than a literal text is returned as code."""
    found = []
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "failpoint":
                [argument] = node.args
                is_text = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                found.append(str(argument.value) if is_text else ast.unparse(argument))
    return found


class TestFailpointsInTheCode:
    def test_are_those_of_the_list(self):
        files = [path for room in ("common", "gateway", "services") for path in (ROOT / room).rglob("*.py")]

        assert set(called_names(files)) == set(NAMES)

    def test_are_found_where_one_is_planted(self, tmp_path):
        planted = tmp_path / "stranger.py"
        planted.write_text('failpoint("relay.after_lunch")\nfailpoint(name)\n')

        assert called_names([planted]) == ["relay.after_lunch", "name"]
