"""Reads the layers of one version in payer order.

Room: adapters of settlement. Next hop: services/settlement/adapters/policy_files_rules.py
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.settlement.adapters.policy_files_rules import read_payer, read_rule
from services.settlement.adapters.policy_files_tables import Context
from services.settlement.adapters.policy_files_text import Entry, Text
from services.settlement.domain.layer_rule import Layer, OwnLimit
from services.settlement.domain.vocabulary import Choice, Window

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def layer_names(version: Entry) -> tuple[str, ...]:
    """Return the layers' names in payer order, before anything else of them is read."""
    return tuple(read_name(entry.text("layer")) for entry in version.entries("layers") if entry.has("layer"))


def read_layers(version: Entry, context: Context) -> tuple[Layer, ...]:
    """Return the layers in payer order."""
    layers = [_layer(entry, context) for entry in version.entries("layers")]
    names = [layer.name for layer in layers]
    if len(set(names)) != len(names):
        version.at("layers").refuse("a layer stands twice", "put its rules into one layer")
    _check_own_limits(version, layers)
    return tuple(layers)


def _check_own_limits(version: Entry, layers: Sequence[Layer]) -> None:
    """An account of own cost holds what counted and what was paid of it, so no other rule may count on it."""
    rules = [rule for layer in layers for rule in layer.rules]
    of_year = [rule for rule in rules if isinstance(rule.method, OwnLimit) and rule.method.window is Window.PER_YEAR]
    limited = {rule.account for rule in of_year}
    others = {rule.account for rule in rules if rule not in of_year}
    others |= {cap.account for rule in rules for cap in rule.caps[1:]}
    for account in sorted(limited & others):
        version.at("layers").refuse(
            f"account {account} of an own_limit is used by another rule, too",
            "give the own_limit an account of its own",
        )


def read_name(text: Text) -> str:
    """Return a name of ours: small letters, digits and underscores."""
    if not _NAME.fullmatch(text.value):
        text.place.refuse(f"{text.value!r} is no name", "use small letters, digits and underscores")
    return text.value


def _layer(entry: Entry, context: Context) -> Layer:
    entry.expect(required=["layer", "label", "fund", "rules"], optional=["choose"])
    fund, name = read_payer(entry.text("fund")), read_name(entry.text("layer"))
    context = context.within(entry.place, name)
    return Layer(
        name=name,
        label=entry.text("label").plain(),
        fund=fund,
        choice=entry.text("choose").member(Choice) if entry.has("choose") else Choice.FIRST,
        rules=tuple(read_rule(each, context, fund, read_name) for each in entry.entries("rules")),
    )
