"""What a rule counts and what the patient bears first (基数与起付线).

Room: domain of settlement. Formulas: policies.md 1.2, switches 2 A, 2 B.
Next hop: services/settlement/domain/payment.py
"""

from __future__ import annotations

from dataclasses import dataclass

from common.core.money import ZERO, Money, round_half_up
from services.settlement.domain.condition import percent
from services.settlement.domain.layer_rule import StartLine
from services.settlement.domain.vocabulary import Base, BasePart, Continuation, Counting, Window
from services.settlement.domain.work import Reads, Work

_OUTSIDE = {Base.TOTAL, Base.REST, Base.OUT_OF_SCOPE}


@dataclass(frozen=True, slots=True)
class Counted:
    """The base of a rule with its start line.

    Attributes:
        base: What counts (基数).
        before: What counted earlier in the year, where bands meet the year's base.
        line: Where bands begin on `before + base`.
        charged: Part of the start line that this stay uses up (实际起付线).
        up_to: Where counting ends on `before + base`.
        inside: Most that may be paid inside the scope.
        most: Most that may be paid at all.
    """

    base: Money
    before: Money
    line: Money
    charged: Money
    up_to: Money
    inside: Money
    most: Money


def counted(work: Work) -> Counted:
    """Return the base with its start line, each step written down."""
    inside, most = _payable(work)
    rule = work.rule.base
    whole = max(_quantity(work) + _plus(work) - _less(work), ZERO)
    limit = work.resolve(rule.cap)
    base = whole
    if limit is not None and (rule.cap_first or rule.cap_per_year):
        base = _capped(work, whole, *limit)
    work.add(f"{work.rule.label}：计算基数 {base} 元", f"{work.rule.name}: base {base}", base)
    before = ZERO if work.rule.counting is Counting.PER_STAY else work.balance.base
    line, charged = _start_line(work, base)
    up_to = before + base
    if limit is not None and not (rule.cap_first or rule.cap_per_year):
        up_to = min(up_to, line + limit[0])
        work.add(
            f"扣除起付线后以 {limit[0]} 元为限", f"at most {limit[0]} above the start line", up_to - line, limit[1]
        )
    return Counted(base, before, line, charged, up_to, inside, most)


def _quantity(work: Work) -> Money:
    bill, of = work.case.bill, work.rule.base.of
    if of is Base.IN_SCOPE:
        return bill.in_scope_of(work.rule.base.items) if work.rule.base.items else bill.in_scope
    if of is Base.TOTAL:
        return bill.total
    if of is Base.OUT_OF_SCOPE:
        return work.rest_outside
    rest = work.rest_in_scope if of is Base.REST_IN_SCOPE else work.rest_in_scope + work.rest_outside
    if work.rule.base.less_prior_relief and bill.prior_relief:
        work.add(
            f"扣除已获救助 {bill.prior_relief} 元",
            f"less relief already received {bill.prior_relief}",
            bill.prior_relief,
        )
        return rest - bill.prior_relief
    return rest


def _plus(work: Work) -> Money:
    added = _named_outside(work)
    if added:
        work.add(f"计入范围外费用 {added} 元", f"with {added} outside the scope", added)
    return added


def _named_outside(work: Work) -> Money:
    """Return the cost outside the scope that the rule names; what no rule names stays with the patient."""
    bill = work.case.bill
    parts = {
        BasePart.OWN_EXPENSE: bill.own_expense,
        BasePart.OVER_LIMIT: bill.over_limit,
        BasePart.FIRST_SELF_PAY: bill.first_self_pay,
    }
    return sum((amount for part, amount in parts.items() if part in work.rule.base.plus), ZERO)


def _less(work: Work) -> Money:
    parts = {BasePart.START_LINE: work.taken.start_line, BasePart.OVER_CAP: work.taken.over_cap}
    taken = sum((amount for part, amount in parts.items() if part in work.rule.base.less), ZERO)
    if taken:
        work.add(f"不计入前序起付线、封顶以上费用 {taken} 元", f"without {taken} of start lines and caps before", taken)
    return taken


def _payable(work: Work) -> tuple[Money, Money]:
    """Return the most inside the scope and the most at all; relief and payments together never pass the total."""
    bill, rule = work.case.bill, work.rule.base
    inside = ZERO if rule.of is Base.OUT_OF_SCOPE else work.rest_in_scope
    outside = work.rest_outside if rule.of in _OUTSIDE else min(_named_outside(work), work.rest_outside)
    relief = bill.prior_relief if rule.less_prior_relief else ZERO
    room = bill.total - bill.prior_relief - work.taken.paid
    return inside, max(min(inside + outside - relief, room), ZERO)


def _capped(work: Work, whole: Money, limit: Money, reads: Reads) -> Money:
    """Return the base inside its limit, which may be meant for the year."""
    counted_before = work.balance.base if work.rule.base.cap_per_year else ZERO
    base = min(whole, max(limit - counted_before, ZERO))
    work.add(f"费用计算限额 {limit} 元，本次计入 {base} 元", f"cost counts up to {limit}: {base} now", base, reads)
    return base


def _start_line(work: Work, base: Money) -> tuple[Money, Money]:
    """Return where bands begin, and what this stay is charged."""
    found = work.resolve(work.rule.start_line.amount)
    if found is None:
        return ZERO, ZERO
    standard, reads = found
    share = work.rule.start_line.share.find(work.facts)
    if share is not None:
        standard = round_half_up(standard.fen * share.value)
        reads = (*reads, work.rule.start_line.share.as_read(share))
    if work.rule.counting is Counting.PER_STAY:
        due, more = _due(work, work.rule.start_line, standard)
        line, charged, reads = due, min(due, base), (*reads, *more)
    else:
        before = work.balance.base
        line, charged = standard, min(standard, before + base) - min(standard, before)
    told = f"（按 {percent(share.value)} 收取）" if share is not None else ""
    work.add(
        f"起付线 {standard} 元{told}，本次扣除 {charged} 元",
        f"start line {standard}, {charged} of it met by this stay",
        charged,
        reads,
    )
    return line, charged


def _due(work: Work, start_line: StartLine, standard: Money) -> tuple[Money, Reads]:
    """Return what is still to be charged of a start line that meets single stays."""
    used = work.balance_of(work.case.place.part(work.account, start_line.window))
    if start_line.window is Window.PER_HOSPITAL:
        due = standard if used.stay_count == 0 else ZERO
    elif start_line.window is Window.PER_STAY:
        due = standard
    else:
        due = max(standard - used.deductible, ZERO)
    if work.case.continued is not Continuation.NONE and work.case.continued in start_line.shared_with:
        due = max(due - work.case.charged_before.get(work.layer, ZERO), ZERO)
    limit = work.resolve(start_line.year_limit)
    if limit is None:
        return due, ()
    return min(due, max(limit[0] - work.balance.deductible, ZERO)), limit[1]
