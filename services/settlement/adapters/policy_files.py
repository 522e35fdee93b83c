"""The counties' policy files (services/settlement/policies/*.yaml): read strictly at the start, each version digested.

Room: adapters of settlement. Next hop: services/settlement/domain/policy.py
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path

from services.settlement.adapters.policy_files_county import CountyTables, read_county_tables
from services.settlement.adapters.policy_files_examples import Example, read_examples
from services.settlement.adapters.policy_files_layers import layer_names, read_layers, read_name
from services.settlement.adapters.policy_files_tables import Context, read_condition, read_origin, read_table
from services.settlement.adapters.policy_files_text import Entry, Text, read_file
from services.settlement.domain.policy import (
    BenefitClass,
    CountyPolicy,
    Days,
    Exclusion,
    FamilyAccount,
    PolicyVersion,
    Reach,
)
from services.settlement.domain.vocabulary import DecidingDay, HoldsFrom

POLICY_FOLDER = Path(__file__).resolve().parents[1] / "policies"
_COUNTY = re.compile(r"[0-9]{6}")
MOST_MONTHS_BEFORE = 24
_VERSION_KEYS = ("from", "known_since", "source", "approved_by", "classes", "layers", "examples")
_VERSION_MAY = (
    "status_day",
    "year_of",
    "age_on",
    "exclusions",
    "first_share",
    "deposit_waived",
    "gap_target",
    "family_account",
)


@dataclass(frozen=True, slots=True)
class LoadedCounty:
    """One county's file: the policy and, per version, the worked examples that prove it."""

    policy: CountyPolicy
    examples: tuple[tuple[PolicyVersion, tuple[Example, ...]], ...]


def load_policies(folder: Path = POLICY_FOLDER) -> dict[str, CountyPolicy]:
    """Return county code -> policy for every file of the folder.

    Raises:
        PolicyFileInvalid: If a file is not as services/settlement/README.md describes.
    """
    return {path.stem: load_county(path).policy for path in sorted(folder.glob("*.yaml"))}


def load_county(path: Path) -> LoadedCounty:
    """Return one county's file.

    Raises:
        PolicyFileInvalid: If it is not as described; the text names file, line, key and remedy.
    """
    whole = read_file(path).expect(
        required=["county", "name", "sources", "institutions", "versions"],
        optional=["version_day", "levels", "disease_lists", "figures"],
    )
    county = whole.text("county").plain()
    if not _COUNTY.fullmatch(county) or county != path.stem:
        whole.at("county").refuse(f"{county!r} is not the six digits of the file name", "make them equal")
    named = whole.entry("sources")
    tables = read_county_tables(whole, {name: named.text(name).plain() for name in named.names()})
    version_day = _day(whole, "version_day", DecidingDay.DISCHARGE)
    versions = tuple(_version(each, county, tables, version_day) for each in whole.entries("versions"))
    _check_order(whole, [version.starts_on for version, _ in versions])
    policy = CountyPolicy(
        county=county,
        name=whole.text("name").plain(),
        version_day=version_day,
        versions=tuple(version for version, _ in versions),
        institutions=tables.institutions,
    )
    return LoadedCounty(policy, versions)


def _check_order(whole: Entry, begins: list[date]) -> None:
    if any(later <= earlier for earlier, later in pairwise(begins)):
        whole.at("versions").refuse(
            "versions overlap or are out of order", "give each a later `from` than the one before"
        )


def _version(
    entry: Entry, county: str, tables: CountyTables, version_day: DecidingDay
) -> tuple[PolicyVersion, tuple[Example, ...]]:
    entry.expect(required=_VERSION_KEYS, optional=_VERSION_MAY)
    starts_on = entry.text("from").day()
    classes = _classes(entry)
    context = tables.context(since=starts_on, classes=classes, layer_names=layer_names(entry))
    version = PolicyVersion(
        county=county,
        starts_on=starts_on,
        known_since=entry.text("known_since").day(),
        source=_named_source(entry, tables.sources),
        approved_by=entry.text("approved_by").plain(),
        digest="",
        days=_days(entry),
        levels=tables.levels,
        classes=classes,
        disease_lists=tables.disease_lists,
        figures=tables.figures,
        exclusions=tuple(_exclusion(each, context) for each in _optional(entry, "exclusions")),
        first_share=read_table(entry, "first_share", Text.ratio, context),
        layers=read_layers(entry, context),
        deposit_waived=read_table(entry, "deposit_waived", Text.flag, context),
        gap_target=read_table(entry, "gap_target", Text.ratio, context),
        family_account=_family_account(entry, context),
        asked=frozenset(context.asked),
    )
    return replace(version, digest=digest_of(version)), read_examples(entry, version_day)


def _family_account(entry: Entry, context: Context) -> FamilyAccount | None:
    if not entry.has("family_account"):
        return None
    told = entry.entry("family_account").expect(
        required=["yearly_credit"], optional=["when", "source", "assumed", "since"]
    )
    credit = told.text("yearly_credit").money()
    if not credit:
        told.at("yearly_credit").refuse("is nothing", "write what a household is credited for a year, in yuan")
    return FamilyAccount(credit, read_condition(told, context), read_origin(told, context))


def _days(entry: Entry) -> Days:
    usual = Days()
    return Days(
        status=_day(entry, "status_day", usual.status),
        year=_day(entry, "year_of", usual.year),
        age=_day(entry, "age_on", usual.age),
    )


def _day(entry: Entry, name: str, otherwise: DecidingDay) -> DecidingDay:
    return entry.text(name).member(DecidingDay) if entry.has(name) else otherwise


def digest_of(version: PolicyVersion) -> str:
    """Return `sha256:` over everything in a version that can change a result or its explanation."""
    whole = asdict(version)
    for each in whole["classes"]:
        if each["reach"] is None:
            del each["reach"]  # Versions that do not use it keep the digest they had before the language knew it.
    if whole["family_account"] is None:
        del whole["family_account"]
    content = json.dumps(whole, sort_keys=True, default=_canonical, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()


def _canonical(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)


def _named_source(entry: Entry, sources: Mapping[str, str]) -> str:
    text = entry.text("source")
    if text.plain() not in sources:
        text.place.refuse(f"{text.value!r} is not among the sources", "add it to `sources` with title and article")
    return sources[text.plain()]


def _optional(entry: Entry, name: str) -> list[Entry]:
    return entry.entries(name) if entry.has(name) else []


def _classes(entry: Entry) -> tuple[BenefitClass, ...]:
    found: list[BenefitClass] = []
    reaches: dict[str, Reach | None] = {}
    for each in entry.entries("classes"):
        found.append(_class(each))
        for name in sorted(found[-1].categories):
            if reaches.setdefault(name, found[-1].reach) != found[-1].reach:
                each.at("categories").refuse(
                    f"{name} counts from another day in a class above", "write the same months_before and holds_from"
                )
    return tuple(found)


def _class(entry: Entry) -> BenefitClass:
    entry.expect(required=["class", "label", "categories"], optional=["months_before", "holds_from"])
    categories = frozenset(read_name(text) for text in entry.texts("categories"))
    return BenefitClass(read_name(entry.text("class")), entry.text("label").plain(), categories, _reach(entry))


def _reach(entry: Entry) -> Reach | None:
    months, whole_month = 0, False
    if entry.has("months_before"):
        months = entry.text("months_before").count()
        if not 1 <= months <= MOST_MONTHS_BEFORE:
            entry.at("months_before").refuse(f"{months} months before", f"write 1 to {MOST_MONTHS_BEFORE}")
    if entry.has("holds_from"):
        whole_month = entry.text("holds_from").member(HoldsFrom) is HoldsFrom.MONTH
    return Reach(months, whole_month) if months or whole_month else None


def _exclusion(entry: Entry, context: Context) -> Exclusion:
    entry.expect(required=["when", "zh", "en"], optional=["source", "assumed", "since"])
    return Exclusion(
        read_condition(entry, context), entry.text("zh").plain(), entry.text("en").plain(), read_origin(entry, context)
    )
