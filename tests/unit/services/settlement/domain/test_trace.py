"""The trace leaves no parameter out: whatever value of a file changes a result, the result's trace had named it.

Every single value of every shipped file is changed, up and down; its worked examples and stays like them are calculated
again.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from common.core.money import Money
from services.settlement.adapters.policy_files import POLICY_FOLDER, load_county
from services.settlement.domain.amount import Amount
from services.settlement.domain.benefit_class import best_calculation
from services.settlement.domain.condition import ParameterRead, Table
from services.settlement.domain.layer_rule import Growth
from services.settlement.domain.policy import Figure
from services.settlement.domain.vocabulary import ORDINARY
from tests.unit.services.settlement.domain.counting_switches import RATIOS, START_LINES
from tests.unit.services.settlement.domain.later_switches import BOTTOMS, LATER
from tests.unit.services.settlement.domain.switches import county_file

READ = ParameterRead("", "", date(2020, 1, 1), "", is_assumed=False)
SWITCHES = START_LINES | RATIOS | LATER | BOTTOMS


def others_of(value: Any) -> list[Any]:
    """A little more, a little less, much less."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, Decimal):
        return [value + Decimal("0.01"), value - Decimal("0.01"), Decimal(0)]
    if isinstance(value, Money):
        return [value + Money(100), value - Money(100), Money(0)]
    if isinstance(value, Amount) and value.fixed is not None:
        return [replace(value, fixed=each) for each in others_of(value.fixed) if each >= Money(0)]
    if isinstance(value, Amount):
        return [replace(value, share=each) for each in others_of(value.share)]
    return []


def changed(tree: Any) -> Iterator[tuple[str, Any]]:
    """Return the name of each value in a tree of dataclasses, with the tree after the value was changed."""
    if isinstance(tree, Table):
        yield from ((tree.name, replace(tree, rows=rows)) for rows in changed_rows(tree.rows))
    elif isinstance(tree, Figure):
        yield from ((f"figures.{tree.name}", replace(tree, value=other)) for other in others_of(tree.value))
    elif isinstance(tree, Growth):
        yield from ((f"cap_growth.{tree.measure}", replace(tree, step=other)) for other in others_of(tree.step))
    elif isinstance(tree, tuple):
        for place, item in enumerate(tree):
            yield from ((name, (*tree[:place], other, *tree[place + 1 :])) for name, other in changed(item))
    elif is_dataclass(tree):
        parts = [(field.name, each) for field in fields(tree) for each in changed(getattr(tree, field.name))]
        yield from ((name, replace(tree, **{part: other})) for part, (name, other) in parts)


def changed_rows(rows: tuple) -> Iterator[tuple]:
    for place, row in enumerate(rows):
        for other in others_of(row.value):
            yield (*rows[:place], replace(row, value=other), *rows[place + 1 :])


def stays_of(policy, examples) -> list[tuple]:
    """The worked examples, and the same with other costs and as everybody else."""
    found = []
    for example in examples:
        institution = policy.institution_on(code=example.institution_code, day=example.decided_on)
        stay = example.stay(institution)
        for cost in (example.bill, scaled(example.bill, 7), scaled(example.bill, Decimal("0.13"))):
            found += [(stay, cost, example.categories, example.before), (stay, cost, (ORDINARY,), {})]
    return found


def scaled(bill, factor):
    parts = {
        name: Money(int(getattr(bill, name).fen * factor)) for name in ("own_expense", "over_limit", "first_self_pay")
    }
    in_scope = Money(int(bill.in_scope.fen * factor))
    return replace(bill, **parts, in_scope=in_scope, total=sum(parts.values(), in_scope), prior_relief=Money(0))


def outcome(version, case):
    stay, bill, categories, before = case
    chosen, compared = best_calculation(version=version, stay=stay, bill=bill, categories=categories, before=before)
    told = [(each.layer, each.paid, each.deductible) for each in (*chosen.layers, *chosen.borne)]
    return (chosen.benefit_class, told, chosen.patient_pays, chosen.gap and chosen.gap.missing), named_in(compared)


def named_in(compared) -> set[str]:
    steps = []
    for each in compared:
        steps += [
            *each.preface,
            *([each.nothing_pays] if each.nothing_pays else []),
            *([each.gap.step] if each.gap else []),
        ]
        steps += [step for layer in (*each.layers, *each.borne) for step in layer.steps]
    return {read.name for step in steps for read in step.reads}


def unnamed(loaded) -> set[str]:
    """Return the parameters that change some result without having been named in its trace."""
    missing = set()
    for version, examples in loaded.examples:
        cases = stays_of(loaded.policy, examples)
        before = [outcome(version, case) for case in cases]
        for name, other in changed(version):
            for case, (result, named) in zip(cases, before, strict=True):
                if name not in named and outcome(other, case)[0] != result:
                    missing.add(name)
    return missing


@pytest.mark.parametrize("path", sorted(POLICY_FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_names_every_value_of_a_file_that_matters(path):
    assert unnamed(load_county(path)) - {"gap_target", "deposit_waived"} == set()


@pytest.mark.parametrize("switch", SWITCHES)
def test_names_every_value_of_a_switch(switch, tmp_path):
    layers, version, examples = SWITCHES[switch]
    path = county_file(tmp_path, layers=layers, version=version, examples=examples)

    assert unnamed(load_county(path)) == set()


def test_a_trace_that_leaves_something_out_is_found(tmp_path, monkeypatch):
    layers, version, examples = START_LINES["per stay: (1000 - 300) x 50 %, and again"]
    path = county_file(tmp_path, layers=layers, version=version, examples=examples)
    monkeypatch.setattr(Table, "as_read", lambda *_: replace(READ, name="something else"))

    assert unnamed(load_county(path)) == {"basic.one.start_line", "basic.one.ratio"}
