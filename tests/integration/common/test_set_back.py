"""A producer whose database was set back in time: noticed by its consumers, avoided by the restore drill."""

from uuid import uuid4

import pytest

from common.kit import consumer, metrics
from common.kit.names import SERVICES
from common.kit.restore import lift
from tests.integration.common.recovery_world import NAME, opened_world

_DEAD = "SELECT sequence || ' ' || state || ' ' || error_code FROM parked_event ORDER BY parked_id"


@pytest.fixture
async def world(fresh_database, postgres_server):
    async with opened_world(fresh_database, postgres_server) as opened:
        yield opened


def reused() -> float:
    return metrics.SEQUENCE_REUSED.labels(NAME)._value.get()


async def told_and_set_back(world, person) -> None:
    """Let three facts take effect, then set the producer back to the first."""
    async with world.working():
        await world.is_born()
        await world.tell(person, count=3)
        await world.relay()
        await world.sees(person, range(1, 4))
    await world.change(world.source, "DELETE FROM outbox_event WHERE sequence > 1")
    await world.change(world.source, "UPDATE outbox_key SET last_sequence = 1")


async def has_effects(world, person, numbers: list[int]) -> bool:
    return await world.seen(person) == numbers


class TestReusedNumber:
    async def test_is_set_aside_with_all_that_follows_and_taken_in_when_an_operator_says_so(self, world):
        person, before = uuid4(), reused()
        await told_and_set_back(world, person)
        await world.tell(person, count=3, start=10)
        await world.relay()

        async with world.working(compare_seconds=1000.0):
            await world.until(lambda: world.ask(world.target, "SELECT count(*) = 3 FROM parked_event"))

            assert await world.column(world.target, _DEAD) == [
                "2 dead sequence_reused",
                "3 dead sequence_reused",
                "4 waiting behind_diverted_key",
            ]
            assert await world.seen(person) == [1, 2, 3]
            assert reused() - before == 2
            await world.change(
                world.target, "UPDATE parked_event SET state = 'waiting', next_attempt_at = now() WHERE state = 'dead'"
            )
            await world.until(lambda: has_effects(world, person, [1, 2, 3, 2, 3, 4]))
            await world.is_clear()

    async def test_would_be_dropped_unseen_without_the_judgement(self, world, monkeypatch):
        person = uuid4()
        await told_and_set_back(world, person)
        await world.tell(person, count=3, start=10)
        await world.relay()
        monkeypatch.setattr(consumer, "must_be_known", lambda *_args, **_keywords: False)

        async with world.working():
            await world.sees(person, range(1, 5))

        assert await world.ask(world.target, "SELECT count(*) FROM parked_event") == 0

    async def test_is_not_seen_in_what_only_comes_again(self, world):
        person, before = uuid4(), reused()
        async with world.working():
            await world.tell(person, count=3)
            await world.relay()
            await world.sees(person, range(1, 4))
            await world.change(world.source, "INSERT INTO outbox_pending SELECT log_id, 0 FROM outbox_event")
            await world.relay()
            await world.tell(person, start=3)
            await world.relay()
            await world.sees(person, range(1, 5))

        assert reused() == before

    async def test_shows_in_the_proof_before_it_is_given_out(self, world):
        person, before = uuid4(), reused()
        await told_and_set_back(world, person)
        await world.change(world.target, "UPDATE consumer_source SET proved_at = NULL")

        async with world.working():

            async def is_told() -> bool:
                return reused() - before >= 1

            await world.until(is_told)


class TestLift:
    async def test_keeps_the_numbers_apart_and_may_be_repeated(self, world):
        person, fresh, before = uuid4(), uuid4(), reused()
        await told_and_set_back(world, person)
        urls = dict.fromkeys(SERVICES, world.target.url) | {"identity": world.source.url}

        lifted = [await lift("identity", urls), await lift("identity", urls)]
        await world.tell(person, fresh, start=10)
        await world.relay()

        async with world.working():
            await world.until(lambda: has_effects(world, person, [1, 2, 3, 4]))
            await world.sees(fresh, range(1, 2))
            await world.is_clear()
        assert lifted == [1, 0]
        assert reused() == before
