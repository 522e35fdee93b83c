"""The embedded PostgreSQL keeps its promises: passwords, checksums, recovery, one process, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from common.kit.postgres_place import ServerUnavailable, place_for
from common.kit.postgres_server import PostgresServer, embedded_postgres, throwaway_postgres

REPOSITORY = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with throwaway_postgres() as running:
        yield running


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that other users may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)


def plain(url: str) -> str:
    return url.replace("+asyncpg", "")


async def value(server: PostgresServer, query: str) -> object:
    connection = await asyncpg.connect(plain(server.url()))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


class TestServer:
    async def test_stores_utf8_with_checksums_and_hashed_passwords(self, server: PostgresServer) -> None:
        assert await value(server, "SHOW data_checksums") == "on"
        assert await value(server, "SHOW server_encoding") == "UTF8"
        assert await value(server, "SHOW password_encryption") == "scram-sha-256"
        assert await value(server, "SELECT datlocale FROM pg_database WHERE datname = 'postgres'") == "C.UTF-8"

    async def test_refuses_a_wrong_password(self, server: PostgresServer) -> None:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(plain(server.url(password="guessed")))

    async def test_keeps_its_password_to_its_user(self, server: PostgresServer) -> None:
        mode = (server.place.home / "password").stat().st_mode & 0o777

        assert mode == 0o600

    async def test_has_committed_rows_again_after_a_kill(self, server: PostgresServer) -> None:
        connection = await asyncpg.connect(plain(server.url()))
        await connection.execute("CREATE TABLE kept AS SELECT 7 AS figure")

        server.kill()
        server.start()

        assert await value(server, "SELECT figure FROM kept") == 7
        connection.terminate()

    def test_refuses_a_second_process_on_the_same_data(self, server: PostgresServer) -> None:
        second = PostgresServer(server.place)

        with pytest.raises(ServerUnavailable, match="another process uses"):
            second.prepare()


class TestDataDirectory:
    def test_is_continued_by_the_next_run_on_the_same_port(self, open_directory: Path) -> None:
        with embedded_postgres(open_directory, durable=False) as first:
            address = first.url()

        with embedded_postgres(open_directory, durable=False) as second:
            assert second.url() == address

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")
    def test_out_of_reach_of_the_lowered_user_is_moved_and_pointed_to(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        with throwaway_postgres() as open_server:
            state = open_server.place.home.parent / "state"
            monkeypatch.setattr("common.kit.postgres_place.STATE_ROOT", state)

            place = place_for(closed)

            assert place.home.parent == state
            assert (closed / "postgres" / "moved-to").read_text().strip() == str(place.home)
            assert str(place.home) in capsys.readouterr().err
            assert place_for(closed).home == place.home


def test_a_killed_owner_takes_its_server_along(open_directory: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from common.kit.postgres_server import embedded_postgres\n"
        "with embedded_postgres(Path(sys.argv[1]), durable=False) as server:\n"
        "    print(server.process.pid, flush=True); time.sleep(60)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script, str(open_directory)], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())

    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()

    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
