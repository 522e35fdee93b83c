"""The kit for HIS vendors against a running suite, through the gateway, with lines that are really cut."""

from __future__ import annotations

import subprocess
import sys

import pytest

from local.booted import ROOT, Suite

pytestmark = [pytest.mark.timeout(400)]


def _run(suite: Suite, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.his_kit", "--base-url", suite.base_url, "--clients", str(suite.clients)]
    return subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


class TestHisKit:
    def test_goes_as_recorded(self, suite: Suite) -> None:
        done = _run(suite)

        assert done.returncode == 0, done.stdout[-5000:] + done.stderr
        assert "2304 住院结算 [cut]: ok" in done.stdout

    def test_says_so_when_it_cannot_run(self, suite: Suite) -> None:
        unknown = _run(suite, "--institution", "H00000000000")
        nothing = _run(suite, "--only", "nothing/*")

        assert (unknown.returncode, nothing.returncode) == (2, 2)
        assert "no client of institution" in unknown.stderr
        assert "no conversation is called" in nothing.stderr
