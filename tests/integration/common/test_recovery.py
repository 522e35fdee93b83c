"""What the broker forgot comes from the producer's log; each mechanism is also seen to be missed when it is off."""

from datetime import timedelta
from uuid import uuid4

import pytest

from common.kit import metrics, producer_client
from common.kit.drainer import Drainer
from common.kit.producer_client import ProducerLogs
from common.kit.recover import recover
from common.kit.recovery import Recovery
from common.kit.replay import ReplayRefused
from tests.integration.common.recovery_world import NAME, opened_world

_COMPARED_LATELY = "SELECT compared_at > finished_at FROM consumer_source JOIN consumer_birth USING (consumer)"


def count_of(counter) -> float:
    return counter.labels(NAME)._value.get()


@pytest.fixture
async def world(fresh_database, postgres_server):
    async with opened_world(fresh_database, postgres_server) as opened:
        yield opened


async def nothing(*_args) -> None:
    return None


class TestForgottenRecords:
    async def test_take_effect_all_the_same_in_order_and_alarm(self, world):
        people, quiet = [uuid4() for _ in range(3)], uuid4()
        await world.tell(*people, quiet, count=2)
        await world.relay()
        async with world.working():
            for person in (*people, quiet):
                await world.sees(person, range(1, 3))
        before = count_of(metrics.HEADS_MISMATCH)
        await world.tell(*people, quiet, count=3, start=2)
        await world.relay()
        await world.forget()
        await world.tell(*people, start=5)
        await world.relay()

        async with world.working():
            for person in people:
                await world.sees(person, range(1, 7))
            await world.sees(quiet, range(1, 6))
            await world.is_clear()
            await world.until(lambda: world.ask(world.target, _COMPARED_LATELY))

        assert count_of(metrics.HEADS_MISMATCH) - before == 4 * 3

    async def test_in_the_middle_of_a_partition_do_not_stop_the_rest(self, world):
        person, lost = uuid4(), count_of(metrics.OUT_OF_RANGE)

        async def is_told() -> bool:
            return count_of(metrics.OUT_OF_RANGE) == lost + 1

        await world.tell(person)
        await world.relay()
        async with world.working():
            await world.sees(person, range(1, 2))
            await world.is_born()
        await world.tell(person, count=5, start=1)
        await world.relay()
        await world.forget("broker_offset IN (2, 3)", raise_first=False)

        async with world.working(gateway_url=""):
            await world.until(lambda: world.ask(world.target, "SELECT count(*) = 2 FROM parked_event"))
            await world.until(is_told)
        seen_without = await world.seen(person)
        async with world.working():
            await world.sees(person, range(1, 7))
            await world.is_clear()

        assert seen_without == [1, 2]

    async def test_are_missed_where_nothing_compares(self, world, monkeypatch):
        busy, quiet = uuid4(), uuid4()
        await world.tell(busy, quiet)
        await world.relay()
        async with world.working():
            await world.sees(quiet, range(1, 2))
            await world.is_born()  # Else the next life would read the log from its beginning.
        await world.tell(busy, quiet, start=1)
        await world.relay()
        await world.forget()
        await world.tell(busy, start=2)
        await world.relay()
        monkeypatch.setattr(Recovery, "compare_all", nothing)

        async with world.working():
            await world.sees(busy, range(1, 4))  # A gap shows without any comparison.

        assert await world.seen(quiet) == [1]


class TestGap:
    async def test_is_pulled_after_its_wait(self, world):
        person = uuid4()
        async with world.working(compare_seconds=1000.0):
            await world.tell(person)
            await world.relay()
            await world.sees(person, range(1, 2))
            await world.until(lambda: world.ask(world.target, _COMPARED_LATELY))  # The first comparison pulls as well.
            gaps = count_of(metrics.GAPS)
            await world.tell(person, count=3, start=1)
            await world.withhold("e.sequence IN (2, 3)")
            await world.relay()

            await world.sees(person, range(1, 5))
            await world.is_clear()

        assert count_of(metrics.GAPS) - gaps == 1

    async def test_waits_for_ever_where_nothing_is_pulled(self, world, monkeypatch):
        person, other = uuid4(), uuid4()
        await world.tell(person, count=2)
        await world.withhold("e.sequence = 1")
        await world.tell(other)
        await world.relay()
        monkeypatch.setattr(Recovery, "heal_gaps", nothing)

        async with world.working(gateway_url=""):
            await world.sees(other, range(1, 2))
            await world.until(lambda: world.ask(world.target, "SELECT count(*) = 1 FROM parked_event"))

        assert await world.seen(person) == []

    async def test_that_the_producer_no_longer_has_becomes_the_baseline(self, world):
        person, before = uuid4(), count_of(metrics.BASELINES)
        await world.tell(person)
        await world.relay()
        async with world.working():
            await world.sees(person, range(1, 2))
            await world.is_born()
        await world.tell(person, count=4, start=1)
        await world.withhold("e.sequence < 5")
        await world.change(world.source, "DELETE FROM outbox_event WHERE sequence IN (2, 3)")
        await world.relay()

        async with world.working():
            await world.until(lambda: _has_effects(world, person, [1, 4, 5]))
            await world.is_clear()

        baselines = "SELECT last_sequence || '-' || first_available_sequence FROM key_baseline"
        assert await world.column(world.target, baselines) == ["1-4"]
        assert count_of(metrics.BASELINES) - before == 1


class TestPull:
    async def test_goes_on_after_it_was_killed_in_the_middle(self, world, monkeypatch):
        person = uuid4()
        await world.tell(person)
        await world.relay()
        async with world.working():
            await world.sees(person, range(1, 2))
            await world.is_born()
        await world.tell(person, count=5, start=1)
        await world.relay()
        await world.forget()
        monkeypatch.setattr(producer_client, "MOST_EVENTS", 2)
        ask = ProducerLogs.events_of

        async def dies_later(logs, producer, key, *, after_sequence):
            if after_sequence > 2:
                raise ConnectionResetError
            return await ask(logs, producer, key, after_sequence=after_sequence)

        with monkeypatch.context() as dying:
            dying.setattr(ProducerLogs, "events_of", dies_later)
            dying.setattr(Drainer, "drain_due", nothing)
            async with world.working():
                await world.until(lambda: world.ask(world.target, "SELECT count(*) = 2 FROM parked_event"))

        assert await world.seen(person) == [1]
        async with world.working():
            await world.sees(person, range(1, 7))
            await world.is_clear()


class TestProof:
    async def test_finds_what_no_comparison_of_changed_keys_would(self, world):
        person = uuid4()
        await world.tell(person)
        await world.relay()
        async with world.working():
            await world.sees(person, range(1, 2))
            await world.is_born()
        await world.tell(person, start=1)
        await world.relay()
        await world.forget()
        await world.change(world.source, "UPDATE outbox_event SET recorded_at = recorded_at - interval '2 days'")

        async with world.working():
            await world.until(lambda: world.ask(world.target, _COMPARED_LATELY))
            assert await world.seen(person) == [1]
            said = await recover(world.settings, since=None)
            await world.sees(person, range(1, 3))

        assert said == f"{NAME}: 1 events were missing in all keys of identity"

    async def test_is_due_once_a_day(self, world):
        person = uuid4()
        await world.tell(person)
        await world.relay()
        async with world.working():
            await world.sees(person, range(1, 2))
            await world.is_born()
        await world.tell(person, start=1)
        await world.relay()
        await world.forget()
        await world.change(world.source, "UPDATE outbox_event SET recorded_at = recorded_at - interval '2 days'")
        await world.change(world.target, "UPDATE consumer_source SET proved_at = proved_at - interval '25 hours'")

        async with world.working():
            await world.sees(person, range(1, 3))

    async def test_does_not_take_lag_for_loss(self, world):
        person = uuid4()
        await world.tell(person)
        await world.relay()
        async with world.working():
            await world.sees(person, range(1, 2))
        before = count_of(metrics.HEADS_MISMATCH)
        await world.tell(person, count=30, start=1)
        await world.relay()

        async with world.working():
            await world.sees(person, range(1, 32))
            await world.until(lambda: world.ask(world.target, _COMPARED_LATELY))

        assert count_of(metrics.HEADS_MISMATCH) == before


class TestReplay:
    async def test_gives_back_what_a_consumer_set_back_in_time_has_lost(self, world):
        person, other = uuid4(), uuid4()
        async with world.working():
            await world.is_born()
            await world.tell(person, other, count=3)
            await world.relay()
            await world.sees(person, range(1, 4))
            await world.sees(other, range(1, 4))
        since = await world.ask(world.source, "SELECT min(recorded_at) FROM outbox_event")
        await self._set_back(world, person)

        said = await recover(world.settings, since=since)
        async with world.working():
            await world.sees(person, range(1, 4))
            await world.is_clear()

        assert said.startswith(f"{NAME}: 2 events pulled")
        assert await world.seen(other) == [1, 2, 3]

    @staticmethod
    async def _set_back(world, person) -> None:
        """Take the effects of the person's second and third event away, as a backup of the hour before would."""
        await world.change(world.target, "DELETE FROM seen WHERE key = $1 AND sequence > 1", str(person))
        await world.change(world.target, "DELETE FROM inbox WHERE event_id NOT IN (SELECT event_id FROM seen)")
        await world.change(world.target, "UPDATE inbox_key SET last_sequence = 1 WHERE key = $1", str(person))

    async def test_is_refused_where_it_would_not_be_safe(self, world):
        person = uuid4()
        await world.tell(person, count=2)
        await world.relay()
        async with world.working():
            await world.is_born()
        born_at = await world.ask(world.target, "SELECT born_at FROM consumer_birth")

        with pytest.raises(ReplayRefused, match=r"before contracts\.test was born"):
            await recover(world.settings, since=born_at - timedelta(seconds=1))
        await world.change(world.target, "UPDATE consumer_birth SET born_at = born_at - interval '1 day'")
        with pytest.raises(ReplayRefused, match="first event that identity has kept"):
            await recover(world.settings, since=born_at - timedelta(hours=12))
        await world.change(world.target, "UPDATE consumer_birth SET is_replayable = false")
        with pytest.raises(ReplayRefused, match="not replayable"):
            await recover(world.settings, since=born_at)
        await world.change(world.target, "UPDATE consumer_birth SET finished_at = NULL")
        with pytest.raises(ReplayRefused, match="not born yet"):
            await recover(world.settings, since=born_at)


async def _has_effects(world, person, numbers: list[int]) -> bool:
    return await world.seen(person) == numbers
