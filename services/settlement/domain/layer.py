"""One layer (待遇层次) of the payment chain: base, start line, bands, cap, each step with the parameters it read.

Room: domain of settlement. Formulas: policies.md 1.2 and 1.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from common.core.money import ZERO, Money, round_half_up
from services.settlement.domain.accumulator import EMPTY, Balance, Balances
from services.settlement.domain.bill import Bill
from services.settlement.domain.condition import Facts, ParameterRead, Table, percent
from services.settlement.domain.policy import Layer, LayerRule
from services.settlement.domain.vocabulary import Base, Choice, Counting

ALL_OF_IT = Decimal(1)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a calculation in words, the amount it gave, and the parameters it read."""

    zh: str
    en: str
    amount: Money
    reads: tuple[ParameterRead, ...] = ()


@dataclass(frozen=True, slots=True)
class LayerCase:
    """What every layer of one calculation sees."""

    facts: Facts
    bill: Bill
    before: Balances


@dataclass(frozen=True, slots=True)
class LayerResult:
    """What one layer pays.

    Attributes:
        rule: Name of the rule that paid; empty when none applies.
        account: Accumulator it counts on; None when nothing is counted.
        base: What it counted, in fen.
        deductible: Part of the start line used up by this stay (实际起付线).
    """

    layer: str
    label: str
    fund: str
    rule: str
    account: str | None
    base: Money
    deductible: Money
    paid: Money
    steps: tuple[Step, ...]

    @property
    def change(self) -> Balance:
        """What the stay adds to the layer's account."""
        return Balance(self.base, self.deductible, self.paid, 1)


@dataclass(slots=True)
class _Work:
    """A rule on its way to a result: the amounts so far and the steps that gave them."""

    rule: LayerRule
    case: LayerCase
    steps: list[Step] = field(default_factory=list)

    @property
    def balance(self) -> Balance:
        return self.case.before.get(self.rule.account, EMPTY)

    def add(self, zh: str, en: str, amount: Money, *reads: ParameterRead) -> None:
        self.steps.append(Step(zh, en, amount, reads))


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of the counted base inside one band that this stay adds."""

    amount: Money
    ratio: Decimal
    reads: tuple[ParameterRead, ...]


def layer_result(*, layer: Layer, case: LayerCase, earlier: Sequence[LayerResult]) -> LayerResult:
    """Return what a layer pays after the earlier ones.

    Of several rules that apply, the first or the one that pays most is kept, as the layer chooses; equal: the first.
    """
    rules = [rule for rule in layer.rules if rule.when.holds(case.facts)]
    if not rules:
        step = Step(
            f"{layer.label}：本次就诊不适用，不支付", f"{layer.name}: no rule meets this stay, it pays nothing", ZERO
        )
        return unpaid(layer=layer, facts=case.facts, step=step)
    if layer.choice is Choice.FIRST:
        return _result(layer, rules[0], case, earlier)
    results = [_result(layer, rule, case, earlier) for rule in rules]
    return max(results, key=lambda result: result.paid)


def unpaid(*, layer: Layer, facts: Facts, step: Step) -> LayerResult:
    """Return the layer with nothing paid and nothing counted; the step says why."""
    fund = next((rule.fund.get(facts).value for rule in layer.rules if rule.when.holds(facts)), layer.fund.value)
    return LayerResult(layer.name, layer.label, fund, "", None, ZERO, ZERO, ZERO, (step,))


def _result(layer: Layer, rule: LayerRule, case: LayerCase, earlier: Sequence[LayerResult]) -> LayerResult:
    work = _Work(rule, case)
    taken = sum((result.paid for result in earlier), ZERO)
    rest = _rest(work, taken)
    base = case.bill.in_scope if rule.base is Base.IN_SCOPE else rest
    work.add(f"{rule.label}：计算基数 {base} 元", f"{rule.name}: base {base}", base)
    deductible, floor = _deductible(work, base)
    exact = _by_bands(work, base, floor)
    paid = _limited(work, round_half_up(exact), min(rest, _room(case.bill, taken)))
    fund = rule.fund.get(case.facts).value
    return LayerResult(
        layer.name, layer.label, fund, rule.name, rule.account, base, deductible, paid, tuple(work.steps)
    )


def _rest(work: _Work, taken: Money) -> Money:
    """Return what earlier layers left in scope; relief already received is deducted where the rule says so."""
    rest = work.case.bill.in_scope - taken
    if work.rule.less_prior_relief and work.case.bill.prior_relief:
        relief = work.case.bill.prior_relief
        rest = rest - relief
        work.add(f"扣除已获救助 {relief} 元", f"less relief already received {relief}", relief)
    return max(rest, ZERO)


def _room(bill: Bill, taken: Money) -> Money:
    """Return what may still be paid before relief received and payments together reach the total."""
    return max(bill.total - bill.prior_relief - taken, ZERO)


def _counted_before(work: _Work) -> Money:
    return work.balance.base if work.rule.counting is Counting.PER_YEAR else ZERO


def _deductible(work: _Work, base: Money) -> tuple[Money, Money]:
    """Return the part of the start line that this stay uses up, and the start line itself."""
    row = work.rule.start_line.find(work.case.facts)
    if row is None:
        return ZERO, ZERO
    before = _counted_before(work)
    used = min(row.value, before + base) - min(row.value, before)
    work.add(
        f"起付线 {row.value} 元，本次扣除 {used} 元",
        f"start line {row.value}, {used} of it met by this stay",
        used,
        work.rule.start_line.as_read(row),
    )
    return used, row.value


def _by_bands(work: _Work, base: Money, floor: Money) -> Fraction:
    """Return the exact payment in fen: what this stay adds above the start line, band by band."""
    before = _counted_before(work)
    exact = Fraction(0)
    for part in _parts(work, before, before + base, floor):
        share = part.amount.fen * Fraction(part.ratio)
        exact += share
        work.add(
            f"{part.amount} 元 × {percent(part.ratio)}",
            f"{part.amount} x {percent(part.ratio)}",
            round_half_up(share),
            *part.reads,
        )
    return exact


def _parts(work: _Work, before: Money, after: Money, floor: Money) -> list[_Part]:
    """Return the part of (before, after] above the start line in every band; edges are absolute."""
    facts = work.case.facts
    parts: list[_Part] = []
    for band in work.rule.bands:
        edge = band.up_to.get(facts) if band.up_to is not None else None
        ceiling = after if edge is None else min(after, edge.value)
        amount = max(ceiling - max(before, floor), ZERO)
        reads = () if edge is None or band.up_to is None else (band.up_to.as_read(edge),)
        ratio, ratio_reads = _ratio(work.rule, band.ratio, facts)
        if amount or not parts:
            parts.append(_Part(amount, ratio, (*reads, *ratio_reads)))
        floor = floor if edge is None else max(floor, edge.value)
    return parts


def _ratio(rule: LayerRule, table: Table[Decimal], facts: Facts) -> tuple[Decimal, tuple[ParameterRead, ...]]:
    """Return the ratio with the points of the class added, at most all of it."""
    row, more = table.get(facts), rule.points.find(facts)
    if more is None:
        return row.value, (table.as_read(row),)
    return min(row.value + more.value, ALL_OF_IT), (table.as_read(row), rule.points.as_read(more))


def _limited(work: _Work, amount: Money, most: Money) -> Money:
    """Return the rounded amount after the yearly cap and what there is to pay; never below zero."""
    row = work.rule.cap.find(work.case.facts)
    paid = max(min(amount, most), ZERO)
    if paid < amount:
        work.add(f"以可支付余额 {paid} 元为限", f"limited to the {paid} that are left", paid)
    if row is None:
        work.add(f"支付 {paid} 元", f"pays {paid}", paid)
        return paid
    left = max(row.value - work.balance.paid, ZERO)
    paid = min(paid, left)
    work.add(
        f"年度封顶线 {row.value} 元，本年已付 {work.balance.paid} 元，本次支付 {paid} 元",
        f"yearly cap {row.value}, {work.balance.paid} already paid this year, pays {paid}",
        paid,
        work.rule.cap.as_read(row),
    )
    return paid
