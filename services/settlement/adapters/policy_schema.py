"""The JSON Schema of a county's file, for editors (YAML 编辑器提示): made of the same word lists as the loader.

An editor checks shape and words while one writes; the loader checks what a schema cannot say (completeness, order,
references) and has the last word. Room: adapters of settlement. Written to docs/policy.schema.json by
`make policy do=schema`.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from services.settlement.adapters.policy_files import MOST_MONTHS_BEFORE
from services.settlement.adapters.policy_files_rules import OWN_LIMIT_WINDOWS, PAYERS
from services.settlement.adapters.policy_files_text import MOST_DAYS
from services.settlement.domain.vocabulary import (
    NO,
    YES,
    Base,
    BasePart,
    Choice,
    Continuation,
    Counting,
    DecidingDay,
    Edges,
    Fact,
    HoldsFrom,
    InsuranceState,
    Measure,
    Referral,
    Region,
    Scheme,
    ThirdParty,
    VisitType,
    Whole,
    Window,
)

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1}
_NAME: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}
_DAY: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_YUAN: Schema = {"type": "number", "minimum": 0, "maximum": 1_000_000_000}
_DAYS: Schema = {"type": "integer", "minimum": 0, "maximum": MOST_DAYS}
_COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": 1000}
_RATIO: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_POINTS: Schema = {"type": "number", "minimum": -1, "maximum": 1}
_FACTOR: Schema = {"type": "number", "minimum": 0, "maximum": 10}
_FLAG: Schema = {"enum": [YES, NO]}
_FUND: Schema = {"enum": [each.value for each in PAYERS]}
_VALUES = {"ratios": _RATIO, "points": _POINTS, "factors": _FACTOR, "flags": _FLAG, "funds": _FUND}
_PAPER: Schema = {"source": _TEXT, "assumed": _TEXT, "since": _DAY}
_ONE_PAPER = [{"required": ["source"]}, {"required": ["assumed"]}]


def policy_schema() -> Schema:
    """Return the schema of a whole file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Policy of one county (docs/policies.md)",
        "$defs": {
            "when": _conditions(),
            "amounts": _amount_rows(),
            **{name: _table_rows(value) for name, value in _VALUES.items()},
        },
        **_mapping(
            {
                "county": {"type": "string", "pattern": "^[0-9]{6}$"},
                "name": _TEXT,
                "sources": {"type": "object", "additionalProperties": _TEXT, "minProperties": 1},
                "institutions": _list(_institution()),
                "versions": _list(_version()),
            },
            {
                "version_day": _words(DecidingDay),
                "levels": _list(_NAME),
                "disease_lists": _list(_disease_list()),
                "figures": _list(_with_paper({"name": _NAME, "value": _YUAN, "from": _DAY}, {"to": _DAY})),
            },
        ),
    }


def _mapping(required: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _with_paper(required: Schema, optional: Schema | None = None) -> Schema:
    return {**_mapping(required, {**(optional or {}), **_PAPER}), "oneOf": _ONE_PAPER}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


_CAP_WINDOWS = (Window.PER_YEAR, Window.PER_QUARTER, Window.PER_MONTH, Window.PER_STAY)


def _words(kind: type[Enum], *only: Enum) -> Schema:
    return {"enum": [each.value for each in only or kind]}


def _institution() -> Schema:
    required = {
        "code": _TEXT,
        "name": _TEXT,
        "level": _NAME,
        "region": _words(Region),
        "designated": _FLAG,
        "from": _DAY,
    }
    return _mapping(required, {"to": _DAY, "kind": _NAME})


def _disease_list() -> Schema:
    disease = _mapping({"name": _TEXT, "icd10": _list(_TEXT)})
    return _with_paper({"name": _NAME, "from": _DAY, "diseases": _list(disease)}, {"to": _DAY, "ages": _span(_COUNT)})


def _span(number: Schema) -> Schema:
    return {**_mapping({}, dict.fromkeys(("from", "above", "to", "below"), number)), "minProperties": 1}


def _when() -> Schema:
    return {"$ref": "#/$defs/when"}


def _conditions() -> Schema:
    closed: dict[Fact, type[Enum]] = {
        Fact.VISIT_TYPE: VisitType,
        Fact.REGION: Region,
        Fact.REFERRAL: Referral,
        Fact.SCHEME: Scheme,
        Fact.CONTINUATION: Continuation,
        Fact.THIRD_PARTY: ThirdParty,
    }
    yes_no = {Fact.DESIGNATED, Fact.CONTRACT}
    facts = {
        fact.value: _list(_words(closed[fact]) if fact in closed else _FLAG if fact in yes_no else _TEXT)
        for fact in Fact
    }
    return _mapping({}, {**facts, **{measure.value: _span(_YUAN) for measure in Measure}})


def _rows(row: Schema) -> Schema:
    return {"oneOf": [row, _list(row)]}


def _table(value: Schema) -> Schema:
    return {"$ref": f"#/$defs/{next(name for name, each in _VALUES.items() if each is value)}"}


def _table_rows(value: Schema) -> Schema:
    return _rows(_with_paper({"value": value}, {"when": _when()}))


def _amounts() -> Schema:
    return {"$ref": "#/$defs/amounts"}


def _amount_rows() -> Schema:
    limits = {"at_least": _YUAN, "at_most": _YUAN}
    fixed = _with_paper({"value": _YUAN}, {"when": _when()})
    share = _with_paper({"share": _FACTOR, "of": _TEXT}, {**limits, "when": _when()})
    return _rows({"oneOf": [fixed, share]})


def _version() -> Schema:
    required = {
        "from": _DAY,
        "known_since": _DAY,
        "source": _TEXT,
        "approved_by": _TEXT,
        "classes": _list(
            _mapping(
                {"class": _NAME, "label": _TEXT, "categories": _list(_NAME)},
                {
                    "months_before": {"type": "integer", "minimum": 1, "maximum": MOST_MONTHS_BEFORE},
                    "holds_from": _words(HoldsFrom),
                },
            )
        ),
        "layers": _list(_layer()),
        "examples": _list(_example()),
    }
    optional = {
        **dict.fromkeys(("status_day", "year_of", "age_on"), _words(DecidingDay)),
        "exclusions": _list(_with_paper({"when": _when(), "zh": _TEXT, "en": _TEXT})),
        "first_share": _table(_RATIO),
        "deposit_waived": _table(_FLAG),
        "gap_target": _table(_RATIO),
        "family_account": _with_paper({"yearly_credit": {**_YUAN, "exclusiveMinimum": 0}}, {"when": _when()}),
    }
    return _mapping(required, optional)


def _layer() -> Schema:
    required = {"layer": _NAME, "label": _TEXT, "fund": _FUND, "rules": _list(_rule())}
    return _mapping(required, {"choose": _words(Choice)})


def _rule() -> Schema:
    band = _mapping({"ratio": _table(_RATIO)}, {"up_to": _amounts()})
    growth = _with_paper(
        {"per": _words(Measure, Measure.INSURED_YEARS, Measure.CLAIM_FREE_YEARS), "value": _YUAN}, {"above": _COUNT}
    )
    outside = (BasePart.OWN_EXPENSE, BasePart.OVER_LIMIT, BasePart.FIRST_SELF_PAY)
    ways = {
        "ratio": _table(_RATIO),
        "bands": _list(band),
        "amount": _amounts(),
        "package_price": _amounts(),
        "reach": _table(_RATIO),
        "leave": _table(_RATIO),
        "own_limit": _amounts(),
    }
    optional = {
        "when": _when(),
        "fund": _table(_FUND),
        "base": _words(Base),
        "base_items": _list(_TEXT),
        "base_plus": _list(_words(BasePart, *outside)),
        "base_less": _list(_words(BasePart, BasePart.START_LINE, BasePart.OVER_CAP)),
        **dict.fromkeys(("less_prior_relief", "base_cap_per_year", "base_cap_first"), _FLAG),
        **dict.fromkeys(("account_per_list", "on_application"), _FLAG),
        **dict.fromkeys(("base_cap", "start_line", "start_line_year_limit", "cap", "package_patient"), _amounts()),
        "counting": _words(Counting),
        "start_line_share": _table(_FACTOR),
        "start_line_window": _words(Window),
        "start_line_shared_with": _list(_words(Continuation, Continuation.MID_STAY, Continuation.TRANSFER)),
        "edges": _words(Edges),
        "points": _table(_POINTS),
        **dict.fromkeys(("at_least", "floor", "cap_growth_at_most"), _table(_RATIO)),
        "floor_of": _words(Whole),
        "own_limit_window": _words(Window, *OWN_LIMIT_WINDOWS),
        "reach_of": _words(Whole, Whole.TOTAL, Whole.IN_SCOPE),
        "cap_growth": _list(growth),
        "more_caps": _list(_mapping({"cap": _amounts()}, {"account": _NAME, "window": _words(Window, *_CAP_WINDOWS)})),
        **ways,
    }
    rule = _mapping({"rule": _NAME, "label": _TEXT, "account": _NAME}, optional)
    return {**rule, "oneOf": [{"required": [name]} for name in ways]}


def _example() -> Schema:
    amounts: Schema = {"type": "object", "additionalProperties": _YUAN}
    balance = _mapping({}, {**dict.fromkeys(("base", "deductible", "paid"), _YUAN), "stays": _COUNT})
    expect = _mapping({"class": _NAME, "paid": amounts, "patient": _YUAN}, {"gap": _YUAN, "family_account": _YUAN})
    required = {
        **dict.fromkeys(("name", "by_hand", "institution"), _TEXT),
        "discharged_on": _DAY,
        **dict.fromkeys(("total", "in_scope"), _YUAN),
        "expect": expect,
    }
    optional = {
        "visit_type": _words(VisitType),
        "referral": _words(Referral),
        "scheme": _words(Scheme),
        "insurance": _words(InsuranceState),
        "categories": _list(_NAME),
        "diagnosis": _TEXT,
        **dict.fromkeys(("prior_relief", "own_expense", "over_limit", "first_self_pay", "family_account"), _YUAN),
        **dict.fromkeys(("admitted_on", "settled_on"), _DAY),
        **dict.fromkeys(("age", "insured_years", "claim_free_years"), _COUNT),
        "age_days": _DAYS,
        "contract": _FLAG,
        "third_party": _words(ThirdParty),
        "continuation": _words(Continuation),
        **dict.fromkeys(("charged_before", "items"), amounts),
        "before": {"type": "object", "additionalProperties": balance},
    }
    return _mapping(required, optional)
