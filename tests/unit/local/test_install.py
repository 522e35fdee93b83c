"""Installing says what is missing and how to get it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local import install


class TestFailures:
    @pytest.mark.parametrize(
        ("kind", "advice"),
        [
            ("python", "Python 3.11 or newer is missing"),
            ("venv", "apt-get install python3-venv"),
            ("packages", "Is there a connection"),
        ],
    )
    def test_end_with_the_way_out(self, kind: str, advice: str) -> None:
        with pytest.raises(SystemExit, match=advice):
            install.fail(kind)

    def test_name_the_venv_module_where_debian_leaves_it_out(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
        monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

        with pytest.raises(SystemExit, match="python3-venv"):
            install.make_venv()


def test_runs_on_the_standard_library_alone() -> None:
    loaded = subprocess.run(
        [sys.executable, "-S", "-I", "-c", f"import runpy; runpy.run_path({install.__file__!r})"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert loaded.returncode == 0, loaded.stderr
