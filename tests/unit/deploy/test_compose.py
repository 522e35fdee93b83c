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

    def test_publishes_on_the_loopback_address_only(self, compose: dict[str, Any]) -> None:
        published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}

        assert published == {
            "gateway-api": ["127.0.0.1:${GATEWAY_PORT:-8000}:8000"],
            "prometheus": ["127.0.0.1:${PROMETHEUS_PORT:-9090}:9090"],
            "grafana": ["127.0.0.1:${GRAFANA_PORT:-3000}:3000"],
        }

    def test_builds_each_service_from_its_folder(self, compose: dict[str, Any]) -> None:
        folders = {
            service["build"]["args"]["SERVICE"] for service in compose["services"].values() if "build" in service
        }

        assert [folder for folder in sorted(folders) if not (ROOT / folder / "app.py").exists()] == []

    def test_holds_every_container_in(self, compose: dict[str, Any]) -> None:
        assert {name: loose(service) for name, service in compose["services"].items() if loose(service)} == {}

    def test_says_so_when_a_container_is_let_loose(self, compose: dict[str, Any]) -> None:
        good = compose["services"]["postgres"]

        assert loose(good | {"user": "0"}) == ["root"]
        assert loose(good | {"read_only": False, "cap_drop": ["NET_RAW"]}) == ["read_only", "cap_drop"]
        assert loose({key: value for key, value in good.items() if key != "mem_limit"}) == ["mem_limit"]
        assert loose(good | {"cap_add": ["SYS_ADMIN"]}) == ["cap_add"]

    def test_leaves_every_process_more_time_to_end_than_it_takes(self, compose: dict[str, Any]) -> None:
        lasting = {name: each for name, each in compose["services"].items() if each["restart"] != "no"}

        assert {
            name for name, each in lasting.items() if int(each["stop_grace_period"].removesuffix("s")) < 50
        } == set()
        assert {name for name, each in lasting.items() if each["restart"] != "unless-stopped"} == set()

    def test_starts_and_so_stops_in_order(self, compose: dict[str, Any]) -> None:
        needs = {name: set(each.get("depends_on", {})) for name, each in compose["services"].items()}

        for name in OWNERS:
            assert {"postgres", f"{name}-migrate"} <= needs[f"{name}-api"]
            assert {"postgres", "kafka", "topics", f"{name}-migrate"} <= needs[f"{name}-worker"]
            assert "kafka" not in needs[f"{name}-api"], "the counter works while the broker is away"
        assert {f"{name}-api" for name in OWNERS if name != "gateway"} <= needs["gateway-api"]

    def test_gives_no_secret_in_a_setting(self, compose: dict[str, Any]) -> None:
        named = {
            f"{name}: {key}"
            for name, each in compose["services"].items()
            for key, value in each.get("environment", {}).items()
            if re.search("PASSWORD|SECRET|_KEY$", key) and not re.fullmatch(r"\{secret:\w+\}|/run/secrets/\w+", value)
        }

        assert named == set()


def loose(service: dict[str, Any]) -> list[str]:
    """Return what a container may do that none needs."""
    held = {
        "root": service.get("user") not in {None, "0", "root"},
        "read_only": service.get("read_only") is True,
        "cap_drop": service.get("cap_drop") == ["ALL"],
        "cap_add": "cap_add" not in service,
        "privileged": "privileged" not in service,
        "security_opt": service.get("security_opt") == ["no-new-privileges:true"],
        "logging": "max-size" in service.get("logging", {}).get("options", {}),
        **{name: name in service for name in ("mem_limit", "memswap_limit", "cpus", "pids_limit")},
    }
    return [name for name, is_held in held.items() if not is_held]


def test_the_dockerfile_names_its_base_once_and_drops_root() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()

    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE_IMAGE}"}
    assert re.search(r"^USER 10001$", text, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK ", text, re.MULTILINE)
