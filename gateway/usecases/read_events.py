"""Another government system catches up on what happened in its county (补读事件), seeing what its purpose allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.kit.db import UnitOfWork
from gateway.adapters.outward_log import pruned_to, read_after
from gateway.domain.outward import FieldRule, Purpose, check_reach, structured_event


@dataclass(frozen=True, slots=True)
class Caught:
    """A stretch of the log.

    Attributes:
        items: Structured CloudEvents.
        after: Position to go on from; where the reader already was when there is nothing new.
    """

    items: list[dict[str, Any]]
    after: int


async def read_events(
    *,
    uow: UnitOfWork,
    purpose: Purpose,
    rules: Mapping[str, FieldRule],
    after: int | None,
    types: Sequence[str],
    limit: int,
) -> Caught:
    """Return the next events after a position; from the first one kept when there is no position yet.

    Raises:
        CursorExpired: If events after the position are no longer kept.
    """
    reach = await pruned_to(uow.connection)
    begin = reach if after is None else after
    check_reach(after=begin, pruned_to=reach)
    stored = await read_after(uow.connection, county=purpose.county, after=begin, types=types, limit=limit)
    items = [
        structured_event(headers=each.headers, data=each.data, rule=rules[each.type], purpose=purpose)
        for each in stored
    ]
    return Caught(items, stored[-1].position if stored else begin)
