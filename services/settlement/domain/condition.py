"""Conditions and dated tables of the policy language: which row of numbers meets a stay, and on what paper it rests.

Room: domain of settlement. Next hop: services/settlement/domain/policy.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

from common.core.errors import Refused
from common.core.money import Money
from services.settlement.domain.vocabulary import Fact

ValueT = TypeVar("ValueT", bound=Money | Decimal | bool | str)
Facts = Mapping[Fact, frozenset[str]]


class ParameterMissing(Refused):
    """The policy has no value for this stay; the loader's check keeps a file from coming so far."""

    code = "policy_incomplete"
    zh = "政策文件缺少适用于此次就诊的参数"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: the paper, its first day, and whether a bureau still has to confirm it (待确认)."""

    source: str
    since: date
    is_assumed: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold; each fact named lists the values that are allowed, an empty condition always holds."""

    allowed: Mapping[Fact, frozenset[str]]

    def holds(self, facts: Facts) -> bool:
        """Say whether every named fact has an allowed value."""
        return all(values & facts.get(fact, frozenset()) for fact, values in self.allowed.items())


ALWAYS = Condition({})


@dataclass(frozen=True, slots=True)
class Row(Generic[ValueT]):
    """One value of the policy with its condition and origin."""

    when: Condition
    value: ValueT
    origin: Origin


@dataclass(frozen=True, slots=True)
class ParameterRead:
    """One parameter that a calculation read, as the trace shows it."""

    name: str
    value: str
    since: date
    source: str
    is_assumed: bool


@dataclass(frozen=True, slots=True)
class Table(Generic[ValueT]):
    """A named parameter: its rows in order, the first whose condition holds gives the value."""

    name: str
    rows: tuple[Row[ValueT], ...]

    def find(self, facts: Facts) -> Row[ValueT] | None:
        """Return the row that meets the stay, or None."""
        return next((row for row in self.rows if row.when.holds(facts)), None)

    def get(self, facts: Facts) -> Row[ValueT]:
        """Return the row that meets the stay.

        Raises:
            ParameterMissing: If there is none.
        """
        row = self.find(facts)
        if row is None:
            raise ParameterMissing(f"no value of {self.name} for this stay", parameter=self.name)
        return row

    def as_read(self, row: Row[ValueT]) -> ParameterRead:
        """Return the row as the trace shows it."""
        origin = row.origin
        return ParameterRead(self.name, value_text(row.value), origin.since, origin.source, origin.is_assumed)


def value_text(value: Money | Decimal | bool | str) -> str:  # noqa: FBT001 - one of the kinds a parameter has
    """Return a parameter's value as text: money in yuan, a ratio as written.

    >>> value_text(Money(30000)), value_text(Decimal("0.80")), value_text(True)
    ('300.00', '0.80', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def percent(ratio: Decimal) -> str:
    """Return a ratio in percent without idle zeros.

    >>> percent(Decimal("0.80")), percent(Decimal("0.055")), percent(Decimal(1))
    ('80%', '5.5%', '100%')
    """
    return f"{(ratio * 100).normalize():f}%"
