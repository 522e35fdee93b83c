"""Generated secrets are made once, kept closed, and never changed."""

from __future__ import annotations

from pathlib import Path

from local.keys import DATABASES, load_keys


class TestLoadKeys:
    def test_keeps_what_was_made_on_first_use(self, tmp_path: Path) -> None:
        first = load_keys(tmp_path / "secrets")

        assert load_keys(tmp_path / "secrets") == first

    def test_gives_every_database_a_password_of_its_own(self, tmp_path: Path) -> None:
        keys = load_keys(tmp_path)

        assert len({keys[f"{name}_database_password"] for name in DATABASES}) == len(DATABASES)

    def test_closes_folder_and_files_to_others(self, tmp_path: Path) -> None:
        folder = tmp_path / "secrets"

        load_keys(folder)

        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}

    def test_makes_encryption_keys_of_32_bytes(self, tmp_path: Path) -> None:
        keys = load_keys(tmp_path)

        assert len(bytes.fromhex(keys["person_key"])) == 32
        assert len(bytes.fromhex(keys["identity_data_key"])) == 32
