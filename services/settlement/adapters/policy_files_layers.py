"""Reads the layers of one version: payer order, rules, start lines, bands, points, caps.

Room: adapters of settlement. Next hop: services/settlement/domain/layer.py
"""

from __future__ import annotations

import re
from decimal import Decimal

from services.settlement.adapters.policy_files_tables import Context, read_condition, read_table, require_complete
from services.settlement.adapters.policy_files_text import Entry, Text
from services.settlement.domain.condition import Condition, Origin, Row, Table
from services.settlement.domain.policy import Band, Layer, LayerRule
from services.settlement.domain.vocabulary import Base, Choice, Counting, Fund

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def read_layers(version: Entry, context: Context) -> tuple[Layer, ...]:
    """Return the layers in payer order."""
    layers = [_layer(entry, context) for entry in version.entries("layers")]
    names = [layer.name for layer in layers]
    if len(set(names)) != len(names):
        version.at("layers").refuse("a layer stands twice", "put its rules into one layer")
    return tuple(layers)


def read_name(text: Text) -> str:
    """Return a name of ours: small letters, digits and underscores."""
    if not _NAME.fullmatch(text.value):
        text.place.refuse(f"{text.value!r} is no name", "use small letters, digits and underscores")
    return text.value


def _layer(entry: Entry, context: Context) -> Layer:
    entry.expect(required=["layer", "label", "fund", "choose", "rules"])
    fund = entry.text("fund").member(Fund)
    rules = tuple(_rule(each, context, fund) for each in entry.entries("rules"))
    return Layer(
        name=read_name(entry.text("layer")),
        label=entry.text("label").plain(),
        fund=fund,
        choice=entry.text("choose").member(Choice),
        rules=rules,
    )


def _rule(entry: Entry, context: Context, layer_fund: Fund) -> LayerRule:
    entry.expect(
        required=["rule", "label", "account", "base", "counting"],
        optional=["when", "fund", "less_prior_relief", "start_line", "ratio", "bands", "points", "cap"],
    )
    when = read_condition(entry, context)
    start_line = read_table(entry, "start_line", Text.money, context)
    if start_line.rows:
        require_complete(start_line, when, context, entry.at("start_line"))
    return LayerRule(
        name=read_name(entry.text("rule")),
        label=entry.text("label").plain(),
        when=when,
        fund=_fund(entry, context, when, layer_fund),
        account=read_name(entry.text("account")),
        base=entry.text("base").member(Base),
        less_prior_relief=entry.has("less_prior_relief") and entry.text("less_prior_relief").flag(),
        counting=entry.text("counting").member(Counting),
        start_line=start_line,
        bands=_bands(entry, context, when),
        points=read_table(entry, "points", Text.ratio, context),
        cap=read_table(entry, "cap", Text.money, context),
    )


def _fund(entry: Entry, context: Context, when: Condition, layer_fund: Fund) -> Table[str]:
    """Return who pays: the layer's fund, or the rule's own table, by scheme for example."""
    if not entry.has("fund"):
        return Table("fund", (Row(Condition({}), layer_fund.value, _of_layer(context)),))
    table = read_table(entry, "fund", lambda text: text.member(Fund).value, context)
    require_complete(table, when, context, entry.at("fund"))
    return table


def _bands(entry: Entry, context: Context, when: Condition) -> tuple[Band, ...]:
    if entry.has("ratio") == entry.has("bands"):
        entry.place.refuse("needs exactly one of ratio and bands", "write one ratio, or bands with edges")
    if entry.has("ratio"):
        return (Band(None, _ratio(entry, context, when)),)
    bands, given = [], entry.entries("bands")
    for position, each in enumerate(given):
        is_last = position == len(given) - 1
        each.expect(required=["ratio"] if is_last else ["ratio", "up_to"])
        edge = None if is_last else read_table(each, "up_to", Text.money, context)
        if edge is not None:
            require_complete(edge, when, context, each.at("up_to"))
        bands.append(Band(edge, _ratio(each, context, when)))
    _check_rising(entry, bands)
    return tuple(bands)


def _ratio(entry: Entry, context: Context, when: Condition) -> Table[Decimal]:
    table = read_table(entry, "ratio", Text.ratio, context)
    require_complete(table, when, context, entry.at("ratio"))
    return table


def _check_rising(entry: Entry, bands: list[Band]) -> None:
    edges = [row.value for band in bands if band.up_to is not None for row in band.up_to.rows]
    if edges != sorted(edges):
        entry.at("bands").refuse("edges do not rise", "write the bands from the lowest to the highest")


def _of_layer(context: Context) -> Origin:
    return Origin("fund of the layer", context.since, is_assumed=False)
