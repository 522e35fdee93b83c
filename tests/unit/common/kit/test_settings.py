"""Settings are complete or the process does not start."""

from __future__ import annotations

from typing import Self

import pytest
from pydantic import model_validator

from common.kit.settings import ServiceSettings, load_settings


class TestLoadSettings:
    def test_reads_the_environment_by_capital_names(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://u:hidden@h/d")
        monkeypatch.setenv("PORT", "8101")

        settings = load_settings(ServiceSettings)

        assert settings.port == 8101
        assert "hidden" not in repr(settings)

    def test_ends_with_the_names_of_what_is_missing_or_wrong(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("DATABASE_URL", raising=False)
        monkeypatch.setenv("BROKER", "pigeon")

        with pytest.raises(SystemExit) as ended:
            load_settings(ServiceSettings)

        assert "DATABASE_URL: Field required" in str(ended.value)
        assert "BROKER" in str(ended.value)

    def test_tells_a_rule_over_several_settings_in_its_own_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Paired(ServiceSettings):
            @model_validator(mode="after")
            def _refuse(self) -> Self:
                raise ValueError("PERSON_KEY is not 32 bytes as hex")

        monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://u:p@h/d")

        with pytest.raises(SystemExit) as ended:
            load_settings(Paired)

        assert "PERSON_KEY is not 32 bytes as hex" in str(ended.value)
