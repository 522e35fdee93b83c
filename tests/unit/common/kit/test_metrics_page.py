"""The page of metrics names every metric of the suite, with its labels."""

import re
from pathlib import Path

from prometheus_client import REGISTRY

import common.kit.metrics
import common.kit.telemetry
import services.settlement.adapters.metrics  # noqa: F401 - importing declares the metric

PAGE = Path(__file__).resolve().parents[4] / "docs" / "metrics.md"
FOREIGN = ("python_", "process_")


def of_the_page() -> dict[str, set[str]]:
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name.removesuffix("_total"): set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def of_the_registry() -> dict[str, set[str]]:
    collectors = set(REGISTRY._names_to_collectors.values())
    return {
        each._name: set(each._labelnames)
        for each in collectors
        if hasattr(each, "_labelnames") and not each._name.startswith(FOREIGN)
    }


def test_names_every_metric_with_its_labels():
    assert of_the_page() == of_the_registry()


def test_tells_metrics_by_their_declared_names():
    assert of_the_registry()["rows_cleaned"] == {"table"}
    assert common.kit.metrics.CLEANED in REGISTRY._names_to_collectors.values()
