"""The ways a rule pays (支付方式): bands, a fixed amount, a package price, filling up, a limit of own cost.

Room: domain of settlement. Switches: policies.md 2 B, D, F. Next hop: services/settlement/domain/layer.py
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from common.core.money import ZERO, Money, round_half_up
from services.settlement.domain.condition import Table, percent
from services.settlement.domain.counted import Counted
from services.settlement.domain.layer_rule import Band, ByBands, FixedAmount, Leave, OwnLimit, Package, Reach
from services.settlement.domain.vocabulary import Edges, Whole, Window
from services.settlement.domain.work import Reads, Work

NOTHING, ALL_OF_IT = Decimal(0), Decimal(1)


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of the counted base inside one band that this stay adds."""

    amount: Money
    ratio: Decimal
    reads: Reads


def amount_paid(work: Work, counted: Counted) -> Money:
    """Return what the rule pays, rounded half up, before caps and limits."""
    method = work.rule.method
    if isinstance(method, ByBands):
        return _by_bands(work, counted, method)
    if isinstance(method, FixedAmount):
        return _fixed(work, counted, method)
    if isinstance(method, Package):
        return _package(work, method)
    if isinstance(method, Reach):
        return _reach(work, counted, method)
    if isinstance(method, Leave):
        return _leave(work, method)
    return _above_own_limit(work, counted, method)


def _by_bands(work: Work, counted: Counted, method: ByBands) -> Money:
    exact = NOTHING
    for part in _parts(work, counted, method):
        share = part.amount.fen * part.ratio
        exact += share
        work.add(
            f"{part.amount} 元 × {percent(part.ratio)}",
            f"{part.amount} x {percent(part.ratio)}",
            round_half_up(share),
            part.reads,
        )
    return _at_least(work, counted, method, round_half_up(exact))


def _parts(work: Work, counted: Counted, method: ByBands) -> list[_Part]:
    """Return the part of (before, up_to] above the start line in every band."""
    low, high = max(counted.before, counted.line), counted.up_to
    shift = counted.line if method.edges is Edges.ABOVE_START_LINE else ZERO
    parts: list[_Part] = []
    for band in method.bands:
        ceiling, reads = _edge(work, band, shift, high)
        amount = max(min(ceiling, high) - low, ZERO)
        ratio, ratio_reads = _ratio(work, method, band.ratio)
        if amount or not parts:
            parts.append(_Part(amount, ratio, (*reads, *ratio_reads)))
        low = max(low, ceiling)
    return parts


def _edge(work: Work, band: Band, shift: Money, high: Money) -> tuple[Money, Reads]:
    if band.up_to is None:
        return high, ()
    edge, reads = work.worth(band.up_to)
    return edge + shift, reads


def _ratio(work: Work, method: ByBands, table: Table[Decimal]) -> tuple[Decimal, Reads]:
    """Return the ratio with all points added and its minimum kept, from nothing to all of it."""
    row = table.get(work.facts)
    more = method.points.find_all(work.facts)
    ratio = sum((each.value for each in more), row.value)
    reads = [table.as_read(row), *(method.points.as_read(each) for each in more)]
    least = method.at_least.find(work.facts)
    if least is not None:
        ratio = max(ratio, least.value)
        reads.append(method.at_least.as_read(least))
    return min(max(ratio, NOTHING), ALL_OF_IT), tuple(reads)


def _at_least(work: Work, counted: Counted, method: ByBands, paid: Money) -> Money:
    """Return the payment, or the share of the cost that is paid at least (保底)."""
    row = method.floor.find(work.facts)
    if row is None:
        return paid
    least = round_half_up(_whole(work, counted, method.floor_of).fen * row.value)
    work.add(
        f"保底 {percent(row.value)}，即 {least} 元",
        f"at least {percent(row.value)}, {least}",
        least,
        [method.floor.as_read(row)],
    )
    return max(paid, least)


def _whole(work: Work, counted: Counted, of: Whole) -> Money:
    bill = work.case.bill
    if of is Whole.BASE:
        return counted.base
    return bill.total if of is Whole.TOTAL else bill.in_scope


def _fixed(work: Work, counted: Counted, method: FixedAmount) -> Money:
    fixed, reads = work.worth(method.amount)
    amount = min(fixed, max(counted.up_to - max(counted.before, counted.line), ZERO))
    work.add(f"定额 {fixed} 元", f"a fixed amount of {fixed}", amount, reads)
    return amount


def _package(work: Work, method: Package) -> Money:
    """Return the price less the patient's part; a stay that costs less than its price is paid by what it costs."""
    price, price_reads = work.worth(method.price)
    part, part_reads = work.worth(method.patient, price=price)
    work.package = price
    cost = min(price, work.case.bill.total)
    patient = min(part, cost)
    work.add(
        f"包干价 {price} 元，个人负担 {patient} 元",
        f"package price {price}, the patient's part {patient}",
        cost - patient,
        (*price_reads, *part_reads),
    )
    return cost - patient


def _reach(work: Work, counted: Counted, method: Reach) -> Money:
    row = method.share.get(work.facts)
    whole = _whole(work, counted, method.of)
    missing = max(round_half_up(whole.fen * row.value) - work.taken.paid, ZERO)
    work.add(
        f"补齐到 {whole} 元的 {percent(row.value)}，差额 {missing} 元",
        f"{missing} are missing of {percent(row.value)} of {whole}",
        missing,
        [method.share.as_read(row)],
    )
    return missing


def _leave(work: Work, method: Leave) -> Money:
    row = method.share.get(work.facts)
    bill = work.case.bill
    kept = round_half_up(bill.total.fen * row.value)
    above = max(bill.total - work.taken.paid - kept, ZERO)
    work.add(
        f"个人负担不超过总费用的 {percent(row.value)}，即 {kept} 元",
        f"the patient pays at most {percent(row.value)} of the total, {kept}",
        above,
        [method.share.as_read(row)],
    )
    return above


def _above_own_limit(work: Work, counted: Counted, method: OwnLimit) -> Money:
    """Return what the own cost is above its limit; the account holds what counted and what was paid of it."""
    limit, reads = work.worth(method.limit)
    if method.window is Window.PER_STAY:
        above = max(counted.base - limit, ZERO)
        work.add(
            f"单次个人自付封顶 {limit} 元，超出 {above} 元",
            f"own cost of one stay at most {limit}, {above} above it",
            above,
            reads,
        )
        return above
    before = work.balance.base - work.balance.paid
    above = min(max(before + counted.base - limit, ZERO), counted.base)
    work.add(
        f"年度个人自付封顶 {limit} 元，此前已自付 {before} 元，超出 {above} 元",
        f"own cost of the year at most {limit}, {before} before this stay, {above} above it",
        above,
        reads,
    )
    return above
