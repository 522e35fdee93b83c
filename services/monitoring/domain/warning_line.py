"""The county's warning line (预警线), as dated data; and the twelve months it looks back.

Room: domain of monitoring; the values come from services/monitoring/lines/<county>.yaml.
Next hop: services/monitoring/domain/crossing.py
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from common.core.money import Money
from common.core.period import Period


@dataclass(frozen=True, slots=True)
class WarningLine:
    """One version of a county's line on the own share of a household over twelve months.

    Attributes:
        rule: Code of the rule, told with each alert.
        line: From this sum on the household is to be looked at.
    """

    period: Period
    rule: str
    line: Money


def line_on(*, lines: Iterable[WarningLine], day: date) -> WarningLine | None:
    """Return the line in force on a day; None where the county has none."""
    return next((each for each in lines if each.period.covers(day)), None)


def window_from(*, day: date) -> date:
    """Return the first day of the twelve months that end on a day: (d - 12 months, d].

    >>> window_from(day=date(2017, 2, 28)), window_from(day=date(2016, 2, 29))
    (datetime.date(2016, 2, 29), datetime.date(2015, 3, 1))
    """
    try:
        before = day.replace(year=day.year - 1)
    except ValueError:
        before = date(day.year - 1, 2, 28)
    return before + timedelta(days=1)


def leaves_window_on(*, day: date) -> date:
    """Return the first day whose twelve months no longer hold a day.

    >>> leaves_window_on(day=date(2016, 2, 29)), leaves_window_on(day=date(2016, 3, 1))
    (datetime.date(2017, 3, 1), datetime.date(2017, 3, 1))
    """
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)
