"""Which key signs and which are published, while keys follow each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.domain.signing import (
    PUBLISHED_AFTER,
    PUBLISHED_BEFORE,
    KeyTerm,
    begins_to_sign,
    published_keys,
    signing_key,
)

NOW = datetime(2016, 9, 12, 2, 0, tzinfo=UTC)
FIRST = KeyTerm("first", NOW)
SECOND = KeyTerm("second", NOW + timedelta(days=30))
MOMENT = timedelta(microseconds=1)


class TestBeginsToSign:
    def test_lets_the_first_key_sign_at_once(self):
        assert begins_to_sign(terms=[], now=NOW) == NOW

    def test_publishes_a_later_key_before_it_signs(self):
        assert begins_to_sign(terms=[FIRST], now=NOW) == NOW + PUBLISHED_BEFORE


class TestSigningKey:
    def test_is_none_before_there_is_one(self):
        assert signing_key(terms=[], now=NOW) is None

    def test_is_the_old_one_until_the_new_ones_moment(self):
        assert signing_key(terms=[SECOND, FIRST], now=SECOND.signs_from - MOMENT) == FIRST

    def test_is_the_new_one_from_its_moment(self):
        assert signing_key(terms=[FIRST, SECOND], now=SECOND.signs_from) == SECOND


class TestPublishedKeys:
    def test_are_none_before_there_is_one(self):
        assert published_keys(terms=[], now=NOW) == []

    def test_holds_a_key_that_does_not_sign_yet(self):
        assert published_keys(terms=[SECOND, FIRST], now=NOW) == [FIRST, SECOND]

    def test_holds_a_replaced_key_for_an_hour(self):
        until = SECOND.signs_from + PUBLISHED_AFTER

        assert published_keys(terms=[FIRST, SECOND], now=until - MOMENT) == [FIRST, SECOND]
        assert published_keys(terms=[FIRST, SECOND], now=until) == [SECOND]
