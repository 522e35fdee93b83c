"""Makes the suite's pytest plugins known to every test, and says which tests one worker of pytest-xdist takes."""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["common.kit.testing", "common.kit.testing_kafka"]

SHARING = ("tests/authority/", "tests/fuzz/", "tests/e2e/")
"""Folders whose tests call one running suite: starting it takes longer than most of them."""


class ByFile(LoadScopeScheduling):
    """Gives each file to one worker, and a folder that shares a running suite as well, apart for each broker."""

    def _split_scope(self, nodeid: str) -> str:
        for folder in SHARING:
            if nodeid.startswith(folder):
                return f"{folder} kafka" if nodeid.endswith("kafka]") else folder
        return nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:  # noqa: ANN401 - xdist's own log
    """Return the scheduler of `-n`, whatever `--dist` says."""
    return ByFile(config, log)
