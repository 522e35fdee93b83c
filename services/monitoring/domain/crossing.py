"""When the own share of twelve months crossed the line, and when it fell below again: replayed from the facts.

The result depends on the facts only, not on the order in which they arrived, so late and reversed stays need no rule of
their own. Room: domain of monitoring. Next hop: services/monitoring/domain/alert.py
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from common.core.ids import PersonId, SettlementId
from common.core.money import ZERO, Money
from services.monitoring.domain.membership import Presence
from services.monitoring.domain.stay import Stay
from services.monitoring.domain.warning_line import WarningLine, leaves_window_on, line_on


@dataclass(frozen=True, slots=True)
class Crossing:
    """A day on which the sum reached the line (越线), with the stay that made it do so."""

    crossed_on: date
    settlement_id: SettlementId
    person_id: PersonId
    rule: str
    amount: Money
    line: Money


@dataclass(frozen=True, slots=True)
class Episode:
    """The days from a crossing until the sum fell below the line; `ended_on` None while it has not."""

    crossing: Crossing
    ended_on: date | None = None

    def holds(self, *, day: date) -> bool:
        """Say whether a day lies inside."""
        return self.crossing.crossed_on <= day and (self.ended_on is None or day < self.ended_on)


@dataclass(slots=True)
class _Days:
    """What changes on which day: the sum, and the stays that end on it."""

    change: dict[date, Money]
    discharged: dict[date, list[Stay]]


def episodes_of(
    *, stays: Iterable[Stay], presences: Iterable[Presence], lines: Sequence[WarningLine], through: date
) -> tuple[Episode, ...]:
    """Return every time the line was crossed up to a day, in order.

    A crossing is judged at discharge days of those who belong to the household on that day; it is armed again when the
    sum falls below the line, because a window ran out, a member left or the line was raised.

    Args:
        stays: Settled stays of everybody who ever belonged.
        presences: Who belongs when.
        lines: The county's lines.
        through: Last day looked at.
    """
    days = _days(stays, presences)
    marks = {*days.change, *(each.period.start_on for each in lines)}
    found: list[Episode] = []
    total, is_armed = ZERO, True
    for day in sorted(mark for mark in marks if mark <= through):
        total += days.change.get(day, ZERO)
        line = line_on(lines=lines, day=day)
        is_below = line is None or total < line.line
        if is_below and not is_armed:
            found[-1] = Episode(found[-1].crossing, day)
            is_armed = True
        elif line is not None and not is_below and is_armed and day in days.discharged:
            found.append(Episode(_crossing(day, days.discharged[day], total, line)))
            is_armed = False
    return tuple(found)


def _days(stays: Iterable[Stay], presences: Iterable[Presence]) -> _Days:
    """Return what each day changes: a stay counts while its patient belongs and the window holds it."""
    by_person: dict[PersonId, list[Presence]] = defaultdict(list)
    for each in presences:
        by_person[each.person_id].append(each)
    days = _Days(defaultdict(lambda: ZERO), defaultdict(list))
    for stay in stays:
        for presence in by_person[stay.person_id]:
            begins = max(stay.discharged_on, presence.from_on or date.min)
            ends = min(leaves_window_on(day=stay.discharged_on), presence.until_on or date.max)
            if begins >= ends:
                continue
            days.change[begins] += stay.own_share
            days.change[ends] -= stay.own_share
            if presence.covers(day=stay.discharged_on):
                days.discharged[stay.discharged_on].append(stay)
    return days


def _crossing(day: date, discharged: Iterable[Stay], total: Money, line: WarningLine) -> Crossing:
    """Return the crossing with the first stay of the day that brought the sum to the line."""
    latest_first = sorted(discharged, key=lambda stay: (stay.settled_at, stay.settlement_id), reverse=True)
    before, reached_by = total, latest_first[0]
    for stay in latest_first:
        if before >= line.line:
            reached_by = stay
        before -= stay.own_share
    return Crossing(day, reached_by.settlement_id, reached_by.person_id, line.rule, total, line.line)
