"""Reads one rule of a layer: what it counts, its start line, how it pays, its caps.

Room: adapters of settlement. Next hop: services/settlement/domain/layer_rule.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from services.settlement.adapters.policy_files_tables import (
    Context,
    read_amounts,
    read_condition,
    read_origin,
    read_table,
    require_complete,
)
from services.settlement.adapters.policy_files_text import Entry, EnumT, Text
from services.settlement.domain.amount import Amount
from services.settlement.domain.condition import ALWAYS, Condition, Origin, Row, Table
from services.settlement.domain.layer_rule import (
    Band,
    BaseRule,
    ByBands,
    Cap,
    FixedAmount,
    Growth,
    LayerRule,
    Leave,
    Method,
    OwnLimit,
    Package,
    Reach,
    StartLine,
)
from services.settlement.domain.vocabulary import (
    Base,
    BasePart,
    Continuation,
    Counting,
    Edges,
    Fund,
    Measure,
    Whole,
    Window,
)

PAYERS = tuple(each for each in Fund if each not in {Fund.FAMILY_ACCOUNT, Fund.EMERGENCY_RELIEF})
OWN_LIMIT_WINDOWS = (Window.PER_YEAR, Window.PER_STAY)
_METHODS = {
    "ratio": ("edges", "points", "at_least", "floor", "floor_of"),
    "bands": ("edges", "points", "at_least", "floor", "floor_of"),
    "amount": (),
    "package_price": ("package_patient",),
    "reach": ("reach_of",),
    "leave": (),
    "own_limit": ("own_limit_window",),
}
_USUAL_BASE = {"package_price": Base.TOTAL, "reach": Base.REST, "leave": Base.REST}
_OPTIONAL = (
    *("when", "fund", "base", "base_items", "base_plus", "base_less", "less_prior_relief"),
    *("base_cap", "base_cap_per_year", "base_cap_first", "counting"),
    *("start_line", "start_line_share", "start_line_window", "start_line_year_limit", "start_line_shared_with"),
    *("cap", "cap_growth", "cap_growth_at_most", "more_caps", "account_per_list", "on_application"),
    *_METHODS,
    *sorted({name for names in _METHODS.values() for name in names}),
)


def read_payer(text: Text) -> Fund:
    """Return the fund of a layer; households' accounts and emergency relief pay of the patient's share, no layer."""
    fund = text.member(Fund)
    if fund not in PAYERS:
        text.place.refuse(
            f"{fund} pays no layer",
            "an account stands under family_account of the version; emergency relief follows a plan",
        )
    return fund


def read_rule(entry: Entry, context: Context, layer_fund: Fund, read_name: Callable[[Text], str]) -> LayerRule:
    """Return one rule of a layer."""
    entry.expect(required=["rule", "label", "account"], optional=_OPTIONAL)
    name = read_name(entry.text("rule"))
    context = context.within(entry.place, name)
    when = read_condition(entry, context)
    kind = _kind(entry)
    return LayerRule(
        name=name,
        label=entry.text("label").plain(),
        when=when,
        fund=_fund(entry, context, when, layer_fund),
        base=_base(entry, context, kind),
        counting=_member(entry, "counting", Counting.PER_STAY),
        start_line=_start_line(entry, context, when),
        method=_method(entry, context, when, kind),
        caps=_caps(entry, context, read_name),
        per_list=_flag(entry, "account_per_list"),
        on_application=_flag(entry, "on_application"),
    )


def _kind(entry: Entry) -> str:
    """Return which way of paying the rule names; keys of another way are refused."""
    named = [name for name in _METHODS if entry.has(name)]
    if len(named) != 1:
        entry.place.refuse(f"names {len(named)} ways of paying", "write exactly one of " + ", ".join(_METHODS))
    known = {*_METHODS[named[0]]}
    for name in sorted({each for names in _METHODS.values() for each in names} - known):
        if entry.has(name):
            entry.at(name).refuse(f"does not go with {named[0]}", "take it out")
    return named[0]


def _base(entry: Entry, context: Context, kind: str) -> BaseRule:
    if not entry.has("base") and kind not in _USUAL_BASE:
        entry.place.refuse("lacks base", "add `base: ...`")
    of = _member(entry, "base", _USUAL_BASE.get(kind, Base.REST_IN_SCOPE))
    if entry.has("base_items") and of is not Base.IN_SCOPE:
        entry.at("base_items").refuse(f"does not go with base {of}", "write `base: in_scope`")
    return BaseRule(
        of=of,
        items=frozenset(text.plain() for text in entry.texts("base_items")) if entry.has("base_items") else frozenset(),
        plus=_members(entry, "base_plus", (BasePart.OWN_EXPENSE, BasePart.OVER_LIMIT, BasePart.FIRST_SELF_PAY)),
        less=_members(entry, "base_less", (BasePart.START_LINE, BasePart.OVER_CAP)),
        less_prior_relief=_flag(entry, "less_prior_relief"),
        cap=read_amounts(entry, "base_cap", context),
        cap_per_year=_flag(entry, "base_cap_per_year"),
        cap_first=_flag(entry, "base_cap_first", otherwise=True),
    )


def _start_line(entry: Entry, context: Context, when: Condition) -> StartLine:
    amount = read_amounts(entry, "start_line", context)
    if amount.rows:
        require_complete(amount, when, context, entry.at("start_line"))
    return StartLine(
        amount=amount,
        share=read_table(entry, "start_line_share", Text.factor, context),
        window=_member(entry, "start_line_window", Window.PER_STAY),
        year_limit=read_amounts(entry, "start_line_year_limit", context),
        shared_with=_members(entry, "start_line_shared_with", (Continuation.MID_STAY, Continuation.TRANSFER)),
    )


def _method(entry: Entry, context: Context, when: Condition, kind: str) -> Method:
    if kind in {"ratio", "bands"}:
        return ByBands(
            bands=_bands(entry, context, when),
            edges=_member(entry, "edges", Edges.ABSOLUTE),
            points=read_table(entry, "points", Text.points, context),
            at_least=read_table(entry, "at_least", Text.ratio, context),
            floor=read_table(entry, "floor", Text.ratio, context),
            floor_of=_member(entry, "floor_of", Whole.IN_SCOPE),
        )
    if kind == "amount":
        return FixedAmount(_complete_amounts(entry, "amount", context, when))
    if kind == "package_price":
        if not entry.has("package_patient"):
            entry.place.refuse("lacks package_patient", "write the patient's part of the price")
        return Package(
            _complete_amounts(entry, "package_price", context, when),
            _complete_amounts(entry, "package_patient", context, when, more=("price",)),
        )
    if kind == "own_limit":
        window = _member(entry, "own_limit_window", Window.PER_YEAR)
        if window not in OWN_LIMIT_WINDOWS:
            entry.at("own_limit_window").refuse(f"{window} is no time of an own_limit", "write per_year or per_stay")
        return OwnLimit(_complete_amounts(entry, "own_limit", context, when), window)
    share = _ratio(entry, kind, context, when)
    return Leave(share) if kind == "leave" else Reach(share, _member(entry, "reach_of", Whole.TOTAL))


def _bands(entry: Entry, context: Context, when: Condition) -> tuple[Band, ...]:
    if entry.has("ratio"):
        return (Band(None, _ratio(entry, "ratio", context, when)),)
    bands, given = [], entry.entries("bands")
    for position, each in enumerate(given):
        is_last = position == len(given) - 1
        each.expect(required=["ratio"] if is_last else ["ratio", "up_to"])
        edge = None if is_last else _complete_amounts(each, "up_to", context, when)
        bands.append(Band(edge, _ratio(each, "ratio", context, when)))
    _check_rising(entry, bands)
    return tuple(bands)


def _check_rising(entry: Entry, bands: list[Band]) -> None:
    edges = [row.value.fixed for band in bands if band.up_to is not None for row in band.up_to.rows if row.value.fixed]
    if edges != sorted(edges):
        entry.at("bands").refuse("edges do not rise", "write the bands from the lowest to the highest")


def _ratio(entry: Entry, name: str, context: Context, when: Condition) -> Table[Decimal]:
    table = read_table(entry, name, Text.ratio, context)
    require_complete(table, when, context, entry.at(name))
    return table


def _complete_amounts(
    entry: Entry, name: str, context: Context, when: Condition, *, more: Sequence[str] = ()
) -> Table[Amount]:
    table = read_amounts(entry, name, context, more=more)
    require_complete(table, when, context, entry.at(name))
    return table


def _fund(entry: Entry, context: Context, when: Condition, layer_fund: Fund) -> Table[str]:
    """Return who pays: the layer's fund, or the rule's own table, by scheme for example."""
    if not entry.has("fund"):
        origin = Origin("fund of the layer", context.since, is_assumed=False)
        return Table("fund", (Row(ALWAYS, layer_fund.value, origin),))
    table = read_table(entry, "fund", lambda text: read_payer(text).value, context)
    require_complete(table, when, context, entry.at("fund"))
    return table


def _caps(entry: Entry, context: Context, read_name: Callable[[Text], str]) -> tuple[Cap, ...]:
    own = Cap(
        account=read_name(entry.text("account")),
        amount=read_amounts(entry, "cap", context),
        growth=tuple(_growth(each, context) for each in entry.entries("cap_growth")) if entry.has("cap_growth") else (),
        growth_at_most=read_table(entry, "cap_growth_at_most", Text.ratio, context),
    )
    more = [
        _more_cap(each, context, read_name) for each in (entry.entries("more_caps") if entry.has("more_caps") else [])
    ]
    names = [(cap.account, cap.window) for cap in (own, *more)]
    if len(set(names)) != len(names):
        entry.at("more_caps").refuse("names an account twice", "give each cap an account of its own")
    return (own, *more)


def _more_cap(entry: Entry, context: Context, read_name: Callable[[Text], str]) -> Cap:
    entry.expect(required=["cap"], optional=["account", "window"])
    window = _member(entry, "window", Window.PER_YEAR)
    if window is Window.PER_HOSPITAL:
        entry.at("window").refuse("does not belong here", "use per_year, per_quarter, per_month or per_stay")
    if entry.has("account") is (window is Window.PER_STAY):
        remedy = "take it out" if entry.has("account") else "add `account: ...`"
        entry.place.refuse("a cap of each stay has no account, every other has one", remedy)
    account = read_name(entry.text("account")) if entry.has("account") else ""
    return Cap(account, read_amounts(entry, "cap", context), window=window)


def _growth(entry: Entry, context: Context) -> Growth:
    entry.expect(required=["per", "value"], optional=["above", "source", "assumed", "since"])
    per = entry.text("per").member(Measure)
    if per not in {Measure.INSURED_YEARS, Measure.CLAIM_FREE_YEARS}:
        entry.at("per").refuse(f"{per} does not count years", "use insured_years or claim_free_years")
    above = entry.text("above").count() if entry.has("above") else 0
    return Growth(per, above, entry.text("value").money(), read_origin(entry, context))


def _flag(entry: Entry, name: str, *, otherwise: bool = False) -> bool:
    return entry.text(name).flag() if entry.has(name) else otherwise


def _member(entry: Entry, name: str, otherwise: EnumT) -> EnumT:
    return entry.text(name).member(type(otherwise)) if entry.has(name) else otherwise


def _members(entry: Entry, name: str, known: tuple[EnumT, ...]) -> frozenset[EnumT]:
    found = []
    for text in entry.texts(name) if entry.has(name) else []:
        member = text.member(type(known[0]))
        if member not in known:
            text.place.refuse(f"{text.value!r} does not belong here", "use " + ", ".join(str(each) for each in known))
        found.append(member)
    return frozenset(found)
