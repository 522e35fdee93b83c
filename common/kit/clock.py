"""The clock of the edges. Nothing below a composition root or an edge reads the time; it is given `now`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

CHINA = ZoneInfo("Asia/Shanghai")


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def china_date(instant: datetime) -> date:
    """Return the China day (北京时间) on which an aware instant falls; the one place for policy dates.

    >>> china_date(datetime(2016, 6, 30, 16, 0, tzinfo=UTC))
    datetime.date(2016, 7, 1)

    Raises:
        ValueError: If the instant has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(CHINA).date()


def day_begins(day: date) -> datetime:
    """Return when a China day begins; the first day there is begins with the first instant.

    >>> day_begins(date(2016, 7, 1)).astimezone(UTC)
    datetime.datetime(2016, 6, 30, 16, 0, tzinfo=datetime.timezone.utc)
    """
    # At the very first China midnight UTC still counts a year that no date has.
    return datetime.min.replace(tzinfo=UTC) if day == date.min else datetime.combine(day, time(), CHINA)


def day_ends(day: date) -> datetime:
    """Return the first instant after a China day; the last day there is ends with the last instant."""
    return datetime.max.replace(tzinfo=UTC) if day == date.max else day_begins(day + timedelta(days=1))


def rfc3339(instant: datetime) -> str:
    """Return the instant as the API writes it: UTC with a Z, fractions only where there are any.

    >>> rfc3339(datetime(2016, 9, 12, 2, 11, 9, tzinfo=UTC))
    '2016-09-12T02:11:09Z'
    """
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
