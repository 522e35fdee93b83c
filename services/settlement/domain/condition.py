"""Conditions and dated tables of the policy language: which row of numbers meets a stay, and on what paper it rests.

Room: domain of settlement. Next hop: services/settlement/domain/policy.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Generic, TypeVar

from common.core.errors import Refused
from common.core.money import Money
from services.settlement.domain.amount import Amount
from services.settlement.domain.vocabulary import Fact, Measure

ValueT = TypeVar("ValueT", bound=Amount | Decimal | bool | str)


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
class Facts:
    """What the conditions of a version may ask about one stay.

    Attributes:
        words: Each fact with its values; a stay may be on several disease lists at once.
        numbers: Each measure; money in fen, ages and stays in whole numbers.
    """

    words: Mapping[Fact, frozenset[str]]
    numbers: Mapping[Measure, int]

    def having(self, words: Mapping[Fact, frozenset[str]], numbers: Mapping[Measure, int]) -> Facts:
        """Return the facts with some of them told anew."""
        return replace(self, words={**self.words, **words}, numbers={**self.numbers, **numbers})


@dataclass(frozen=True, slots=True)
class Span:
    """Whole numbers from `least` to `most`, both included; None leaves an end open."""

    least: int | None
    most: int | None

    @property
    def is_open(self) -> bool:
        """Whether every number lies inside."""
        return self.least is None and self.most is None

    def has(self, number: int) -> bool:
        """Say whether a number lies inside."""
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold: each fact named lists the values allowed, each measure its span; an empty one always holds."""

    allowed: Mapping[Fact, frozenset[str]]
    within: Mapping[Measure, Span] = field(default_factory=dict)

    def holds(self, facts: Facts) -> bool:
        """Say whether every named fact has an allowed value and every named measure lies in its span."""
        for fact, values in self.allowed.items():
            if values.isdisjoint(facts.words.get(fact, ())):
                return False
        return all(
            measure in facts.numbers and span.has(facts.numbers[measure]) for measure, span in self.within.items()
        )


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
        for row in self.rows:
            if row.when.holds(facts):
                return row
        return None

    def find_all(self, facts: Facts) -> list[Row[ValueT]]:
        """Return every row that meets the stay, for parameters that add up."""
        return [row for row in self.rows if row.when.holds(facts)]

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
        return read_of(self.name, value_text(row.value), row.origin)


def read_of(name: str, value: str, origin: Origin) -> ParameterRead:
    """Return a value of the policy as the trace shows it."""
    return ParameterRead(name, value, origin.since, origin.source, origin.is_assumed)


def value_text(value: Amount | Money | Decimal | bool | str) -> str:  # noqa: FBT001 - one of the kinds a parameter has
    """Return a parameter's value as text: money in yuan, a ratio as written.

    >>> value_text(Money(30000)), value_text(Decimal("0.80")), value_text(True)
    ('300.00', '0.80', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


@lru_cache(maxsize=1000)
def percent(ratio: Decimal) -> str:
    """Return a ratio in percent without idle zeros.

    >>> percent(Decimal("0.80")), percent(Decimal("0.055")), percent(Decimal(1))
    ('80%', '5.5%', '100%')
    """
    return f"{(ratio * 100).normalize():f}%"
