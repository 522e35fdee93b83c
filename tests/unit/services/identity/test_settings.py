"""Settings of identity: a wrong key stops the start with a readable line."""

from __future__ import annotations

import pytest

from common.kit.settings import load_settings
from services.identity.settings import Settings


@pytest.mark.parametrize("wrong", ["", "zz", "00" * 31])
def test_a_wrong_key_stops_the_start(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://user:word@localhost/identity")
    monkeypatch.setenv("PERSON_KEY", "00" * 32)
    monkeypatch.setenv("DATA_KEY", wrong)

    with pytest.raises(SystemExit, match=r"DATA_KEY: .*32 bytes as hex"):
        load_settings(Settings)


def test_good_keys_are_ready_for_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://user:word@localhost/identity")
    monkeypatch.setenv("PERSON_KEY", "00" * 32)
    monkeypatch.setenv("DATA_KEY", "11" * 32)

    keys = load_settings(Settings).keys()

    assert keys.person_key == bytes(32)
    assert keys.seal.open(keys.seal.close("text", context=b""), context=b"") == "text"
