"""From the commit in one service to the effect in the next, by a real worker over the embedded broker."""

import asyncio
import time
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest

from common.kit.broker import OutboundRecord, ProducerBroken
from common.kit.broker_store import EmbeddedProducer, create
from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.relay import LOCK_CLASS, Relay
from common.kit.settings import ServiceSettings
from common.kit.wake import plain_dsn
from common.kit.worker import Job, WorkerParts, run_parts
from common.published.identity import PersonMoved

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_move(person: UUID, day: int) -> PersonMoved:
    return PersonMoved(
        county="211381", person_id=person, township="211381101", moved_on=date.fromordinal(730_000 + day)
    )


async def eventually(probe, *, seconds: float = 10.0):
    deadline = time.monotonic() + seconds
    while not (found := await probe()):
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)
    return found


async def count(database, statement: str) -> int:
    async with database.engine.connect() as connection:
        return (await connection.exec_driver_sql(statement)).scalar_one()


@pytest.fixture
async def broker_url(postgres_server):
    name = f"broker_{uuid4().hex[:10]}"
    await postgres_server.run(f'CREATE DATABASE "{name}"')
    url = postgres_server.url_of(name)
    await create(url)
    yield url
    await postgres_server.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def parts_of(database, broker_url, handlers, jobs=(), *, name="contracts.test") -> WorkerParts:
    settings = ServiceSettings(database_url=database.url, broker="embedded", broker_database_url=broker_url)
    return WorkerParts(
        settings=settings,
        database=database,
        clock=utc_now,
        consumer_name=name,
        handlers=handlers,
        topics=["identity.events"],
        jobs=jobs,
    )


class TestWorker:
    async def test_carries_every_fact_from_its_commit_to_its_effect_once(self, fresh_database, broker_url):
        source, target = await fresh_database(), await fresh_database()
        seen: list[tuple[str, int]] = []
        ticks: list[int] = []

        async def handle(_uow, received) -> None:
            seen.append((received.key, received.sequence))

        async def tick() -> None:
            ticks.append(1)
            raise LookupError("a failing job must not end the worker")

        stop = asyncio.Event()
        jobs = [Job("tick", 0.05, tick)]
        workers = [
            asyncio.create_task(run_parts(parts_of(source, broker_url, {}, name="identity.test"), stop)),
            asyncio.create_task(
                run_parts(parts_of(target, broker_url, {"identity.person_moved.v1": handle}, jobs), stop)
            ),
        ]
        people = [uuid4() for _ in range(5)]
        for turn in range(20):
            async with source.unit_of_work(Cause("c")) as uow:
                for person in people:
                    uow.publish(a_move(person, turn), occurred_at=NOW)

        async def all_seen() -> bool:
            return len(seen) >= 100

        await eventually(all_seen, seconds=15)
        stop.set()
        await asyncio.wait_for(asyncio.gather(*workers), 20)

        assert len(seen) == len(set(seen)) == 100
        assert all([n for k, n in seen if k == str(p)] == list(range(1, 21)) for p in people)
        assert len(ticks) > 1

    async def test_keeps_facts_while_the_broker_is_away_and_sends_them_when_it_is_back(
        self, fresh_database, broker_url, postgres_server
    ):
        database = await fresh_database()
        name = broker_url.rsplit("/", 1)[1]
        await postgres_server.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        relay = Relay(database_url=database.url, open_producer=lambda: _embedded(broker_url))
        stop = asyncio.Event()
        running = asyncio.create_task(relay.run(stop))
        async with database.unit_of_work(Cause("c")) as uow:
            uow.publish(a_move(uuid4(), 1), occurred_at=NOW)
        await asyncio.sleep(0.5)
        assert await count(database, "SELECT count(*) FROM outbox_pending") == 1

        await postgres_server.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

        async def nothing_pending() -> bool:
            return await count(database, "SELECT count(*) FROM outbox_pending") == 0

        await eventually(nothing_pending)
        stop.set()
        await asyncio.wait_for(running, 15)

    async def test_a_second_relay_stands_by_until_the_first_is_gone(self, fresh_database, broker_url):
        database = await fresh_database()
        stops = [asyncio.Event(), asyncio.Event()]
        relays = [Relay(database_url=database.url, open_producer=lambda: _embedded(broker_url)) for _ in stops]

        async def held() -> int:
            return await count(
                database,
                f"SELECT count(*) FROM pg_locks WHERE classid = {LOCK_CLASS}",  # noqa: S608 - our own number
            )

        first = asyncio.create_task(relays[0].run(stops[0]))
        await eventually(held)
        second = asyncio.create_task(relays[1].run(stops[1]))
        stops[0].set()
        await asyncio.wait_for(first, 15)
        async with database.unit_of_work(Cause("c")) as uow:
            uow.publish(a_move(uuid4(), 1), occurred_at=NOW)

        async def sent() -> bool:
            return await count(database, "SELECT count(*) FROM outbox_pending") == 0

        await eventually(sent)
        stops[1].set()
        await asyncio.wait_for(second, 15)

    async def test_what_was_not_acknowledged_stays_with_everything_behind_it_in_its_shard(
        self, fresh_database, broker_url
    ):
        database = await fresh_database()
        sent: list[bytes] = []
        broken = HalfBroken(broker_url, sent)
        relay = Relay(database_url=database.url, open_producer=broken.open)
        person = uuid4()
        async with database.unit_of_work(Cause("c")) as uow:
            for day in range(4):
                uow.publish(a_move(person, day), occurred_at=NOW)
        stop = asyncio.Event()
        running = asyncio.create_task(relay.run(stop))

        async def nothing_pending() -> bool:
            return await count(database, "SELECT count(*) FROM outbox_pending") == 0

        await eventually(nothing_pending)
        stop.set()
        await asyncio.wait_for(running, 15)

        order = [int(value) for value in dict.fromkeys(sent)]
        assert order == [1, 2, 3, 4]
        assert broken.opened == 2


class HalfBroken:
    """A producer whose first batch is acknowledged up to the second record only."""

    def __init__(self, url: str, sent: list[bytes]) -> None:
        self.url, self.sent, self.opened = url, sent, 0

    async def open(self):
        self.opened += 1
        return self

    async def publish(self, records: list[OutboundRecord]):
        for record in records:
            self.sent.append(dict(record.headers)["ce_sequence"])
        if self.opened == 1:
            return [None, None, ProducerBroken("planted"), None][: len(records)]
        return [None] * len(records)

    async def close(self) -> None:
        return


async def _embedded(url: str) -> EmbeddedProducer:
    connection = await asyncpg.connect(plain_dsn(url), timeout=2)
    await connection.close()
    return EmbeddedProducer(url)
