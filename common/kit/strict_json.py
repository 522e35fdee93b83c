"""Reads JSON strictly: what the standard library tolerates or falls over is refused here, before any model."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from common.kit.problems import MalformedBody

MOST_LEVELS = 32
LONGEST_NUMBER = 40
_INT64_DIGITS = 20
_LEAST_INT, _GREATEST_INT = -(2**63), 2**63 - 1
_FLOAT_LIMIT = float("inf")


def parse_strict(body: bytes) -> Any:  # noqa: ANN401 - JSON may be anything; the model behind says what it must be
    """Return the parsed body.

    Raises:
        MalformedBody: If it is no UTF-8 or no JSON, has duplicate members, NaN or infinities, integers beyond 64 bits,
            numbers of absurd length, NUL characters, lone surrogates or more than 32 levels.
    """
    try:
        value = _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise _refusal("the body is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _refusal(f"not JSON at character {error.pos}") from None
    except RecursionError:
        raise _refusal(f"more than {MOST_LEVELS} levels of nesting") from None
    if body.count(b"[") + body.count(b"{") > MOST_LEVELS:
        _check_depth(value)
    if b"\\u" in body:
        _check_texts(value)
    return value


def _refusal(detail: str) -> MalformedBody:
    return MalformedBody(detail, errors=[{"pointer": "#", "code": "json_invalid", "detail": detail}])


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _refusal("a member stands twice in one object")
    return value


def _integer(text: str) -> int:
    if len(text) > _INT64_DIGITS or not _LEAST_INT <= (value := int(text)) <= _GREATEST_INT:
        raise _refusal("an integer is beyond 64 bits")
    return value


def _number(text: str) -> float:
    value = float(text) if len(text) <= LONGEST_NUMBER else _FLOAT_LIMIT
    if abs(value) == _FLOAT_LIMIT:
        raise _refusal("a number is out of range")
    return value


def _constant(name: str) -> NoReturn:
    raise _refusal(f"{name} is not a number")


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)  # type: ignore[attr-defined]
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise _refusal(f"more than {MOST_LEVELS} levels of nesting")


def _check_texts(value: object) -> None:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            _check_text(each)
        elif isinstance(each, dict):
            waiting.extend(each)
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise _refusal("a text contains NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _refusal("a text contains half a character") from None


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
