"""A new consumer reads the producers' logs before it joins its topics, and is born once whatever dies meanwhile."""

import asyncio
from uuid import uuid4

import pytest

from common.kit import births, joining, producer_client
from common.kit.cleaning import clean_database
from common.kit.clock import utc_now
from common.kit.recovery import Recovery
from tests.integration.common.recovery_world import NAME, TYPE, opened_world


@pytest.fixture
async def world(fresh_database, postgres_server):
    async with opened_world(fresh_database, postgres_server) as opened:
        yield opened


async def nothing(*_args, **_keywords) -> None:
    return None


class TestBirth:
    async def test_reads_what_the_broker_no_longer_keeps_then_joins_the_topic(self, world):
        people = [uuid4() for _ in range(3)]
        await world.tell(*people, count=4)
        await world.relay()
        await world.forget("broker_offset < 3")

        async with world.working():
            for person in people:
                await world.sees(person, range(1, 5))
            await world.tell(*people, start=4)
            await world.relay()
            for person in people:
                await world.sees(person, range(1, 6))
            await world.is_clear()

        assert await world.ask(world.target, "SELECT finished_at IS NOT NULL FROM consumer_birth")
        assert await world.column(world.target, "SELECT is_read FROM consumer_source") == [True]

    async def test_is_what_brings_them(self, world, monkeypatch):
        person, other = uuid4(), uuid4()
        await world.tell(person, count=2)
        await world.relay()
        await world.forget()
        await world.tell(other)
        await world.relay()
        monkeypatch.setattr(joining, "be_born", nothing)
        monkeypatch.setattr(Recovery, "compare_all", nothing)

        async with world.working():
            await world.sees(other, range(1, 2))

        assert await world.seen(person) == []

    async def test_goes_on_after_it_was_killed_in_the_middle(self, world, monkeypatch):
        people = [uuid4() for _ in range(4)]
        await world.tell(*people, count=3)
        await world.relay()
        monkeypatch.setattr(producer_client, "MOST_EVENTS", 5)
        reached, honest = asyncio.Event(), world.handlers[TYPE]

        async def hangs(uow, received) -> None:
            await honest(uow, received)
            if await world.ask(world.target, "SELECT count(*) FROM seen") >= 5:
                reached.set()
                await asyncio.Event().wait()

        world.handlers[TYPE] = hangs
        doomed = asyncio.create_task(self._work_until_cancelled(world))
        await asyncio.wait_for(reached.wait(), 20)
        doomed.cancel()
        await asyncio.wait([doomed])
        half = await world.ask(world.target, "SELECT read_key FROM consumer_source")
        world.handlers[TYPE] = honest

        async with world.working():
            for person in people:
                await world.sees(person, range(1, 4))

        assert half == str(sorted(people, key=str)[1])
        assert await world.ask(world.target, "SELECT count(*) FROM seen") == 12

    async def test_begins_a_key_with_the_first_event_its_producer_has_kept(self, world):
        person = uuid4()
        await world.tell(person, count=4)
        await world.relay()
        await world.change(world.source, "DELETE FROM outbox_event WHERE sequence < 3")
        await world.forget()

        async with world.working():
            await world.sees(person, range(3, 5))

        assert await world.column(world.target, "SELECT first_available_sequence FROM key_baseline") == [3]

    async def test_waits_for_a_producer_that_does_not_answer(self, world):
        person = uuid4()
        await world.tell(person)
        await world.relay()

        async with world.working(identity_url="http://127.0.0.1:1"):
            await world.until(lambda: world.ask(world.target, "SELECT count(*) = 1 FROM consumer_birth"))

        assert await world.seen(person) == []
        assert await world.ask(world.target, "SELECT finished_at IS NULL FROM consumer_birth")

    @staticmethod
    async def _work_until_cancelled(world) -> None:
        stop, settings = asyncio.Event(), world.settings
        async with joining.watched(
            settings,
            database=world.target,
            clock=utc_now,
            consumer=NAME,
            handlers=world.handlers,
            topics=["identity.events"],
            is_replayable=True,
            stop=stop,
        ):
            await stop.wait()


class TestEnter:
    async def test_does_not_bear_again_who_took_events_in_before(self, fresh_database):
        database = await fresh_database()
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("INSERT INTO inbox_key VALUES ('old.one', 'identity', 'k', 3)")

        old = await births.enter(database, "old.one", types=[TYPE], is_replayable=True, now=utc_now())
        new = await births.enter(database, "new.one", types=[TYPE], is_replayable=True, now=utc_now())

        assert (old.is_finished, new.is_finished) == (True, False)

    async def test_keeps_since_when_a_type_is_handled_and_notes_new_ones(self, fresh_database):
        database, then = await fresh_database(), utc_now()
        await births.enter(database, NAME, types=["a.b.v1"], is_replayable=True, now=then)

        later = await births.enter(database, NAME, types=["a.b.v1", "a.c.v1"], is_replayable=False, now=utc_now())

        assert later.born_at == then
        assert later.known_since["a.b.v1"] == then < later.known_since["a.c.v1"]
        assert not later.is_replayable


async def test_a_consumer_born_after_a_cleaning_begins_with_what_is_left(world):
    person = uuid4()
    await world.tell(person, count=3)
    await world.relay()
    await world.forget()  # The broker kept it for two weeks only.
    await world.change(
        world.source, "UPDATE outbox_event SET recorded_at = now() - interval '400 days' WHERE sequence < 3"
    )

    assert (await clean_database(world.source, now=utc_now()))["outbox_event"] == 2
    async with world.working():
        await world.sees(person, range(3, 4))
        await world.is_clear()
