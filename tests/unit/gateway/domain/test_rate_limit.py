"""How many calls a client may make."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.rate_limit import RateLimit, RateLimited


def take_as_many_as_possible(limit, client_id, at_seconds):
    taken = 0
    while True:
        try:
            limit.take(client_id=client_id, at_seconds=at_seconds)
        except RateLimited:
            return taken
        taken += 1


class TestRateLimit:
    def test_gives_a_full_bucket_at_first_and_then_says_when_to_come_again(self):
        limit = RateLimit(per_second=3)

        assert take_as_many_as_possible(limit, "a", 0.0) == 3
        with pytest.raises(RateLimited) as refusal:
            limit.take(client_id="a", at_seconds=0.0)
        assert refusal.value.facts["retry_after_seconds"] == 1

    def test_refills_evenly_and_never_above_the_brim(self):
        limit = RateLimit(per_second=4)
        take_as_many_as_possible(limit, "a", 0.0)

        assert take_as_many_as_possible(limit, "a", 0.5) == 2
        assert take_as_many_as_possible(limit, "a", 100.0) == 4

    def test_counts_each_client_alone(self):
        limit = RateLimit(per_second=1)
        limit.take(client_id="a", at_seconds=0.0)

        limit.take(client_id="b", at_seconds=0.0)

    def test_forgets_the_client_that_called_longest_ago(self):
        limit = RateLimit(per_second=1, most_buckets=2)
        for client_id in ("a", "b", "c"):
            limit.take(client_id=client_id, at_seconds=0.0)

        limit.take(client_id="a", at_seconds=0.0)
        with pytest.raises(RateLimited):
            limit.take(client_id="c", at_seconds=0.0)

    @given(st.lists(st.floats(0, 10), max_size=80), st.integers(1, 5))
    def test_never_lets_more_through_than_a_bucket_and_its_refill(self, moments, per_second):
        limit, passed = RateLimit(per_second=per_second), 0

        for moment in sorted(moments):
            try:
                limit.take(client_id="a", at_seconds=moment)
            except RateLimited:
                continue
            passed += 1

        assert passed <= per_second * (1 + max(moments, default=0)) + 1e-6
