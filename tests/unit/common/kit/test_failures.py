"""What becomes of an event that failed."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from common.core.errors import NotFound, Refused
from common.kit.envelope import EnvelopeUnreadable
from common.kit.failures import is_transient, next_step

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class TestNextStep:
    @pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 5), (3, 30), (4, 120), (5, 600), (6, 3600)])
    def test_waits_longer_and_longer_for_what_another_owner_has_not_told_yet(self, attempts, seconds):
        step = next_step(NotFound("x"), attempts=attempts, now=NOW)

        assert (step.state, step.next_attempt_at) == ("waiting", NOW + timedelta(seconds=seconds))

    def test_gives_up_after_the_last_pause(self):
        assert next_step(NotFound("x"), attempts=7, now=NOW).state == "dead"
        assert next_step(RuntimeError("x"), attempts=6, now=NOW).state == "dead"

    @pytest.mark.parametrize("error", [Refused("no"), EnvelopeUnreadable("no")])
    def test_a_rule_that_said_no_is_dead_at_once(self, error):
        assert next_step(error, attempts=1, now=NOW).state == "dead"

    def test_an_unknown_error_waits_first(self):
        step = next_step(KeyError("x"), attempts=1, now=NOW)

        assert (step.state, step.error_code) == ("waiting", "KeyError")

    def test_trouble_with_the_database_is_never_given_up(self):
        assert next_step(OSError(), attempts=500, now=NOW).state == "waiting"


class TestIsTransient:
    def test_knows_connection_trouble_also_inside_the_driver_wrapper(self):
        adapted = Exception("adapted")
        adapted.__cause__ = asyncpg.DeadlockDetectedError()

        assert is_transient(DBAPIError("x", None, adapted))
        assert is_transient(OperationalError("x", None, Exception()))
        assert is_transient(asyncpg.SerializationError())
        assert is_transient(asyncpg.InternalClientError())
        assert is_transient(DBAPIError("x", None, Exception(), connection_invalidated=True))

    def test_does_not_take_a_broken_rule_for_trouble(self):
        assert not is_transient(DBAPIError("x", None, Exception("unique violation")))
        assert not is_transient(ValueError())
