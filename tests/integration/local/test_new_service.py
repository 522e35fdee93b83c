"""A copied skeleton is a service: it migrates, serves, works, stops, and passes its own test."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from common.kit.testing import Server
from local.new_service import ROOT, NameTaken, NameUnusable, PlaceNotFound, create_service

PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a service is made of, with one new service in it."""
    root = tmp_path_factory.mktemp("tree")
    for room in ("common", "services", "tests/integration/_skeleton"):
        shutil.copytree(ROOT / room, root / room, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "local").mkdir()
    for name in ("alembic.ini", "pyproject.toml", "conftest.py", "local/keys.py"):
        shutil.copy(ROOT / name, root / name)
    create_service("welfare", root)
    return root


@pytest.fixture
def database_url(postgres_server: Server) -> Iterator[str]:
    name = f"welfare_{uuid4().hex[:8]}"
    asyncio.run(postgres_server.run(f'CREATE DATABASE "{name}"'))
    yield postgres_server.url_of(name)
    asyncio.run(postgres_server.run(f'DROP DATABASE "{name}" WITH (FORCE)'))


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def environment(database_url: str, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "DATABASE_URL": database_url, "BROKER_DATABASE_URL": database_url, **more}


def run(tree: Path, *arguments: str, env: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=tree, env=env, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def started(tree: Path, module: str, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module], cwd=tree, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def ended(process: subprocess.Popen[str]) -> str:
    """Ask a process to stop and return what it wrote."""
    process.terminate()
    try:
        written, _ = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return written


def patient_client(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=httpx.HTTPTransport(retries=8))


class TestTheCopy:
    def test_names_nothing_of_the_skeleton(self, tree: Path) -> None:
        texts = {path: path.read_text() for path in (tree / "services/welfare").rglob("*.*") if path.is_file()}

        assert [path for path, text in texts.items() if "skeleton" in text] == []
        assert "welfare" in (tree / "common/kit/names.py").read_text()

    def test_migrates_serves_and_stops(self, tree: Path, database_url: str) -> None:
        port, metrics_port = free_port(), free_port()
        env = environment(database_url, PORT=str(port), METRICS_PORT=str(metrics_port))
        run(tree, "common.kit.migrations", "upgrade", "welfare", env=env)

        process = started(tree, "services.welfare.app", env)
        try:
            with patient_client(port) as client:
                ready = client.get("/readyz")
                refused = client.get(f"/v1/welfare/persons/{uuid4()}/stays")
            with patient_client(metrics_port) as client:
                metrics = client.get("/metrics")
        finally:
            written = ended(process)

        assert (ready.status_code, ready.json()["status"]) == (200, "ready"), written
        assert (refused.status_code, refused.json()["code"]) == (401, "token_invalid")
        assert "http_requests_total" in metrics.text
        assert "request answered" in written
        assert process.returncode == 0

    def test_works_and_stops(self, tree: Path, database_url: str) -> None:
        env = environment(database_url)
        run(tree, "common.kit.migrations", "upgrade", "welfare", env=env)
        run(tree, "common.kit.broker_store", "create", env=env)

        process = started(tree, "services.welfare.worker", env)
        assert process.stdout is not None
        first = process.stdout.readline()
        written = first + ended(process)

        assert "worker_started" in written
        assert "worker_stopped" in written
        assert process.returncode == 0

    def test_passes_the_skeletons_test_under_its_own_name(self, tree: Path, postgres_server: Server) -> None:
        env = {"PATH": os.environ["PATH"], "TEST_DATABASE_URL": postgres_server.url}

        run(tree, "pytest", "-q", "tests/integration/welfare", env=env)


class TestCreateService:
    @pytest.mark.parametrize("name", ["", "ab", "Welfare", "wel-fare", "9lives", "../x", "x" * 31])
    def test_refuses_a_name_that_cannot_be_one(self, tree: Path, name: str) -> None:
        with pytest.raises(NameUnusable):
            create_service(name, tree)

    @pytest.mark.parametrize("name", ["identity", "welfare", "gateway"])
    def test_refuses_a_name_that_is_taken(self, tree: Path, name: str) -> None:
        with pytest.raises(NameTaken):
            create_service(name, tree)

    def test_writes_nothing_when_a_list_is_not_where_it_was(self, tree: Path) -> None:
        listed = tree / "common/kit/names.py"
        before = listed.read_text()
        listed.write_text(before.replace("SERVICES = (", "OWNERS = ("))

        with pytest.raises(PlaceNotFound):
            create_service("another", tree)

        assert not (tree / "services/another").exists()
        listed.write_text(before)
