"""A run that cannot start says why and what to do, and leaves nothing running."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local.run import hold
from local.wishes import StartFailed, Wishes

REPOSITORY = Path(__file__).resolve().parents[3]


def run(data_dir: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "BROKER"}}
    return subprocess.run(
        [sys.executable, "-m", "local.run"],
        cwd=REPOSITORY,
        env={**kept, "DATA_DIR": str(data_dir), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestWishes:
    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({"PORT": "80a"}, "PORT is '80a'"),
            ({"PORT": "70000"}, "PORT is '70000'"),
            ({"BROKER": "rabbit"}, "must be embedded or kafka"),
            ({"BROKER": "kafka", "KAFKA_BOOTSTRAP": ""}, "needs KAFKA_BOOTSTRAP"),
        ],
    )
    def test_that_make_no_sense_are_refused_by_name(
        self, settings: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)

        with pytest.raises(StartFailed, match=said):
            Wishes.read()

    def test_pass_the_size_of_the_demo_world_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("DEMO", raising=False)
        monkeypatch.setenv("DEMO_PERSONS", "20")
        monkeypatch.delenv("DEMO_DISCHARGES", raising=False)

        assert Wishes.read().demo == ["--persons", "20"]


class TestRun:
    def test_refuses_a_data_directory_that_is_in_use(self, tmp_path: Path) -> None:
        with hold(tmp_path):
            done = run(tmp_path)

        assert done.returncode == 1
        assert "another run uses" in done.stderr

    def test_refuses_a_port_that_is_taken(self, tmp_path: Path) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = str(listener.getsockname()[1])

            done = run(tmp_path, PORT=port)

        assert done.returncode == 1
        assert f"port {port} is taken" in done.stdout

    def test_says_when_the_given_server_does_not_answer(self, tmp_path: Path) -> None:
        done = run(tmp_path, PORT="18999", DATABASE_URL="postgresql://somebody:secret@127.0.0.1:1/postgres")

        assert done.returncode == 1
        assert "the server at 127.0.0.1:1 does not let us in" in done.stdout
        assert "secret" not in done.stdout

    def test_refuses_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()

        done = run(tmp_path / "file" / "data")

        assert done.returncode == 1
        assert "cannot be used" in done.stderr
