"""When a consumer counts as stuck."""

from common.kit.broker import GroupPlace
from common.kit.liveness import Limits, Progress, Starvation, stuck_reason

LIMITS = Limits(silent_seconds=60, starved_seconds=60)
BEHIND, HERE = ("identity.events", 3), ("identity.events", 4)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def starving(*looks: tuple[float, int, int]) -> Starvation:
    starvation = Starvation()
    for at, next_offset, end in looks:
        starvation.saw({BEHIND: GroupPlace(next_offset, end), HERE: GroupPlace(9, 9)}, now=at)
    return starvation


class TestStuckReason:
    def test_is_none_while_fetches_return_empty_and_nothing_lies_there(self):
        clock = Clock()
        progress = Progress("unit.test", clock)
        clock.now = 1500
        progress.fetched(0)

        starvation = starving((1000, 7, 7), (1400, 7, 7))

        assert stuck_reason(progress, starvation, LIMITS, now=1500) is None

    def test_is_silent_when_no_fetch_returned_and_nothing_was_committed_for_a_minute(self):
        progress = Progress("unit.test", Clock())

        assert stuck_reason(progress, Starvation(), LIMITS, now=1059.9) is None
        assert stuck_reason(progress, Starvation(), LIMITS, now=1060) == "silent"

    def test_is_none_while_the_database_or_the_broker_answers_with_trouble(self):
        clock = Clock()
        progress = Progress("unit.test", clock)
        clock.now = 1059
        progress.tried()

        assert stuck_reason(progress, Starvation(), LIMITS, now=1100) is None

    def test_is_starved_when_only_empty_fetches_come_while_the_group_stands_still_behind(self):
        clock = Clock()
        progress = Progress("unit.test", clock)
        clock.now = 1090
        progress.fetched(0)

        starvation = starving((1030, 7, 9), (1060, 7, 12), (1090, 7, 12))

        assert stuck_reason(progress, starvation, LIMITS, now=1089) is None
        assert stuck_reason(progress, starvation, LIMITS, now=1090) == "starved"

    def test_is_none_for_a_member_that_was_fed_meanwhile(self):
        clock = Clock()
        progress = Progress("unit.test", clock)
        clock.now = 1060
        progress.fetched(1)

        assert stuck_reason(progress, starving((1000, 7, 9)), LIMITS, now=1090) is None

    def test_is_none_for_a_member_that_stands_by_while_another_moves_the_group_on(self):
        clock = Clock()
        progress = Progress("unit.test", clock)
        clock.now = 1090
        progress.fetched(0)

        assert stuck_reason(progress, starving((1000, 7, 9), (1045, 8, 12)), LIMITS, now=1090) is None
