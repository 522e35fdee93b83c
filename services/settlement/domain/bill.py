"""The bill of a stay (费用): its quantities, how lines make them, and what cannot be a bill.

Room: domain of settlement. Formulas: policies.md 1.2. Next hop: services/settlement/domain/calculation.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from common.core.errors import Refused
from common.core.money import FEN_PER_YUAN, ZERO, Money, round_half_up

UNLISTED = "unlisted"
"""Category of whatever no line tells the category of (未分类)."""


class BillInconsistent(Refused):
    """The amounts of the bill contradict each other."""

    code = "bill_inconsistent"
    zh = "费用金额前后不一致"


class CatalogueClass(StrEnum):
    """Class of an item in the catalogue (甲类、乙类、丙类)."""

    A = "A"
    B = "B"
    C = "C"


@dataclass(frozen=True, slots=True)
class Bill:
    """The quantities of one stay, in fen, none negative.

    Attributes:
        total: 医疗费总额.
        own_expense: 全自费, outside the catalogue.
        over_limit: 超限价, above the price ceiling.
        first_self_pay: 先行自付.
        in_scope: 政策范围内.
        prior_relief: Relief already received for this stay (已获救助); no part of the sum.
        items: Category of the lines (费用类别) -> what of it is in scope; empty where only quantities are known.
        charged: Category of the lines -> what was charged for it, outside the scope too; no rule reads it.
    """

    total: Money
    own_expense: Money
    over_limit: Money
    first_self_pay: Money
    in_scope: Money
    prior_relief: Money = ZERO
    items: Mapping[str, Money] = field(default_factory=dict, compare=False)
    charged: Mapping[str, Money] = field(default_factory=dict, compare=False)

    @property
    def out_of_scope(self) -> Money:
        """What no layer inside the scope meets (政策范围外)."""
        return self.own_expense + self.over_limit + self.first_self_pay

    def in_scope_of(self, items: Iterable[str]) -> Money:
        """Return what of some categories is in scope; `UNLISTED` is what no line tells the category of."""
        unlisted = max(self.in_scope - sum(self.items.values(), ZERO), ZERO)
        return sum((unlisted if item == UNLISTED else self.items.get(item, ZERO) for item in items), ZERO)

    def with_first_self_pay(self, share: Decimal) -> Bill:
        """Return the bill after a share of the cost in scope became first self-pay, in every category alike."""
        moved = round_half_up(self.in_scope.fen * share)
        items = {item: amount - round_half_up(amount.fen * share) for item, amount in self.items.items()}
        return replace(self, first_self_pay=self.first_self_pay + moved, in_scope=self.in_scope - moved, items=items)


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of a bill (费用明细).

    Attributes:
        amount: Amount of the line as charged; it rules and is not recomputed from price and quantity.
        category: As the hospital names it (费用类别); empty when it does not.
        quantity: Count, exact.
        unit_price: Yuan, may have fractions of a fen.
        limit_price: Price ceiling (限价) in yuan; None where there is none.
        self_pay_ratio: First share of a class B item, 0..1.
    """

    catalogue_class: CatalogueClass
    amount: Money
    quantity: Decimal
    unit_price: Decimal
    limit_price: Decimal | None = None
    self_pay_ratio: Decimal = Decimal(0)
    occurred_on: date | None = None
    category: str = ""


def bill_of_line(*, line: BillLine) -> Bill:
    """Return what one line adds to the bill; each line is rounded by itself, half up to the fen.

    >>> bill_of_line(line=BillLine(catalogue_class=CatalogueClass.B, amount=Money(10_000), quantity=Decimal(1),
    ...     unit_price=Decimal(100), limit_price=Decimal(80), self_pay_ratio=Decimal("0.1"))).in_scope
    Money(fen=7200)
    """
    if line.catalogue_class is CatalogueClass.C:
        return Bill(line.amount, line.amount, ZERO, ZERO, ZERO)
    over_limit = _over_limit(line)
    within = line.amount - over_limit
    ratio = line.self_pay_ratio if line.catalogue_class is CatalogueClass.B else Decimal(0)
    first_self_pay = round_half_up(within.fen * ratio)
    return Bill(line.amount, ZERO, over_limit, first_self_pay, within - first_self_pay)


def _over_limit(line: BillLine) -> Money:
    if line.limit_price is None or line.unit_price <= line.limit_price:
        return ZERO
    return min(round_half_up((line.unit_price - line.limit_price) * line.quantity * FEN_PER_YUAN), line.amount)


def bill_of_lines(*, lines: Iterable[BillLine], prior_relief: Money = ZERO) -> Bill:
    """Return the sum of the lines."""
    parts, items, charged = [], dict[str, Money](), dict[str, Money]()
    for line in lines:
        parts.append(part := bill_of_line(line=line))
        if line.category:
            charged[line.category] = charged.get(line.category, ZERO) + line.amount
        if line.category and part.in_scope:
            items[line.category] = items.get(line.category, ZERO) + part.in_scope
    return Bill(
        total=sum((part.total for part in parts), ZERO),
        own_expense=sum((part.own_expense for part in parts), ZERO),
        over_limit=sum((part.over_limit for part in parts), ZERO),
        first_self_pay=sum((part.first_self_pay for part in parts), ZERO),
        in_scope=sum((part.in_scope for part in parts), ZERO),
        prior_relief=prior_relief,
        items=items,
        charged=charged,
    )


def consistent_bill(*, stated: Bill | None, lines: Sequence[BillLine]) -> Bill:
    """Return the bill of a stay from its stated quantities, its lines, or both.

    Raises:
        BillInconsistent: If there is neither, the quantities do not add up to the total, relief exceeds the total, or
            lines and quantities differ by a fen.
    """
    if stated is None:
        if not lines:
            raise BillInconsistent("neither bill nor lines are given", zh="费用汇总与明细至少给出一项")
        return bill_of_lines(lines=lines)
    if stated.total != stated.out_of_scope + stated.in_scope:
        raise BillInconsistent(
            "total is not own_expense + over_limit + first_self_pay + in_scope",
            zh="总费用不等于全自费、超限价、先行自付与政策范围内费用之和",
            total_fen=stated.total.fen,
            sum_fen=(stated.out_of_scope + stated.in_scope).fen,
        )
    if stated.prior_relief > stated.total:
        raise BillInconsistent("prior_relief is above the total", zh="已获救助超过总费用")
    if not lines:
        return stated
    summed = bill_of_lines(lines=lines, prior_relief=stated.prior_relief)
    if summed != stated:
        raise BillInconsistent("the lines add up to another bill", zh="明细合计与费用汇总不一致")
    return summed
