"""The follow-up rules (services/contracts/rules/follow_up.yaml), checked strictly at the start.

Room: adapters of contracts. A wrong file stops the start and names file, place and remedy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.core.period import Period
from common.kit.text_yaml import DataFileInvalid, entry, load_text_yaml, marked, versions_of
from services.contracts.domain.follow_up_rule import OTHER, CodeRange, DiseaseRule, RuleVersion, VisitWindow

RULE_FILE = Path(__file__).resolve().parents[1] / "rules" / "follow_up.yaml"
_RANGE = re.compile(r"([A-Z][0-9]{2})-([A-Z][0-9]{2})")
_VERSION_KEYS = {"from", "visit_types", "sign_contract", "verify", "diseases"}
_MOST_DAYS = 3660


def load_rules(path: Path = RULE_FILE) -> tuple[RuleVersion, ...]:
    """Return the versions of the rules, the oldest first.

    Raises:
        DataFileInvalid: If the file is not as its head describes.
    """
    whole = load_text_yaml(path)
    try:
        versions = entry(whole, "the file", {"versions"})["versions"]
        return tuple(_version(period, each) for period, each in versions_of(versions, "versions"))
    except (DataFileInvalid, TypeError, ValueError) as error:
        raise DataFileInvalid(f"{path.name}: {error}") from error


def _version(period: Period, given: Mapping[str, Any]) -> RuleVersion:
    place = f"version {period.start_on}"
    entry(given, place, _VERSION_KEYS)
    diseases = tuple(_disease(each, place) for each in given["diseases"])
    names = [each.disease for each in diseases]
    if len(set(names)) < len(names) or OTHER not in names:
        raise DataFileInvalid(f"{place}: each disease stands once, and `{OTHER}` must be among them")
    return RuleVersion(
        period=period,
        visit_types=frozenset(marked(given["visit_types"], f"{place}, visit_types", {"codes"})["codes"]),
        diseases=diseases,
        sign_contract=_window("sign_contract", given["sign_contract"], place, frozenset()),
        verify=_window("verify", given["verify"], place, frozenset()),
    )


def _disease(given: object, place: str) -> DiseaseRule:
    found = entry(given, f"{place}, a disease", {"disease", "icd10", "visits"})
    inside = f"{place}, {found['disease']}"
    codes = marked(found["icd10"], f"{inside}, icd10", {"ranges"})
    visits = tuple(_window(each.get("visit", ""), each, inside, frozenset({"visit"})) for each in found["visits"])
    names = [each.name for each in visits]
    if not visits or "" in names or len(set(names)) < len(names):
        raise DataFileInvalid(f"{inside}: there is at least one visit, and each has a name of its own")
    return DiseaseRule(found["disease"], tuple(_range(each, inside) for each in codes["ranges"]), visits)


def _range(text: str, place: str) -> CodeRange:
    found = _RANGE.fullmatch(text)
    if found is None or found[1] > found[2]:
        raise DataFileInvalid(f"{place}: {text} is no range of ICD-10 categories such as I10-I15")
    return CodeRange(found[1], found[2])


def _window(name: str, given: object, place: str, more: frozenset[str]) -> VisitWindow:
    found = marked(given, f"{place}, window {name}", {"from_days", "to_days", *more})
    first, last = int(found["from_days"]), int(found["to_days"])
    if not 0 <= first <= last <= _MOST_DAYS:
        raise DataFileInvalid(f"{place}, window {name}: days run from 0 upwards, the last not before the first")
    return VisitWindow(name, first, last)
