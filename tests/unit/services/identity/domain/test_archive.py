"""Name and place as known on any day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.identity.domain.archive import ArchiveStatement, archive_as_known
from tests.unit.services.identity.builders import SHANGYUAN, a_place


def said(version: int, as_of: date, known: int) -> ArchiveStatement:
    place = a_place(township=SHANGYUAN) if version > 1 else a_place()
    return ArchiveStatement(version, "王某", place, "poverty_relief", as_of, datetime(2016, known, 12, tzinfo=UTC))


JULY, AUGUST, LATE_JUNE = said(1, date(2016, 7, 10), 7), said(2, date(2016, 8, 10), 8), said(3, date(2016, 6, 10), 9)


@pytest.mark.parametrize(
    ("on", "known", "expected"),
    [
        (date(2016, 7, 15), 10, LATE_JUNE),
        (date(2016, 7, 15), 8, JULY),
        (date(2016, 9, 15), 8, JULY),
        (date(2016, 9, 15), 9, AUGUST),
        (date(2016, 1, 1), 9, JULY),
        (date(2016, 9, 15), 7, None),
    ],
)
def test_what_was_last_said_until_the_instant_about_the_day_answers(
    on: date, known: int, expected: ArchiveStatement | None
) -> None:
    known_at = datetime(2016, known, 2, tzinfo=UTC)

    assert archive_as_known(statements=[JULY, AUGUST, LATE_JUNE], on=on, known_at=known_at) == expected
