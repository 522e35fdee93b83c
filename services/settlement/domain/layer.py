"""One layer (待遇层次) of the payment chain: which rule pays, how much, and what the year's accounts take in.

Room: domain of settlement. Formulas: policies.md 1.2 and 1.3. Next hop: services/settlement/domain/counted.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from common.core.money import ZERO, Money, round_half_up
from services.settlement.domain.accumulator import EMPTY, Balance, Balances
from services.settlement.domain.condition import Facts, read_of
from services.settlement.domain.counted import Counted, counted
from services.settlement.domain.layer_rule import Cap, Layer, LayerRule
from services.settlement.domain.payment import amount_paid
from services.settlement.domain.vocabulary import Base, Choice, Counting, Fact, Measure, Window
from services.settlement.domain.work import LayerCase, Reads, Step, Taken, Work


@dataclass(frozen=True, slots=True)
class LayerResult:
    """What one layer pays.

    Attributes:
        rule: Name of the rule that paid; empty when none applies.
        account: Accumulator it counts on; None when nothing is counted.
        base: What it counted, in fen.
        deductible: Part of the start line used up by this stay (实际起付线).
        inside: Part of the payment that lies inside the scope.
        over_cap: What a yearly cap cut off.
        changes: What the stay adds to the year's accounts.
        package: Package price by which it paid; None where it paid otherwise.
    """

    layer: str
    label: str
    fund: str
    rule: str
    account: str | None
    base: Money
    deductible: Money
    paid: Money
    inside: Money
    over_cap: Money
    changes: Balances
    steps: tuple[Step, ...]
    package: Money | None = None


_CAP_WORDS = {
    Window.PER_YEAR: (
        "年度封顶线 {limit} 元，本年已付 {used} 元，本次支付 {paid} 元",
        "yearly cap {limit}, {used} already paid this year, pays {paid}",
    ),
    Window.PER_QUARTER: (
        "季度封顶线 {limit} 元，本季已付 {used} 元，本次支付 {paid} 元",
        "quarterly cap {limit}, {used} already paid this quarter, pays {paid}",
    ),
    Window.PER_MONTH: (
        "月度封顶线 {limit} 元，本月已付 {used} 元，本次支付 {paid} 元",
        "monthly cap {limit}, {used} already paid this month, pays {paid}",
    ),
    Window.PER_STAY: ("单次封顶线 {limit} 元，本次支付 {paid} 元", "cap of each stay {limit}, pays {paid}"),
}


def layer_results(*, layer: Layer, case: LayerCase, earlier: Sequence[LayerResult]) -> list[LayerResult]:
    """Return what a layer pays after the earlier ones, one result for every fund it pays from.

    Of several rules that apply, the first pays, the one that pays most (equal: the first), or all in turn, as the layer
    chooses.
    """
    taken = _taken(earlier)
    facts = _facts_now(case, taken, earlier)
    rules = [rule for rule in layer.rules if rule.when.holds(facts)]
    if not rules:
        step = Step(
            f"{layer.label}：本次就诊不适用，不支付", f"{layer.name}: no rule meets this stay, it pays nothing", ZERO
        )
        return [unpaid(layer=layer, facts=facts, step=step)]
    if layer.choice is Choice.FIRST:
        return [_result(layer, Work(layer.name, rules[0], case, facts, taken))]
    if layer.choice is Choice.HIGHEST:
        results = [_result(layer, Work(layer.name, rule, case, facts, taken)) for rule in rules]
        return [max(results, key=lambda result: result.paid)]
    return _in_turn(layer, rules, case, earlier)


def unpaid(*, layer: Layer, facts: Facts, step: Step) -> LayerResult:
    """Return the layer with nothing paid and nothing counted; the step says why."""
    return _nothing(layer, layer.fund_for(facts), (step,))


def added(results: Sequence[Balances]) -> dict[str, Balance]:
    """Return the sum of what several rules or layers add to the year's accounts."""
    total: dict[str, Balance] = {}
    for changes in results:
        for account, change in changes.items():
            total[account] = total.get(account, Balance()) + change
    return total


def _nothing(layer: Layer, fund: str, steps: tuple[Step, ...]) -> LayerResult:
    return LayerResult(layer.name, layer.label, fund, "", None, ZERO, ZERO, ZERO, ZERO, ZERO, {}, steps)


def _facts_now(case: LayerCase, taken: Taken, earlier: Sequence[LayerResult]) -> Facts:
    """Return the facts with what is left when the layer's turn comes, and who has paid."""
    rest_in_scope = case.bill.in_scope - taken.inside
    return case.facts.having(
        {Fact.PAID_BY: frozenset(result.layer for result in earlier if result.paid)},
        {Measure.REST_IN_SCOPE: rest_in_scope.fen, Measure.REST: (case.bill.total - taken.paid).fen},
    )


def _taken(earlier: Sequence[LayerResult]) -> Taken:
    paid, inside, start_line, over_cap = 0, 0, 0, 0
    for result in earlier:
        paid += result.paid.fen
        inside += result.inside.fen
        start_line += result.deductible.fen
        over_cap += result.over_cap.fen
    changes = tuple(result.changes for result in earlier if result.changes)
    return Taken(Money(inside), Money(paid - inside), Money(start_line), Money(over_cap), changes)


def _in_turn(
    layer: Layer, rules: Sequence[LayerRule], case: LayerCase, earlier: Sequence[LayerResult]
) -> list[LayerResult]:
    """Return the sum of all rules of each fund, every rule meeting what the ones before left."""
    done: list[LayerResult] = []
    for rule in rules:
        taken = _taken([*earlier, *done])
        facts = _facts_now(case, taken, [*earlier, *done])
        if rule.when.holds(facts):
            done.append(_result(layer, Work(layer.name, rule, case, facts, taken)))
    funds = dict.fromkeys(each.fund for each in done)
    return [_summed([each for each in done if each.fund == fund]) for fund in funds]


def _summed(done: Sequence[LayerResult]) -> LayerResult:
    return replace(
        done[0],
        rule="+".join(each.rule for each in done if each.rule),
        base=sum((each.base for each in done), ZERO),
        deductible=sum((each.deductible for each in done), ZERO),
        paid=sum((each.paid for each in done), ZERO),
        inside=sum((each.inside for each in done), ZERO),
        over_cap=sum((each.over_cap for each in done), ZERO),
        changes=added([each.changes for each in done]),
        steps=tuple(step for each in done for step in each.steps),
    )


def _result(layer: Layer, work: Work) -> LayerResult:
    rule = work.rule
    base = counted(work)
    exact = amount_paid(work, base)
    wanted = _limited(work, exact, min(base.most, base.base))
    paid = _within_caps(work, wanted)
    fund = rule.fund.get(work.facts).value
    if rule.on_application:
        work.add(
            f"依申请支付：持材料另行申请，至多 {paid} 元，本次不支付",
            f"on application only: up to {paid}, nothing now",
            ZERO,
        )
        return _nothing(layer, fund, tuple(work.steps))
    return LayerResult(
        layer=layer.name,
        label=layer.label,
        fund=fund,
        rule=rule.name,
        account=work.account,
        base=base.base,
        deductible=base.charged,
        paid=paid,
        inside=ZERO if rule.base.of is Base.OUT_OF_SCOPE else min(paid, base.inside),
        over_cap=wanted - paid,
        changes=_changes(work, base, paid),
        steps=tuple(work.steps),
        package=work.package,
    )


def _limited(work: Work, amount: Money, most: Money) -> Money:
    """Return the amount within what there is to pay; never below zero."""
    paid = max(min(amount, most), ZERO)
    if paid < amount:
        work.add(f"以可支付余额 {paid} 元为限", f"limited to the {paid} that are left", paid)
    return paid


def _within_caps(work: Work, wanted: Money) -> Money:
    """Return the amount after every cap (封顶线), of the year or of a shorter time; a cap is applied after rounding."""
    paid, is_capped = wanted, False
    for place, cap in enumerate(work.rule.caps):
        found = _cap(work, cap)
        if found is None:
            continue
        is_capped = True
        limit, reads = found
        used = work.balance.paid if place == 0 else _used(work, cap)
        paid = min(paid, max(limit - used, ZERO))
        zh, en = _CAP_WORDS[cap.window]
        work.add(
            zh.format(limit=limit, used=used, paid=paid), en.format(limit=limit, used=used, paid=paid), paid, reads
        )
    if not is_capped:
        work.add(f"支付 {paid} 元", f"pays {paid}", paid)
    return paid


def _used(work: Work, cap: Cap) -> Money:
    """Return what a further cap's account has paid in its time before; nothing where each stay has its own limit."""
    return work.balance_of(work.case.place.part(cap.account, cap.window)).paid if cap.account else ZERO


def _cap(work: Work, cap: Cap) -> tuple[Money, Reads] | None:
    """Return a cap with what it has grown by."""
    found = work.resolve(cap.amount)
    if found is None:
        return None
    limit, reads = found
    more = ZERO
    for growth in cap.growth:
        units = max(work.facts.numbers.get(growth.measure, 0) - growth.above, 0)
        more += Money(units * growth.step.fen)
        reads = (*reads, read_of(f"cap_growth.{growth.measure}", str(growth.step), growth.origin))
    most = cap.growth_at_most.find(work.facts)
    if most is not None:
        more = min(more, round_half_up(limit.fen * most.value))
        reads = (*reads, cap.growth_at_most.as_read(most))
    return limit + more, reads


def _changes(work: Work, base: Counted, paid: Money) -> Balances:
    """Return what the stay adds to the accounts; a base that was used for a payment does not count again.

    A further cap meets payments only: its account may be the own one of a rule whose bands meet the year's base.
    """
    used_up = work.rule.counting is Counting.PER_YEAR_UNUSED and paid
    counts = -work.balance.base if used_up else base.base
    changes: dict[str, Balance] = {work.account: Balance(counts, base.charged, paid, 1)}
    place, window = work.case.place, work.rule.start_line.window
    for cap in work.rule.caps[1:]:
        if cap.account:
            changes[place.part(cap.account, cap.window)] = Balance(paid=paid)
    if window in (Window.PER_HOSPITAL, Window.PER_QUARTER, Window.PER_MONTH):
        part = place.part(work.account, window)
        changes[part] = changes.get(part, EMPTY) + Balance(ZERO, base.charged, ZERO, 1)
    return changes
