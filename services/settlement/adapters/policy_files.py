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

from common.core.period import Period
from services.settlement.adapters.policy_files_examples import Example, read_examples
from services.settlement.adapters.policy_files_layers import read_layers, read_name
from services.settlement.adapters.policy_files_tables import Context, read_condition, read_origin, read_table
from services.settlement.adapters.policy_files_text import Entry, Text, read_file
from services.settlement.domain.policy import (
    BenefitClass,
    CountyPolicy,
    DiseaseList,
    Exclusion,
    Institution,
    PolicyVersion,
)
from services.settlement.domain.vocabulary import DecidingDay, Level, Region

POLICY_FOLDER = Path(__file__).resolve().parents[1] / "policies"
_COUNTY = re.compile(r"[0-9]{6}")
_INSTITUTION = re.compile(r"[A-Za-z0-9]{4,32}")
_ICD10 = re.compile(r"[A-Z][0-9]{2}(\.[0-9A-Z]{1,3})?")
_VERSION_KEYS = ("from", "known_since", "source", "approved_by", "deciding_day", "classes", "layers", "examples")


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
        required=["county", "name", "sources", "institutions", "versions"], optional=["disease_lists"]
    )
    county = whole.text("county").plain()
    if not _COUNTY.fullmatch(county) or county != path.stem:
        whole.at("county").refuse(f"{county!r} is not the six digits of the file name", "make them equal")
    named = whole.entry("sources")
    sources = {name: named.text(name).plain() for name in named.names()}
    versions = tuple(_version(each, whole, county, sources) for each in whole.entries("versions"))
    _check_order(whole, [version.starts_on for version, _ in versions])
    policy = CountyPolicy(
        county=county,
        name=whole.text("name").plain(),
        versions=tuple(version for version, _ in versions),
        institutions=_institutions(whole),
    )
    return LoadedCounty(policy, versions)


def _check_order(whole: Entry, begins: list[date]) -> None:
    if any(later <= earlier for earlier, later in pairwise(begins)):
        whole.at("versions").refuse(
            "versions overlap or are out of order", "give each a later `from` than the one before"
        )


def _version(
    entry: Entry, whole: Entry, county: str, sources: Mapping[str, str]
) -> tuple[PolicyVersion, tuple[Example, ...]]:
    entry.expect(required=_VERSION_KEYS, optional=["exclusions", "deposit_waived", "gap_target"])
    starts_on = entry.text("from").day()
    lists = _disease_lists(whole, starts_on, sources)
    classes = tuple(_class(each) for each in entry.entries("classes"))
    context = Context(
        sources=sources,
        since=starts_on,
        class_names=tuple(each.name for each in classes),
        list_names=tuple(sorted({each.name for each in lists})),
    )
    version = PolicyVersion(
        county=county,
        starts_on=starts_on,
        known_since=entry.text("known_since").day(),
        source=_named_source(entry, sources),
        approved_by=entry.text("approved_by").plain(),
        digest="",
        deciding_day=entry.text("deciding_day").member(DecidingDay),
        classes=classes,
        disease_lists=lists,
        exclusions=tuple(_exclusion(each, context) for each in _optional(entry, "exclusions")),
        layers=read_layers(entry, context),
        deposit_waived=read_table(entry, "deposit_waived", Text.flag, context),
        gap_target=read_table(entry, "gap_target", Text.ratio, context),
    )
    return replace(version, digest=digest_of(version)), read_examples(entry)


def digest_of(version: PolicyVersion) -> str:
    """Return `sha256:` over everything in a version that can change a result or its explanation."""
    content = json.dumps(asdict(version), sort_keys=True, default=_canonical, ensure_ascii=False, separators=(",", ":"))
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


def _class(entry: Entry) -> BenefitClass:
    entry.expect(required=["class", "label", "categories"])
    categories = frozenset(read_name(text) for text in entry.texts("categories"))
    return BenefitClass(read_name(entry.text("class")), entry.text("label").plain(), categories)


def _exclusion(entry: Entry, context: Context) -> Exclusion:
    entry.expect(required=["when", "zh", "en"], optional=["source", "assumed", "since"])
    return Exclusion(
        read_condition(entry, context), entry.text("zh").plain(), entry.text("en").plain(), read_origin(entry, context)
    )


def _disease_lists(whole: Entry, starts_on: date, sources: Mapping[str, str]) -> tuple[DiseaseList, ...]:
    context = Context(sources=sources, since=starts_on, class_names=(), list_names=())
    lists = []
    for entry in _optional(whole, "disease_lists"):
        entry.expect(required=["name", "from", "diseases"], optional=["to", "source", "assumed"])
        prefixes: list[str] = []
        for disease in entry.entries("diseases"):
            disease.expect(required=["name", "icd10"])
            prefixes += [_icd10(text) for text in disease.texts("icd10")]
        origin = read_origin(entry, context)
        period = _period(entry)
        lists.append(
            DiseaseList(read_name(entry.text("name")), tuple(prefixes), period, replace(origin, since=period.start_on))
        )
    return tuple(lists)


def _icd10(text: Text) -> str:
    if not _ICD10.fullmatch(text.value):
        text.place.refuse(f"{text.value!r} is no ICD-10 code", "write it as I63 or I63.9")
    return text.value


def _period(entry: Entry) -> Period:
    ends_on = entry.text("to").day() if entry.has("to") else None
    begins_on = entry.text("from").day()
    if ends_on is not None and ends_on <= begins_on:
        entry.at("to").refuse("does not lie after `from`", "write the first day on which it no longer counts")
    return Period(begins_on, ends_on)


def _institutions(whole: Entry) -> tuple[Institution, ...]:
    found: list[Institution] = []
    for entry in whole.entries("institutions"):
        entry.expect(required=["code", "name", "level", "region", "designated", "from"], optional=["to"])
        code = entry.text("code")
        if not _INSTITUTION.fullmatch(code.value):
            code.place.refuse(f"{code.value!r} is no institution code", "use 4 to 32 letters and digits")
        institution = Institution(
            code=code.value,
            name=entry.text("name").plain(),
            level=entry.text("level").member(Level),
            region=entry.text("region").member(Region),
            is_designated=entry.text("designated").flag(),
            period=_period(entry),
        )
        if any(each.code == institution.code and each.period.overlaps(institution.period) for each in found):
            code.place.refuse(f"{code.value} is listed twice on the same day", "end the earlier row with `to`")
        found.append(institution)
    return tuple(found)
