"""When a repeated event must be known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from common.kit.cause import Cause
from common.kit.envelope import Received
from common.kit.reuse import must_be_known

NOW = datetime(2026, 6, 1, tzinfo=UTC)
EVENT = Received(uuid4(), "identity.person_moved.v1", "identity", "k", 3, NOW, Cause("c"), {}, b"{}")
SINCE = {EVENT.type: NOW - timedelta(days=90)}


@pytest.mark.parametrize(
    ("appended_at", "known_since", "expected"),
    [
        (NOW, SINCE, True),
        (NOW - timedelta(days=58), SINCE, True),
        (NOW - timedelta(days=60), SINCE, False),
        (NOW, {}, False),
        (NOW - timedelta(hours=2), {EVENT.type: NOW - timedelta(hours=1)}, False),
        (NOW - timedelta(hours=1), {EVENT.type: NOW - timedelta(hours=2)}, True),
    ],
    ids=["new", "while rows live", "rows may be gone", "type not handled", "before the type was", "after the type was"],
)
def test_an_event_must_be_known_when_its_inbox_row_still_lives(appended_at, known_since, expected):
    assert must_be_known(replace(EVENT), appended_at, known_since=known_since, now=NOW) is expected
