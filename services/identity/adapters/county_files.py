"""The counties' own data (services/identity/counties/*.yaml), read as text and checked strictly at the start.

Room: adapters of identity. A wrong file stops the start and names file, key and remedy.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from common.core.ids import TownshipCode
from common.core.money import Money
from common.core.period import Period
from services.identity.domain.category import REGISTERED_POOR, SOURCES, plain_text
from services.identity.domain.county import CountyRules, Township, VerificationLine

COUNTY_FOLDER = Path(__file__).resolve().parents[1] / "counties"
_KEYS = {"county", "name", "townships", "category_names", "precedence", "household_register", "verification_lines"}
_TOWNSHIP_CODE = re.compile(r"[0-9]{9}")


class CountyFileInvalid(ValueError):
    """A county's file cannot be used; the text names file, key and remedy."""


class _TextLoader(yaml.BaseLoader):
    """Reads every scalar as text and refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        doubled = {str(key) for key in keys if keys.count(key) > 1}
        if doubled:
            raise CountyFileInvalid(f"{', '.join(sorted(doubled))} stands twice; keep one")
        return super().construct_mapping(node, deep=deep)


def load_counties(folder: Path = COUNTY_FOLDER) -> dict[str, CountyRules]:
    """Return county code -> rules for every file of the folder.

    Raises:
        CountyFileInvalid: If a file is not as described in services/identity/README.md.
    """
    return {path.stem: _load(path) for path in sorted(folder.glob("*.yaml"))}


def _load(path: Path) -> CountyRules:
    try:
        # The loader makes texts, lists and mappings only; it is a BaseLoader, not the one that builds objects.
        whole = yaml.load(path.read_text(encoding="utf-8"), Loader=_TextLoader)  # nosec B506  # noqa: S506
        _exact_keys(whole, _KEYS, "the file")
        return _rules(whole, path.stem)
    except (CountyFileInvalid, yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        raise CountyFileInvalid(f"{path.name}: {error}") from error


def _rules(whole: Mapping[str, Any], stem: str) -> CountyRules:
    if whole["county"] != stem:
        raise CountyFileInvalid(f"county is {whole['county']}, the file name says {stem}; make them equal")
    if whole["household_register"] not in SOURCES:
        raise CountyFileInvalid(f"household_register is none of {', '.join(SOURCES)}")
    precedence = tuple(whole["precedence"])
    unranked = ({REGISTERED_POOR} | set(whole["category_names"])) ^ set(precedence)
    if unranked:
        raise CountyFileInvalid(f"precedence and category_names differ in {', '.join(sorted(unranked))}")
    return CountyRules(
        county=whole["county"],
        townships=tuple(_township(entry, stem) for entry in whole["townships"]),
        category_names=_spellings(whole["category_names"]),
        precedence=precedence,
        household_register=whole["household_register"],
        verification_lines=_lines(whole["verification_lines"]),
    )


def _township(entry: Mapping[str, Any], county: str) -> Township:
    _exact_keys(entry, {"code", "names", "from"}, "a township", optional={"to"})
    if not _TOWNSHIP_CODE.fullmatch(entry["code"]) or not entry["code"].startswith(county):
        raise CountyFileInvalid(f"township {entry['code']} is not nine digits that begin with {county}")
    ends_on = date.fromisoformat(entry["to"]) if "to" in entry else None
    return Township(
        code=TownshipCode(entry["code"]),
        names=tuple(plain_text(name) for name in entry["names"]),
        period=Period(date.fromisoformat(entry["from"]), ends_on),
    )


def _spellings(names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    spelled = [(plain_text(name), code) for code, spellings in names.items() for name in spellings]
    found = dict(spelled)
    if len(found) != len(spelled):
        raise CountyFileInvalid("category_names has one spelling for two categories; keep one")
    return found | {code: code for code in names}


def _lines(entries: Sequence[Mapping[str, Any]]) -> tuple[VerificationLine, ...]:
    for entry in entries:
        _exact_keys(entry, {"from", "patient_pays_fen", "due_days", "source"}, "a verification line")
    begins = [date.fromisoformat(entry["from"]) for entry in entries]
    if any(later <= earlier for earlier, later in pairwise(begins)):
        raise CountyFileInvalid("verification_lines are not in order of `from`")
    ends = [*begins[1:], None]
    return tuple(
        VerificationLine(Period(begin, end), Money(int(entry["patient_pays_fen"])), int(entry["due_days"]))
        for begin, end, entry in zip(begins, ends, entries, strict=True)
    )


def _exact_keys(entry: Mapping[str, Any], wanted: Iterable[str], what: str, optional: Iterable[str] = ()) -> None:
    missing, unknown = set(wanted) - set(entry), set(entry) - set(wanted) - set(optional)
    if missing or unknown:
        raise CountyFileInvalid(f"{what} lacks {sorted(missing)} or has unknown {sorted(unknown)}")
