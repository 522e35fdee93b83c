"""The counties' warning lines (services/monitoring/lines/*.yaml), checked strictly at the start.

Room: adapters of monitoring. A wrong file stops the start and names file, place and remedy.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.core.money import ZERO, money_from_yuan
from common.core.period import Period
from common.kit.text_yaml import DataFileInvalid, entry, load_text_yaml, marked, versions_of
from services.monitoring.domain.warning_line import WarningLine

LINE_FOLDER = Path(__file__).resolve().parents[1] / "lines"


def load_lines(folder: Path = LINE_FOLDER) -> dict[str, tuple[WarningLine, ...]]:
    """Return county code -> its lines, the oldest first, for every file of the folder.

    Raises:
        DataFileInvalid: If a file is not as the others are.
    """
    return {path.stem: _load(path) for path in sorted(folder.glob("*.yaml"))}


def _load(path: Path) -> tuple[WarningLine, ...]:
    try:
        whole = entry(load_text_yaml(path), "the file", {"county", "name", "versions"})
        return _lines(whole, path.stem)
    except (DataFileInvalid, TypeError, ValueError) as error:
        raise DataFileInvalid(f"{path.name}: {error}") from error


def _lines(whole: Mapping[str, Any], stem: str) -> tuple[WarningLine, ...]:
    if whole["county"] != stem:
        raise DataFileInvalid(f"county is {whole['county']}; make it the file's name")
    return tuple(_line(period, each) for period, each in versions_of(whole["versions"], "versions"))


def _line(period: Period, given: Mapping[str, Any]) -> WarningLine:
    place = f"version {period.start_on}"
    found = marked(given, place, {"from", "rule", "line_yuan"})
    line = money_from_yuan(found["line_yuan"])
    if line <= ZERO or not found["rule"]:
        raise DataFileInvalid(f"{place}: line_yuan is above zero, and the rule has a code")
    return WarningLine(period, found["rule"], line)
