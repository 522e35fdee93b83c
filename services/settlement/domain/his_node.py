"""Reading a node of a message's input (报文节点): texts, days and yuan, each refused in Chinese where it does not fit.

Fields that nobody asks for stay unread, `expContent` and local extensions among them (conventions of the field, 1.3).
Room: domain of settlement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from common.core.errors import Refused
from common.core.money import Money, money_from_yuan

_YUAN = re.compile(r"[0-9]{1,14}(\.[0-9]{1,2})?")
_COUNT = re.compile(r"[0-9]{1,9}")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})( [0-9]{2}:[0-9]{2}:[0-9]{2})?")
GREATEST_FEN = 10**13
LONGEST_TEXT = 200


class FieldWrong(Refused):
    """A field of the input is missing or does not read as what it must be."""

    code = "his_field_wrong"
    zh = "交易输入字段不正确"


@dataclass(frozen=True, slots=True)
class Node:
    """One object of the input.

    Attributes:
        place: How the node is called in refusals.
        fields: As parsed from JSON.
    """

    place: str
    fields: Mapping[str, Any]

    def optional(self, name: str) -> str:
        """Return a text; absent, null and empty are all empty."""
        value = self.fields.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._wrong(name, "须为文本")
        if len(value) > LONGEST_TEXT:
            raise self._wrong(name, f"长度超过 {LONGEST_TEXT}")
        return value.strip()

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.optional(name)
        if not value:
            raise self._wrong(name, "不能为空")
        return value

    def money(self, name: str) -> Money:
        """Return an amount that is written in yuan as text, with at most two decimals and not negative."""
        value = self.text(name)
        if not _YUAN.fullmatch(value):
            raise self._wrong(name, "须为以元计的金额文本，最多两位小数，不得为负")
        amount = money_from_yuan(value)
        if amount.fen > GREATEST_FEN:
            raise self._wrong(name, "金额超出范围")
        return amount

    def count(self, name: str) -> int:
        """Return a number of things that is written as text, from zero to 999 999 999."""
        value = self.text(name)
        if not _COUNT.fullmatch(value):
            raise self._wrong(name, "须为数字文本，0 至 999999999")
        return int(value)

    def day(self, name: str) -> date:
        """Return the China day of a date or a date-time without offset."""
        value = self.text(name)
        found = _MOMENT.fullmatch(value)
        try:
            if found is not None:
                return datetime.fromisoformat(value).date()
        except ValueError:
            pass
        raise self._wrong(name, "须为 yyyy-MM-dd 或 yyyy-MM-dd HH:mm:ss")

    def _wrong(self, name: str, why: str) -> FieldWrong:
        return FieldWrong(f"{self.place}.{name} does not fit", zh=f"{self.place}.{name} {why}")


def node_of(*, given: Mapping[str, Any], name: str) -> Node:
    """Return the object of that name.

    Raises:
        FieldWrong: If there is none.
    """
    value = given.get(name)
    if not isinstance(value, Mapping):
        raise FieldWrong(f"input.{name} is no object", zh=f"交易输入缺少节点 {name}")
    return Node(name, value)


def nodes_of(*, given: Mapping[str, Any], name: str) -> tuple[Node, ...]:
    """Return the rows of that name, none when it is absent.

    Raises:
        FieldWrong: If it is no list of objects.
    """
    value = given.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise FieldWrong(f"input.{name} is no list of objects", zh=f"交易输入节点 {name} 须为对象数组")
    return tuple(Node(f"{name}[{at}]", row) for at, row in enumerate(value))
