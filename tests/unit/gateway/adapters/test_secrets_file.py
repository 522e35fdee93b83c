"""The file in which secrets are handed over."""

from __future__ import annotations

import json

import pytest

from gateway.adapters.secrets_file import SecretsFileUnreadable, read_secrets, write_secrets
from gateway.domain.demo_client import demo_clients


class TestSecretsFile:
    def test_is_closed_to_others_and_has_the_agreed_shape(self, tmp_path):
        path, clients = tmp_path / "data" / "demo-clients.json", demo_clients()

        write_secrets(path, clients, {client.client_id: "s" for client in clients})

        assert path.stat().st_mode & 0o777 == 0o600
        assert json.loads(path.read_text())["211381-hospital-1"] == {
            "client_id": "211381-hospital-1",
            "client_secret": "s",
            "scope": "his",
            "institution_code": "H21138100001",
            "county": "211381",
        }
        assert [each.name for each in path.parent.iterdir()] == ["demo-clients.json"]

    def test_reads_back_the_secrets_and_nothing_where_there_is_no_file(self, tmp_path):
        client = demo_clients()[0]
        write_secrets(tmp_path / "f.json", [client], {client.client_id: "s"})

        assert read_secrets(tmp_path / "f.json") == {client.client_id: "s"}
        assert read_secrets(tmp_path / "none.json") == {}

    @pytest.mark.parametrize("content", ["{", "[]", '{"a": {}}', '{"a": 1}', "\ufeff{}"])
    def test_leaves_a_file_of_another_kind_alone(self, tmp_path, content):
        path = tmp_path / "f.json"
        path.write_text(content)

        with pytest.raises(SecretsFileUnreadable, match="move it away"):
            read_secrets(path)
