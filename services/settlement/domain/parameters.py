"""Everything a version of a policy sets, as a flat list of names and values: for explaining and comparing (政策参数).

Room: domain of settlement. Next hop: services/settlement/adapters/policy_tool.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.settlement.domain.condition import Condition, Origin, Span, Table, value_text
from services.settlement.domain.layer_rule import (
    ByBands,
    FixedAmount,
    Layer,
    LayerRule,
    Method,
    OwnLimit,
    Package,
)
from services.settlement.domain.policy import PolicyVersion
from services.settlement.domain.vocabulary import Window


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of a version.

    Attributes:
        name: As a trace calls it, as `basic.inpatient.ratio`.
        when: For whom, in the words of the file; empty for everybody.
        origin: On what paper it rests; None for how a rule is built.
    """

    name: str
    when: str
    value: str
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What one version sets otherwise than another; None: it does not set it."""

    name: str
    when: str
    before: Parameter | None
    after: Parameter | None


def parameters_of(version: PolicyVersion) -> list[Parameter]:
    """Return everything the version sets, in the order in which a stay meets it."""
    found = [
        Parameter("classes", "", ", ".join(each.name for each in version.classes)),
        Parameter("levels", "", ", ".join(version.levels)),
        Parameter("status_day", "", version.days.status),
        Parameter("year_of", "", version.days.year),
        Parameter("age_on", "", version.days.age),
        Parameter("layers", "", ", ".join(layer.name for layer in version.layers)),
    ]
    found += [Parameter("exclusions", condition_text(each.when), each.zh, each.origin) for each in version.exclusions]
    for table in (version.first_share, version.deposit_waived):
        found += _rows(table)
    for layer in version.layers:
        found += _of_layer(layer)
    account = version.family_account
    if account is not None:
        credit = str(account.yearly_credit)
        found.append(Parameter("family_account.yearly_credit", condition_text(account.when), credit, account.origin))
    return [*found, *_rows(version.gap_target)]


def changes_between(before: PolicyVersion, after: PolicyVersion) -> list[Change]:
    """Return what differs between two versions, in the order of the later one; values alone are compared."""
    old, new = _by_place(parameters_of(before)), _by_place(parameters_of(after))
    places = [*new, *(place for place in old if place not in new)]
    return [
        Change(*place, old.get(place), new.get(place))
        for place in places
        if (old[place].value if place in old else None) != (new[place].value if place in new else None)
    ]


def condition_text(when: Condition) -> str:
    """Return a condition in the words of the file.

    >>> condition_text(Condition({}))
    ''
    """
    parts = [f"{fact} {'|'.join(sorted(words))}" for fact, words in when.allowed.items()]
    return ", ".join([*parts, *(f"{measure} {_span_text(span)}" for measure, span in when.within.items())])


def _span_text(span: Span) -> str:
    ends = (f"from {span.least}" if span.least is not None else "", f"to {span.most}" if span.most is not None else "")
    return " ".join(end for end in ends if end)


def _by_place(parameters: Sequence[Parameter]) -> Mapping[tuple[str, str], Parameter]:
    return {(each.name, each.when): each for each in parameters}


def _rows(table: Table) -> list[Parameter]:  # type: ignore[type-arg] # any kind of value is told as text
    return [Parameter(table.name, condition_text(row.when), value_text(row.value), row.origin) for row in table.rows]


def _of_layer(layer: Layer) -> Iterator[Parameter]:
    yield Parameter(f"{layer.name}.choose", "", layer.choice)
    for rule in layer.rules:
        name = f"{layer.name}.{rule.name}"
        yield Parameter(f"{name}.when", "", condition_text(rule.when))
        yield from (Parameter(f"{name}.{key}", "", value) for key, value in _built(rule).items() if value)
        for table in _tables(rule):
            yield from _rows(table)
        for cap in rule.caps:
            yield from (
                Parameter(f"{name}.cap_growth", f"{each.measure} above {each.above}", str(each.step), each.origin)
                for each in cap.growth
            )


def _built(rule: LayerRule) -> Mapping[str, str]:
    """Return how a rule is built, where it differs from the usual."""
    base, line, method = rule.base, rule.start_line, rule.method
    return {
        "pays": type(method).__name__,
        "base": base.of,
        "base_items": ", ".join(sorted(base.items)),
        "base_plus": ", ".join(sorted(base.plus)),
        "base_less": ", ".join(sorted(base.less)),
        "less_prior_relief": "yes" if base.less_prior_relief else "",
        "base_cap_per_year": "yes" if base.cap_per_year else "",
        "base_cap_first": "" if base.cap_first else "no",
        "counting": rule.counting,
        "start_line_window": line.window if line.amount.rows else "",
        "start_line_shared_with": ", ".join(sorted(line.shared_with)),
        "edges": method.edges if isinstance(method, ByBands) and len(method.bands) > 1 else "",
        "accounts": ", ".join(cap.account for cap in rule.caps if cap.account),
        "cap_windows": ", ".join(cap.window for cap in rule.caps[1:] if cap.window is not Window.PER_YEAR),
        "account_per_list": "yes" if rule.per_list else "",
        "on_application": "yes" if rule.on_application else "",
    }


def _tables(rule: LayerRule) -> Iterator[Table]:  # type: ignore[type-arg] # the same
    yield from (rule.fund, rule.base.cap, rule.start_line.amount, rule.start_line.share, rule.start_line.year_limit)
    yield from _tables_of_method(rule.method)
    for cap in rule.caps:
        yield from (cap.amount, cap.growth_at_most)


def _tables_of_method(method: Method) -> Iterator[Table]:  # type: ignore[type-arg] # the same
    if isinstance(method, ByBands):
        for band in method.bands:
            if band.up_to is not None:
                yield band.up_to
            yield band.ratio
        yield from (method.points, method.at_least, method.floor)
    elif isinstance(method, FixedAmount):
        yield method.amount
    elif isinstance(method, Package):
        yield from (method.price, method.patient)
    else:
        yield method.limit if isinstance(method, OwnLimit) else method.share
