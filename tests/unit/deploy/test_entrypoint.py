"""A container's settings name secrets; their texts come from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.entrypoint import filled


class TestFilled:
    def test_puts_the_text_of_the_file_in(self, tmp_path: Path) -> None:
        (tmp_path / "database_password").write_text("abc\n")

        assert filled("postgresql://u:{secret:database_password}@db/x", tmp_path) == "postgresql://u:abc@db/x"

    def test_leaves_other_texts_alone(self, tmp_path: Path) -> None:
        assert filled('{"json": true}', tmp_path) == '{"json": true}'

    def test_fails_when_the_file_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            filled("{secret:data_key}", tmp_path)
