"""The compose file names what exists: secrets that are made on first use, folders of services, one base image."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.keys import OWNERS, load_keys

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return read


class TestCompose:
    def test_takes_only_secrets_that_are_made_on_first_use(self, compose: dict[str, Any], tmp_path: Path) -> None:
        made = load_keys(tmp_path)

        assert set(compose["secrets"]) <= set(made)
        assert {name: entry["file"] for name, entry in compose["secrets"].items()} == {
            name: f"./secrets/{name}" for name in compose["secrets"]
        }

    def test_names_in_settings_only_secrets_the_container_is_given(self, compose: dict[str, Any]) -> None:
        missing = {}
        for name, service in compose["services"].items():
            given = {entry if isinstance(entry, str) else entry["target"] for entry in service.get("secrets", [])}
            wanted = set(re.findall(r"\{secret:(\w+)\}", str(service.get("environment", {}))))
            missing[name] = wanted - given

        assert {name: places for name, places in missing.items() if places} == {}

    def test_runs_http_process_and_worker_of_everybody(self, compose: dict[str, Any]) -> None:
        assert {f"{name}-{role}" for name in OWNERS for role in ("api", "worker")} <= set(compose["services"])

    def test_publishes_the_gateway_only_and_only_here(self, compose: dict[str, Any]) -> None:
        published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}

        assert published == {"gateway-api": ["127.0.0.1:${GATEWAY_PORT:-8000}:8000"]}

    def test_builds_each_service_from_its_folder(self, compose: dict[str, Any]) -> None:
        folders = {
            service["build"]["args"]["SERVICE"] for service in compose["services"].values() if "build" in service
        }

        assert [folder for folder in sorted(folders) if not (ROOT / folder / "app.py").exists()] == []


def test_the_dockerfile_names_its_base_once_and_drops_root() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()

    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE_IMAGE}"}
    assert re.search(r"^USER 10001$", text, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", text, re.MULTILINE)
