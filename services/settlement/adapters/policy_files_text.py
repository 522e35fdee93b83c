"""Reads a policy file as text, strictly: every refusal names file, line, key and remedy.

Room: adapters of settlement. Nothing is guessed: no value is a number or a day until a reader asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from pathlib import Path
from typing import NoReturn, TypeVar

import yaml

from common.core.money import Money, NotWholeFen, money_from_yuan
from services.settlement.domain.vocabulary import NO, YES

EnumT = TypeVar("EnumT", bound=Enum)
ValueT = TypeVar("ValueT")
GREATEST_YUAN = Decimal(10**9)
GREATEST_FACTOR, GREATEST_COUNT = 10, 1000
MOST_DAYS = 50_000


class PolicyFileInvalid(ValueError):
    """A policy file cannot be used; the text names file, line, key and remedy."""

    def __init__(self, *, file: str, line: int, key: str, problem: str, remedy: str) -> None:
        super().__init__(f"{file}, line {line}, {key}: {problem}; {remedy}")
        self.file = file
        self.line = line
        self.key = key
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file."""

    file: str
    line: int
    key: str

    def refuse(self, problem: str, remedy: str) -> NoReturn:
        """Refuse what stands here."""
        raise PolicyFileInvalid(file=self.file, line=self.line, key=self.key, problem=problem, remedy=remedy)


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar, still text."""

    place: Place
    value: str

    def plain(self) -> str:
        """Return the text, which must not be empty."""
        if not self.value.strip():
            self.place.refuse("is empty", "write a value")
        return self.value.strip()

    def day(self) -> date:
        """Return a day."""
        return self._read(date.fromisoformat, "is no day", "write YYYY-MM-DD")

    def money(self) -> Money:
        """Return an amount of yuan, not negative."""
        amount = self._read(money_from_yuan, "is no amount in yuan", "write yuan with at most two decimals")
        if not 0 <= amount.fen <= GREATEST_YUAN * 100:
            self.place.refuse(f"{self.value} is negative or absurd", "write an amount from 0 to 1000000000 yuan")
        return amount

    def ratio(self) -> Decimal:
        """Return a ratio from 0 to 1, exact."""
        ratio = self._read(Decimal, "is no ratio", "write a decimal such as 0.85")
        if not ratio.is_finite() or not 0 <= ratio <= 1:
            self.place.refuse(f"{self.value} is no ratio from 0 to 1", "write 85 % as 0.85")
        return ratio

    def points(self) -> Decimal:
        """Return percentage points as a ratio from -1 to 1."""
        points = self._read(Decimal, "is no number of points", "write +10 points as 0.10, -20 points as -0.20")
        if not points.is_finite() or not -1 <= points <= 1:
            self.place.refuse(f"{self.value} is more than 100 points", "write +10 points as 0.10")
        return points

    def factor(self) -> Decimal:
        """Return a share that may be above all of it, as twice an income: 0 to 10."""
        factor = self._read(Decimal, "is no share", "write 10 % as 0.10")
        if not factor.is_finite() or not 0 <= factor <= GREATEST_FACTOR:
            self.place.refuse(f"{self.value} is no share from 0 to {GREATEST_FACTOR}", "write 10 % as 0.10")
        return factor

    def count(self) -> int:
        """Return a whole number, not negative, such as an age or a stay."""
        number = self._read(int, "is no whole number", "write digits")
        if not 0 <= number <= GREATEST_COUNT:
            self.place.refuse(f"{self.value} is negative or absurd", f"write a number from 0 to {GREATEST_COUNT}")
        return number

    def days(self) -> int:
        """Return a number of days of a life, not negative."""
        number = self._read(int, "is no whole number", "write digits")
        if not 0 <= number <= MOST_DAYS:
            self.place.refuse(f"{self.value} is negative or absurd", f"write a number from 0 to {MOST_DAYS}")
        return number

    def flag(self) -> bool:
        """Return yes or no."""
        if self.value not in {YES, NO}:
            self.place.refuse(f"{self.value!r} is neither yes nor no", "write yes or no")
        return self.value == YES

    def member(self, kind: type[EnumT]) -> EnumT:
        """Return the member of a closed word list."""
        return self._read(kind, "is not in the word list", "write one of " + ", ".join(each.value for each in kind))

    def _read(self, reader: Callable[[str], ValueT], problem: str, remedy: str) -> ValueT:
        try:
            return reader(self.value)
        except (ValueError, NotWholeFen, InvalidOperation):
            self.place.refuse(f"{self.value!r} {problem}", remedy)


class Entry:
    """A mapping of the file: knows its keys and refuses what nobody asked for."""

    def __init__(self, place: Place, node: yaml.Node) -> None:
        if not isinstance(node, yaml.MappingNode):
            place.refuse("is no mapping", "write `key: value` lines below it")
        self.place = place
        self._nodes: dict[str, tuple[int, yaml.Node]] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in self._nodes:
                Place(place.file, line, f"{place.key}.{name}").refuse("stands twice", "keep one of the two")
            self._nodes[name] = (line, value)

    def expect(self, *, required: Iterable[str], optional: Iterable[str] = ()) -> Entry:
        """Return itself when it has the required keys and no unknown one."""
        needed = set(required)
        known = needed | set(optional)
        for name in self._nodes:
            if name not in known:
                self.at(name).refuse("is unknown", "use one of " + ", ".join(sorted(known)))
        for name in sorted(needed - set(self._nodes)):
            self.place.refuse(f"lacks {name}", f"add `{name}: ...`")
        return self

    def has(self, name: str) -> bool:
        """Say whether the key is there."""
        return name in self._nodes

    def names(self) -> Collection[str]:
        """Return the keys in order."""
        return self._nodes.keys()

    def at(self, name: str) -> Place:
        """Return where a key stands."""
        line = self._nodes[name][0] if name in self._nodes else self.place.line
        return Place(self.place.file, line, f"{self.place.key}.{name}".lstrip("."))

    def text(self, name: str) -> Text:
        """Return the scalar of a key."""
        return _text(self.at(name), self._nodes[name][1])

    def entry(self, name: str) -> Entry:
        """Return the mapping of a key."""
        return Entry(self.at(name), self._nodes[name][1])

    def texts(self, name: str) -> list[Text]:
        """Return a list of scalars, at least one."""
        return [_text(place, node) for place, node in self._items(name)]

    def entries(self, name: str) -> list[Entry]:
        """Return a list of mappings, at least one."""
        return [Entry(place, node) for place, node in self._items(name)]

    def is_list(self, name: str) -> bool:
        """Say whether the key holds a list."""
        return isinstance(self._nodes[name][1], yaml.SequenceNode)

    def _items(self, name: str) -> list[tuple[Place, yaml.Node]]:
        node, place = self._nodes[name][1], self.at(name)
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            place.refuse("is no list or an empty one", "write at least one `- ...`")
        return [
            (Place(place.file, item.start_mark.line + 1, f"{place.key}[{position}]"), item)
            for position, item in enumerate(node.value)
        ]


def read_file(path: Path) -> Entry:
    """Return the whole file as one mapping.

    Raises:
        PolicyFileInvalid: If it is no UTF-8, no YAML or no mapping.
    """
    top = Place(path.name, 1, "")
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        Place(path.name, line, "file").refuse(
            f"is no YAML: {error.problem}", "correct the indentation or quote the text"
        )
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        top.refuse(f"cannot be read: {type(error).__name__}", "save it as UTF-8 text")
    if node is None:
        top.refuse("is empty", "start from another county's file")
    return Entry(top, node)


def _text(place: Place, node: yaml.Node) -> Text:
    if not isinstance(node, yaml.ScalarNode):
        place.refuse("is no single value", "write one value on the line")
    return Text(place, str(node.value))
