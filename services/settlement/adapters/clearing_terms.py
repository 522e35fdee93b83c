"""How each county clears (services/settlement/codes/clearing.yaml), read as text and checked strictly at the start.

Room: adapters of settlement. Next hop: services/settlement/domain/clearing.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.core.money import ZERO, money_from_yuan
from common.kit.text_yaml import DataFileInvalid, entry, load_text_yaml, marked
from services.settlement.domain.clearing import Calendar, EmptyFund, Terms

TERMS_FILE = Path(__file__).resolve().parents[1] / "codes" / "clearing.yaml"
_KEYS = {"calendar", "centre", "empty_fund", "waive_up_to"}


@dataclass(frozen=True, slots=True)
class ClearingTerms:
    """The terms of counties that have their own, and those of all others."""

    usual: Terms
    counties: Mapping[str, Terms]

    def of(self, county: str) -> Terms:
        """Return the terms of a county."""
        return self.counties.get(county, self.usual)


def load_terms(path: Path = TERMS_FILE) -> ClearingTerms:
    """Return the terms of the file.

    Raises:
        DataFileInvalid: If it is not as its own comments say, or a county stands twice.
    """
    try:
        whole = entry(load_text_yaml(path), "the file", {"usual", "counties"})
        usual = _terms(marked(whole["usual"], "usual", _KEYS))
        rows = [marked(row, f"counties[{at}]", {*_KEYS, "county"}) for at, row in enumerate(whole["counties"])]
        found = {row["county"]: _terms(row) for row in rows}
    except (DataFileInvalid, ValueError, TypeError) as error:
        raise DataFileInvalid(f"{path.name}: {error}") from error
    if len(found) != len(rows):
        raise DataFileInvalid(f"{path.name}: counties names a county twice; keep one")
    return ClearingTerms(usual, found)


def _terms(row: Mapping[str, Any]) -> Terms:
    waived = money_from_yuan(row["waive_up_to"])
    if waived < ZERO:
        raise DataFileInvalid(f"waive_up_to is {waived}; write yuan from 0 on")
    return Terms(Calendar(row["calendar"]), row["centre"] or None, waived, EmptyFund(row["empty_fund"]))
