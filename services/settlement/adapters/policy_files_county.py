"""Reads what all versions of a county share: levels, institutions, disease lists, income figures, each dated itself.

Room: adapters of settlement. Next hop: services/settlement/domain/policy.py
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from common.core.period import Period
from services.settlement.adapters.policy_files_layers import read_name
from services.settlement.adapters.policy_files_tables import Context, read_origin, read_span
from services.settlement.adapters.policy_files_text import Entry, Text
from services.settlement.domain.condition import Span
from services.settlement.domain.policy import BenefitClass, DiseaseList, Figure, Institution
from services.settlement.domain.vocabulary import USUAL_LEVELS, Region

GENERAL = "general"
_INSTITUTION = re.compile(r"[A-Za-z0-9]{4,32}")
_ICD10 = re.compile(r"[A-Z][0-9]{2}(\.[0-9A-Z]{1,10})?")
_RANGE = re.compile(r"([A-Z][0-9]{2})-([A-Z][0-9]{2})")


@dataclass(frozen=True, slots=True)
class CountyTables:
    """The tables of a county's file that stand beside its versions."""

    sources: Mapping[str, str]
    levels: tuple[str, ...]
    institutions: tuple[Institution, ...]
    disease_lists: tuple[DiseaseList, ...]
    figures: tuple[Figure, ...]

    def context(self, *, since: date, classes: Sequence[BenefitClass], layer_names: Sequence[str]) -> Context:
        """Return what the values of a version may refer to."""
        return Context(
            sources=self.sources,
            since=since,
            class_names=tuple(each.name for each in classes),
            list_names=tuple(sorted({each.name for each in self.disease_lists})),
            levels=self.levels,
            kinds=tuple(sorted({GENERAL, *(each.kind for each in self.institutions)})),
            hospitals=tuple(each.code for each in self.institutions),
            layer_names=layer_names,
            figure_names=tuple(sorted({each.name for each in self.figures})),
        )


def read_county_tables(whole: Entry, sources: Mapping[str, str]) -> CountyTables:
    """Return the tables of a whole file."""
    levels = tuple(read_name(text) for text in whole.texts("levels")) if whole.has("levels") else USUAL_LEVELS
    if len(set(levels)) != len(levels):
        whole.at("levels").refuse("a level stands twice", "keep one of the two")
    return CountyTables(
        sources=sources,
        levels=levels,
        institutions=_institutions(whole, levels),
        disease_lists=tuple(_disease_list(each, sources) for each in _optional(whole, "disease_lists")),
        figures=_figures(whole, sources),
    )


def _optional(entry: Entry, name: str) -> list[Entry]:
    return entry.entries(name) if entry.has(name) else []


def _disease_list(entry: Entry, sources: Mapping[str, str]) -> DiseaseList:
    entry.expect(required=["name", "from", "diseases"], optional=["to", "ages", "source", "assumed"])
    prefixes: list[str] = []
    ranges: list[tuple[str, str]] = []
    for disease in entry.entries("diseases"):
        disease.expect(required=["name", "icd10"])
        for text in disease.texts("icd10"):
            _read_pattern(text, prefixes, ranges)
    period = _period(entry)
    origin = read_origin(entry, Context(sources, period.start_on))
    ages = read_span(entry, "ages") if entry.has("ages") else Span(None, None)
    return DiseaseList(read_name(entry.text("name")), tuple(prefixes), tuple(ranges), ages, period, origin)


def _read_pattern(text: Text, prefixes: list[str], ranges: list[tuple[str, str]]) -> None:
    span = _RANGE.fullmatch(text.value)
    if span is not None and span[1] <= span[2]:
        ranges.append((span[1], span[2]))
    elif _ICD10.fullmatch(text.value):
        prefixes.append(text.value)
    else:
        text.place.refuse(f"{text.value!r} is no ICD-10 code", "write it as I63, I63.9 or C00-C97")


def _figures(whole: Entry, sources: Mapping[str, str]) -> tuple[Figure, ...]:
    found: list[Figure] = []
    for entry in _optional(whole, "figures"):
        entry.expect(required=["name", "value", "from"], optional=["to", "source", "assumed"])
        period = _period(entry)
        origin = read_origin(entry, Context(sources, period.start_on))
        found.append(Figure(read_name(entry.text("name")), entry.text("value").money(), period, origin))
    for one, other in combinations(found, 2):
        if one.name == other.name and one.period.overlaps(other.period):
            whole.at("figures").refuse(f"{one.name} has two values on one day", "end the earlier one with `to`")
    return tuple(found)


def _period(entry: Entry) -> Period:
    ends_on = entry.text("to").day() if entry.has("to") else None
    begins_on = entry.text("from").day()
    if ends_on is not None and ends_on <= begins_on:
        entry.at("to").refuse("does not lie after `from`", "write the first day on which it no longer counts")
    return Period(begins_on, ends_on)


def _institutions(whole: Entry, levels: Sequence[str]) -> tuple[Institution, ...]:
    found: list[Institution] = []
    for entry in whole.entries("institutions"):
        entry.expect(required=["code", "name", "level", "region", "designated", "from"], optional=["to", "kind"])
        code, level = entry.text("code"), entry.text("level")
        if not _INSTITUTION.fullmatch(code.value):
            code.place.refuse(f"{code.value!r} is no institution code", "use 4 to 32 letters and digits")
        if level.value not in levels:
            level.place.refuse(f"{level.value!r} is no level", "use one of " + ", ".join(levels))
        institution = Institution(
            code=code.value,
            name=entry.text("name").plain(),
            level=level.value,
            region=entry.text("region").member(Region),
            kind=read_name(entry.text("kind")) if entry.has("kind") else GENERAL,
            is_designated=entry.text("designated").flag(),
            period=_period(entry),
        )
        if any(each.code == institution.code and each.period.overlaps(institution.period) for each in found):
            code.place.refuse(f"{code.value} is listed twice on the same day", "end the earlier row with `to`")
        found.append(institution)
    return tuple(found)
