"""The judgement over one event of a key."""

from datetime import UTC, datetime
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from common.kit.cause import Cause
from common.kit.envelope import Received
from common.kit.inbox import KeyState, Verdict, judge


def an_event(sequence: int) -> Received:
    return Received(
        event_id=uuid4(),
        type="identity.person_moved.v1",
        producer="identity",
        key="k",
        sequence=sequence,
        occurred_at=datetime(2016, 1, 1, tzinfo=UTC),
        cause=Cause("c"),
        headers={},
        data=b"{}",
    )


class TestJudge:
    def test_handles_the_next_number_and_raises_the_watermark(self):
        state = KeyState(3)

        assert judge(an_event(4), state, is_handled_type=True) is Verdict.HANDLE
        assert state.watermark == 4

    def test_passes_a_type_nobody_handles_but_raises_the_watermark(self):
        state = KeyState(3)

        assert judge(an_event(4), state, is_handled_type=False) is Verdict.PASS
        assert state.watermark == 4

    def test_drops_what_is_below_the_watermark_even_for_a_diverted_key(self):
        assert judge(an_event(3), KeyState(3, is_diverted=True), is_handled_type=True) is Verdict.DUPLICATE

    def test_appends_behind_a_diverted_key_without_moving_it(self):
        state = KeyState(3, is_diverted=True)

        assert judge(an_event(4), state, is_handled_type=True) is Verdict.APPEND
        assert state.watermark == 3

    def test_diverts_the_key_at_a_gap_so_that_the_next_one_is_appended(self):
        state = KeyState(3)

        assert judge(an_event(5), state, is_handled_type=True) is Verdict.GAP
        assert judge(an_event(6), state, is_handled_type=True) is Verdict.APPEND

    @given(st.lists(st.integers(min_value=1, max_value=6), max_size=40))
    def test_handles_each_number_at_most_once_and_in_order_whatever_arrives(self, arrivals):
        state = KeyState(0)

        handled = [n for n in arrivals if judge(an_event(n), state, is_handled_type=True) is Verdict.HANDLE]

        assert handled == list(range(1, len(handled) + 1))
