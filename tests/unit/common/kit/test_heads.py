"""Late or lost: the wait for the group to read up to the ends."""

from common.kit import heads
from common.kit.broker import GroupPlace, partition_of
from common.kit.heads import read_up_to_the_ends

TOPIC, KEY = "identity.events", "a-key"
HERE = (TOPIC, partition_of(KEY.encode()))
ELSEWHERE = (TOPIC, (HERE[1] + 1) % 12)


class Broker:
    """Answers one state after the other, the last one for ever."""

    def __init__(self, *states: GroupPlace) -> None:
        self.states = list(states)
        self.asked = 0

    async def places(self, _topics):
        self.asked += 1
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {HERE: state, ELSEWHERE: GroupPlace(0, 9)}


class TestReadUpToTheEnds:
    async def test_is_done_at_once_where_everything_was_read_whatever_other_partitions_hold(self):
        broker = Broker(GroupPlace(5, 5))

        assert await read_up_to_the_ends(broker.places, TOPIC, [KEY], patience_seconds=0)

    async def test_waits_for_a_group_that_lags(self, monkeypatch):
        monkeypatch.setattr(heads, "LOOK_AGAIN_SECONDS", 0.001)
        broker = Broker(GroupPlace(2, 5), GroupPlace(3, 6), GroupPlace(5, 8))

        assert await read_up_to_the_ends(broker.places, TOPIC, [KEY])
        assert broker.asked == 3

    async def test_decides_nothing_about_a_group_that_stays_behind(self, monkeypatch):
        monkeypatch.setattr(heads, "LOOK_AGAIN_SECONDS", 0.001)
        broker = Broker(GroupPlace(2, 5))

        assert not await read_up_to_the_ends(broker.places, TOPIC, [KEY], patience_seconds=0.01)

    async def test_does_not_wait_for_records_of_a_broker_that_was_set_back(self):
        broker = Broker(GroupPlace(2, 5), GroupPlace(3, 3))

        assert await read_up_to_the_ends(broker.places, TOPIC, [KEY], patience_seconds=0)
