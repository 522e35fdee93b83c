"""The one place where instants become China days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from common.kit.clock import china_date, day_begins, day_ends, rfc3339, utc_now


class TestChinaDate:
    def test_turns_to_the_next_day_at_sixteen_hours_utc(self) -> None:
        before, after = datetime(2016, 6, 30, 15, 59, 59, tzinfo=UTC), datetime(2016, 6, 30, 16, tzinfo=UTC)

        days = china_date(before), china_date(after)

        assert days == (date(2016, 6, 30), date(2016, 7, 1))

    def test_refuses_an_instant_without_a_zone(self) -> None:
        naive = utc_now().replace(tzinfo=None)

        with pytest.raises(ValueError, match="time zone"):
            china_date(naive)


class TestDay:
    def test_begins_and_ends_at_sixteen_hours_utc(self) -> None:
        day = date(2016, 7, 1)

        assert day_begins(day) == datetime(2016, 6, 30, 16, tzinfo=UTC)
        assert day_ends(day) == day_begins(date(2016, 7, 2)) == datetime(2016, 7, 1, 16, tzinfo=UTC)

    def test_at_an_end_of_time_is_an_instant_as_well(self) -> None:
        assert day_begins(date.min) < day_ends(date.min) < day_begins(date.max) < day_ends(date.max)
        assert {day_begins(date.min).astimezone(UTC).year, day_ends(date.max).astimezone(UTC).year} == {1, 9999}


class TestRfc3339:
    def test_writes_utc_with_a_z_whatever_the_zone(self) -> None:
        instant = datetime(2016, 9, 12, 10, 11, 9, tzinfo=timezone(timedelta(hours=8)))

        assert rfc3339(instant) == "2016-09-12T02:11:09Z"
