"""What one rule sees and writes down on its way to a result (计算过程).

Room: domain of settlement. Next hop: services/settlement/domain/layer.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from common.core.money import ZERO, Money
from services.settlement.domain.accounts import StayPlace
from services.settlement.domain.accumulator import EMPTY, Balance, Balances
from services.settlement.domain.amount import Amount
from services.settlement.domain.bill import Bill
from services.settlement.domain.condition import Facts, ParameterRead, Row, Table, read_of
from services.settlement.domain.layer_rule import LayerRule
from services.settlement.domain.policy import Figure
from services.settlement.domain.vocabulary import Continuation

Reads = tuple[ParameterRead, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a calculation in words, the amount it gave, and the parameters it read."""

    zh: str
    en: str
    amount: Money
    reads: Reads = ()


@dataclass(frozen=True, slots=True)
class LayerCase:
    """What every layer of one calculation sees.

    Attributes:
        before: The year's accounts before the stay.
        figures: Income figures of the day, by name.
        continued: What the stay carries on.
        charged_before: Layer -> start line that the stay carried on was charged.
    """

    facts: Facts
    bill: Bill
    before: Balances
    figures: Mapping[str, Figure]
    place: StayPlace
    continued: Continuation
    charged_before: Mapping[str, Money]


@dataclass(frozen=True, slots=True)
class Taken:
    """What the earlier layers did: paid inside and outside the scope, charged as start lines, cut by their caps.

    Attributes:
        changes: What each of them adds to the year's accounts.
    """

    inside: Money = ZERO
    outside: Money = ZERO
    start_line: Money = ZERO
    over_cap: Money = ZERO
    changes: tuple[Balances, ...] = ()

    @property
    def paid(self) -> Money:
        """All they paid, the hospital's part included."""
        return self.inside + self.outside


@dataclass(slots=True)
class Work:
    """A rule on its way to a result: the amounts so far and the steps that gave them."""

    layer: str
    rule: LayerRule
    case: LayerCase
    facts: Facts
    taken: Taken
    steps: list[Step] = field(default_factory=list)
    package: Money | None = None

    @property
    def account(self) -> str:
        """The yearly account the rule counts on."""
        return self.case.place.own_account(self.rule)

    @property
    def balance(self) -> Balance:
        """That account when the rule's turn comes."""
        return self.balance_of(self.account)

    def balance_of(self, account: str) -> Balance:
        """Return an account of the year with what the earlier layers of the same stay have added."""
        balance = self.case.before.get(account, EMPTY)
        for changes in self.taken.changes:
            if account in changes:
                balance += changes[account]
        return balance

    @property
    def rest_in_scope(self) -> Money:
        """What the earlier layers left inside the scope."""
        return self.case.bill.in_scope - self.taken.inside

    @property
    def rest_outside(self) -> Money:
        """What they left outside."""
        return self.case.bill.out_of_scope - self.taken.outside

    def add(self, zh: str, en: str, amount: Money, reads: Sequence[ParameterRead] = ()) -> None:
        """Write a step down."""
        self.steps.append(Step(zh, en, amount, tuple(reads)))

    def resolve(self, table: Table[Amount]) -> tuple[Money, Reads] | None:
        """Return what a table gives for the stay in fen, and everything that was read; None without a row."""
        row = table.find(self.facts)
        return None if row is None else self._worth(table, row)

    def worth(self, table: Table[Amount], **more: Money) -> tuple[Money, Reads]:
        """Return the same of a table that must have a row.

        Args:
            table: Amounts.
            more: Quantities that a share may be taken of besides the bill's and the figures.

        Raises:
            ParameterMissing: If there is none.
        """
        return self._worth(table, table.get(self.facts), **more)

    def _worth(self, table: Table[Amount], row: Row[Amount], **more: Money) -> tuple[Money, Reads]:
        amount, read = row.value, table.as_read(row)
        figure = self.case.figures.get(amount.of)
        if figure is not None:
            told = read_of(f"figures.{figure.name}", str(figure.value), figure.origin)
            return amount.worth({amount.of: figure.value}), (read, told)
        bill = self.case.bill
        return amount.worth({"total": bill.total, "in_scope": bill.in_scope, **more}), (read,)
