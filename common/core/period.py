"""Half-open periods of China dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


class PeriodReversed(ValueError):
    """A period would end before it begins."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `start_on` up to but not including `end_on` (期间); `end_on` None means open-ended.

    >>> Period(date(2016, 7, 1), None).covers(date(2016, 7, 1))
    True
    """

    start_on: date
    end_on: date | None = None

    def __post_init__(self) -> None:
        if self.end_on is not None and self.end_on < self.start_on:
            raise PeriodReversed(f"a period cannot end on {self.end_on} before it begins on {self.start_on}")

    def covers(self, day: date) -> bool:
        """Say whether the day lies inside."""
        return self.start_on <= day and (self.end_on is None or day < self.end_on)

    def overlaps(self, other: Period) -> bool:
        """Say whether the two periods share at least one day."""
        return (self.end_on is None or other.start_on < self.end_on) and (
            other.end_on is None or self.start_on < other.end_on
        )
