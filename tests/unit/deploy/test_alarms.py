"""Alarms and dashboard ask only for metrics that a process shows, and every alarm is explained to who must act."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import prometheus_client
import promql_parser
import pytest
import yaml

import common.kit.metrics
import common.kit.telemetry  # noqa: F401 - importing declares the metrics
import services.settlement.adapters.metrics  # noqa: F401 - the same
from local.keys import OWNERS

ROOT = Path(__file__).resolve().parents[3]
ALARMS = ROOT / "deploy" / "prometheus" / "alarms.yml"
HOW_TO = ROOT / "docs" / "operations.md"
FROM_THE_SYSTEM = {"up", "process_start_time_seconds", "process_resident_memory_bytes", "process_open_fds"}
FROM_THE_SYSTEM |= {"process_max_fds", "process_cpu_seconds_total"}
MUST_HAVE_AN_ALARM = {"dead_total", "heads_mismatch_total", "sequence_reused_total", "consumed_total", "consumer_lag"}
MUST_HAVE_AN_ALARM |= {"consumer_last_progress_seconds", "parked_keys", "parked_oldest_seconds", "gap_total"}
MUST_HAVE_AN_ALARM |= {"inbox_duplicates_total", "loop_lag_seconds", "outbox_oldest_seconds", "up", "relay_shards_held"}
MUST_HAVE_AN_ALARM |= {"relief_waiting_fen", "fund_available_fen"}


def rules() -> list[dict[str, Any]]:
    read = yaml.safe_load(ALARMS.read_text())
    return [rule for group in read["groups"] for rule in group["rules"]]


def dashboard_queries() -> list[str]:
    (file,) = (ROOT / "deploy" / "grafana" / "dashboards").glob("*.json")
    return [target["expr"] for panel in json.loads(file.read_text())["panels"] for target in panel["targets"]]


def metrics_of(query: str) -> set[str]:
    """Return the names a query asks for; a query that cannot be read raises."""
    found: set[str] = set()
    waiting = [promql_parser.parse(query)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, promql_parser.VectorSelector):
            found.add(node.name)
        waiting += [
            part
            for name in ("lhs", "rhs", "expr", "vector_selector")
            if isinstance(part := getattr(node, name, None), promql_parser.Expr)
        ]
        waiting += getattr(node, "args", [])
    return found


def shown() -> set[str]:
    """Return every name a process shows at /metrics."""
    names: set[str] = set(FROM_THE_SYSTEM)
    for family in prometheus_client.REGISTRY.collect():
        names |= {family.name}
        if family.type == "counter":
            names |= {f"{family.name}_total"}
        if family.type == "histogram":
            names |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return names


class TestMetricsOf:
    def test_finds_names_wherever_they_stand(self) -> None:
        query = 'sum by (a) (rate(b_total{c="d"}[5m])) > 0.5 * (e unless f offset 1m) and on() (hour() >= 1)'

        assert metrics_of(query) == {"b_total", "e", "f"}

    def test_refuses_what_prometheus_could_not_read(self) -> None:
        with pytest.raises(ValueError, match="parenthesis"):
            metrics_of("sum by (a (b)")


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
class TestEveryAlarm:
    def test_asks_for_metrics_that_exist(self, rule: dict[str, Any]) -> None:
        assert metrics_of(rule["expr"]) - shown() == set()

    def test_says_how_urgent_it_is_and_what_happened(self, rule: dict[str, Any]) -> None:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]

    def test_is_explained(self, rule: dict[str, Any]) -> None:
        assert re.search(rf"\b{rule['alert']}\b", HOW_TO.read_text())


class TestAlarms:
    def test_watch_everything_that_must_be_watched(self) -> None:
        watched = {name for rule in rules() for name in metrics_of(rule["expr"])}

        assert MUST_HAVE_AN_ALARM - watched == set()

    def test_have_names_of_their_own(self) -> None:
        names = [rule["alert"] for rule in rules()]

        assert len(names) == len(set(names))

    def test_fire_when_they_should(self, tmp_path: Path) -> None:
        tool = shutil.which("promtool")
        if tool is None:
            pytest.skip("promtool is missing (Debian, Ubuntu: apt-get install prometheus); the alarms were only read")
        for file in (ALARMS, Path(__file__).with_name("alarm_tests.yml")):
            shutil.copy(file, tmp_path)

        done = subprocess.run(
            [tool, "test", "rules", "alarm_tests.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
        )

        assert done.returncode == 0, done.stdout + done.stderr


class TestPrometheus:
    def test_reads_every_process(self) -> None:
        read = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
        targets = [place for each in read["scrape_configs"][0]["static_configs"] for place in each["targets"]]

        assert sorted(targets) == sorted(f"{name}-{role}:9100" for name in OWNERS for role in ("api", "worker"))


@pytest.mark.parametrize("query", dashboard_queries())
def test_the_dashboard_asks_for_metrics_that_exist(query: str) -> None:
    assert metrics_of(query) - shown() == set()
