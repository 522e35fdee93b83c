"""The shape of the tree: every rule of the house that a machine can check, each seen to fire on a planted violation."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("common", "gateway", "services", "local", "bench")
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_STORY = 300, 40, 60
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "misc", "constants", "common_utils"}
NEAR_MONEY = re.compile(r"services/\w+/domain/|common/(published|core)/|/adapters/tables")
HOP = re.compile(r"Next hop: (\S+)")


def python_files(root: Path = ROOT) -> list[Path]:
    found = [path for room in PRODUCT for path in (root / room).rglob("*.py") if "versions" not in path.parts]
    return sorted(found)


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def long_files(root: Path = ROOT) -> list[str]:
    lengths = ((path, len(path.read_text().splitlines())) for path in python_files(root))
    return [f"{path.relative_to(root)}: {length} lines" for path, length in lengths if length > LONGEST_FILE]


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring and signature."""
    body = function.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return (body[-1].end_lineno - body[0].lineno + 1) if body else 0


def long_functions(root: Path = ROOT) -> list[str]:
    found = []
    for path in python_files(root):
        limit = LONGEST_STORY if "usecases" in path.parts else LONGEST_FUNCTION
        for function in functions_of(ast.parse(path.read_text())):
            if body_length(function) > limit:
                found += [f"{path.relative_to(root)}:{function.lineno} {function.name}"]
    return found


def floats_near_money(root: Path = ROOT) -> list[str]:
    found = []
    for path in python_files(root):
        if not NEAR_MONEY.search(path.as_posix()):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            is_name = isinstance(node, ast.Name) and node.id in {"float", "round"}
            if is_name or (isinstance(node, ast.Constant) and isinstance(node.value, float)):
                found.append(f"{path.relative_to(root)}:{node.lineno}")
    return found


def shapeless_modules(root: Path = ROOT) -> list[str]:
    return [str(path.relative_to(root)) for path in python_files(root) if path.stem in FORBIDDEN_NAMES]


def filled_packages(root: Path = ROOT) -> list[str]:
    return [str(p.relative_to(root)) for p in python_files(root) if p.name == "__init__.py" and p.read_text().strip()]


def clocks_in_pure_rooms(root: Path = ROOT) -> list[str]:
    found = []
    for path in python_files(root):
        if not {"domain", "core", "usecases"} & set(path.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today", "uuid4"}:
                base = node.value
                if isinstance(base, ast.Name) and base.id in {"datetime", "date", "uuid"}:
                    found.append(f"{path.relative_to(root)}:{node.lineno}")
    return found


def lost_hops(root: Path = ROOT) -> list[str]:
    found = []
    for path in python_files(root):
        for target in HOP.findall(ast.get_docstring(ast.parse(path.read_text())) or ""):
            if not (root / target.rstrip(".,")).exists():
                found += [f"{path.relative_to(root)} -> {target}"]
    return found


CHECKS = {
    long_files: ("common/kit/long.py", '"""Doc."""\n' + "A = 1\n" * 301),
    long_functions: ("common/kit/deep.py", "def deep():\n" + "    a = 1\n" * 41),
    floats_near_money: ("services/identity/domain/share.py", "SHARE = 0.5\n"),
    shapeless_modules: ("common/kit/utils.py", ""),
    filled_packages: ("common/kit/__init__.py", "A = 1\n"),
    clocks_in_pure_rooms: ("services/identity/usecases/act.py", "import datetime\nNOW = datetime.now()\n"),
    lost_hops: ("common/kit/hop.py", '"""Does it.\n\nNext hop: services/nowhere.py\n"""\n'),
}


class TestShape:
    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_holds_in_the_tree(self, check):
        assert check() == []

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_fires_on_a_planted_violation(self, check, tmp_path):
        name, text = CHECKS[check]
        planted = tmp_path / name
        planted.parent.mkdir(parents=True)
        planted.write_text(text)

        assert len(check(tmp_path)) >= 1


def linted(root: Path) -> str:
    run = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    return run.stdout + run.stderr


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    for room in ("common", "gateway", "services"):
        shutil.copytree(ROOT / room, root / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


PLANTED = {
    "1. Services": ("services/identity/adapters/planted.py", "import services.settlement.domain\n"),
    "2. Common": ("common/kit/planted.py", "import services.identity.domain\n"),
    "3. In a service": ("services/identity/domain/planted.py", "import services.identity.usecases\n"),
    "4. Domain": ("services/identity/domain/planted.py", "import socket\n"),
    "5. Published": ("common/published/identity_planted.py", ""),
    "6a. Only": ("services/identity/usecases/planted.py", "import aiokafka\n"),
    "6b. Only": ("services/identity/usecases/planted.py", "import sqlalchemy\n"),
    "6c. Only": ("services/identity/usecases/planted.py", "import fastapi\n"),
}


class TestImportContracts:
    @pytest.mark.parametrize("contract", [name for name in PLANTED if not name.startswith("5")])
    def test_breaks_on_a_planted_import(self, copy, contract):
        name, text = PLANTED[contract]
        planted = copy / name
        planted.write_text('"""Planted."""\n\n' + text)
        try:
            told = linted(copy)
        finally:
            planted.unlink()

        assert re.search(rf"^{re.escape(contract)}.* BROKEN", told, re.MULTILINE), told[-3000:]

    def test_breaks_when_a_producer_reads_anothers_models(self, copy):
        target = copy / "common/published/identity.py"
        before = target.read_text()
        target.write_text(before + "\nimport common.published.settlement\n")
        try:
            told = linted(copy)
        finally:
            target.write_text(before)

        assert re.search(r"^5\. Published.* BROKEN", told, re.MULTILINE), told[-3000:]

    def test_breaks_on_a_module_without_a_room(self, copy):
        planted = copy / "services/identity/loose.py"
        planted.write_text('"""Planted."""\n')
        try:
            told = linted(copy)
        finally:
            planted.unlink()

        assert "BROKEN" in told or "loose" in told


class TestDocuments:
    def test_the_readme_names_every_room(self):
        rooms = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
        text = (ROOT / "README.md").read_text()

        tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        rooms &= {line.split("/")[0] for line in tracked.splitlines()}
        assert [room for room in sorted(rooms) if f"{room}/" not in text] == []

    def test_the_example_environment_names_every_setting(self):
        example = (ROOT / ".env.example").read_text()
        fields = set()
        for path in [
            *ROOT.glob("services/*/settings.py"),
            ROOT / "gateway/settings.py",
            ROOT / "common/kit/settings.py",
        ]:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id.islower():
                    fields.add(node.target.id.upper())

        assert [name for name in sorted(fields) if f"{name}=" not in example] == []
