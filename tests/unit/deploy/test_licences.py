"""Nothing comes in under terms nobody looked at, and every requirement is pinned with its hashes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.licences import PAGE, SETS, pinned, unaccepted

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements"


class TestUnaccepted:
    def test_names_a_package_with_other_terms(self) -> None:
        licences = {"fine": "MIT License", "strange": "GPL-3.0-or-later", "unknown": "UNKNOWN"}

        assert unaccepted(licences, {"fine", "strange", "unknown"}) == ["strange: GPL-3.0-or-later", "unknown: UNKNOWN"]

    def test_looks_at_what_is_pinned_only(self) -> None:
        assert unaccepted({"strange": "GPL-3.0-or-later"}, {"fine"}) == []


class TestPage:
    def test_names_every_pinned_package(self) -> None:
        listed = set(re.findall(r"^\| (\S+) \|", PAGE.read_text(), re.MULTILINE)) - {"package"}

        assert listed == set().union(*(pinned(name) for name in SETS))


@pytest.mark.parametrize("name", SETS)
def test_every_requirement_has_a_version_and_hashes(name: str) -> None:
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    entries = re.findall(r"^[^\s#].*(?:\n +.*)*", text, re.MULTILINE)

    assert len(entries) == len(pinned(name)) > 20
    assert [entry.split()[0] for entry in entries if not re.match(r"\S+==\S+ .*\n +--hash=sha256:\w{64}", entry)] == []
