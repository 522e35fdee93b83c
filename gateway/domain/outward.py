"""What leaves through the door (对外事件): an event's projection by the reader's purpose, and how far a cursor reaches.

Withheld fields never leave; diagnosis fields (诊断) leave only with the scope `events:diagnosis`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.core.errors import Refused

DIAGNOSIS_SCOPE = "events:diagnosis"
GREATEST_LIMIT = 500
KEPT = timedelta(days=397)
"""How long the outward log is kept: thirteen months, the longest that thirteen months can be."""

_ATTRIBUTES = (
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "dataschema",
    "partitionkey",
    "sequence",
    "correlationid",
    "traceparent",
)


class CursorExpired(Refused):
    """The log no longer reaches back to this cursor; events between may have been missed."""

    code = "cursor_expired"
    zh = "游标已过期，日志不再保留该位置"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a reader of the log may see.

    Attributes:
        county: Only this county's events.
        sees_diagnosis: Whether codes of diagnosis may leave.
    """

    county: str
    sees_diagnosis: bool


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What the catalogue says about one type's fields.

    Attributes:
        withheld: Never leave.
        diagnosis: Leave only with the purpose.
    """

    withheld: Collection[str]
    diagnosis: Collection[str]


def project(*, data: Mapping[str, Any], rule: FieldRule, purpose: Purpose) -> dict[str, Any]:
    """Return the part of an event's data that the reader may see.

    >>> rule = FieldRule(withheld=("name_check",), diagnosis=("diagnoses",))
    >>> project(data={"county": "211381", "name_check": "x", "diagnoses": ["I63.9"]}, rule=rule,
    ...         purpose=Purpose("211381", sees_diagnosis=False))
    {'county': '211381'}
    """
    hidden = set(rule.withheld) if purpose.sees_diagnosis else {*rule.withheld, *rule.diagnosis}
    return {name: value for name, value in data.items() if name not in hidden}


def structured_event(
    *, headers: Mapping[str, str], data: Mapping[str, Any], rule: FieldRule, purpose: Purpose
) -> dict[str, Any]:
    """Return a CloudEvent in structured mode, as the reader may see it.

    Args:
        headers: The record's headers; attributes stand under `ce_<name>`.
        data: The whole data of the event.
        rule: What the catalogue says about its fields.
        purpose: What the reader may see.
    """
    event: dict[str, Any] = {name: headers[f"ce_{name}"] for name in _ATTRIBUTES if f"ce_{name}" in headers}
    event["datacontenttype"] = "application/json"
    event["data"] = project(data=data, rule=rule, purpose=purpose)
    return event


def check_reach(*, after: int, pruned_to: int) -> None:
    """Let a cursor pass that the log still reaches.

    Args:
        after: Position the reader has seen last.
        pruned_to: Highest position that is no longer kept, 0 at first.

    Raises:
        CursorExpired: If an event after the cursor is gone; `first_position` is where the log begins now.
    """
    if after < pruned_to:
        raise CursorExpired("the log no longer reaches back to this cursor", first_position=pruned_to)


def kept_since(*, now: datetime) -> datetime:
    """Return the instant from which the log still holds everything."""
    return now - KEPT
