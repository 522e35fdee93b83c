"""A worker whose consumer falls silent makes it anew, and ends when that does not help."""

import asyncio
import contextlib
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from common.kit import liveness, metrics, worker
from common.kit.broker_open import open_consumer
from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.liveness import ConsumerStuck, Limits
from common.kit.settings import ServiceSettings
from common.kit.worker import WorkerParts, readiness, run_parts
from common.published.identity import PersonMoved

NOW = datetime(2026, 1, 1, tzinfo=UTC)
QUICK = Limits(
    silent_seconds=2, starved_seconds=2, look_seconds=0.3, rebuilds=3, rebuilds_within_seconds=600, close_seconds=3
)


PATIENT = replace(QUICK, silent_seconds=6, starved_seconds=6)
"""A busy machine, and a group of Kafka that makes up its mind, may stand still for two seconds."""


class Deaf:
    """A member of the group that is alive but silent: what reaches the broker does not reach it."""

    def __init__(self, member, *, hangs: bool) -> None:
        self._member, self._hangs, self.is_closed = member, hangs, False

    async def fetch(self, _max_records, wait):
        await asyncio.sleep(3600 if self._hangs else wait)
        return []

    async def commit(self, offsets):
        await self._member.commit(offsets)

    async def close(self):
        self.is_closed = True
        await self._member.close()


@pytest.fixture(params=["embedded", "kafka"])
def settings(request, broker_url):
    """Settings of a process at either broker."""
    if request.param == "embedded":
        return ServiceSettings(database_url=broker_url, broker="embedded", broker_database_url=broker_url)
    bootstrap = request.getfixturevalue("kafka_bootstrap")
    return ServiceSettings(database_url=broker_url, broker="kafka", kafka_bootstrap=bootstrap)


@pytest.fixture
def deafen(monkeypatch):
    """Return a function that makes the first so many members of the group deaf."""
    made: list[Deaf] = []

    def first(count: int, *, hangs: bool) -> list[Deaf]:
        async def opened(settings, *, group, topics):
            member = await open_consumer(settings, group=group, topics=topics)
            if len(made) == count:
                return member
            made.append(Deaf(member, hangs=hangs))
            return made[-1]

        monkeypatch.setattr(worker, "open_consumer", opened)
        return made

    return first


class Stage:
    """One service that tells and hears its own events."""

    def __init__(self, database, settings) -> None:
        self.database, self.seen = database, []
        self.name = f"contracts.{uuid4().hex[:8]}"
        self.parts = WorkerParts(
            settings=settings,
            database=database,
            clock=utc_now,
            consumer_name=self.name,
            handlers={"identity.person_moved.v1": self._handle},
            limits=QUICK if settings.broker == "embedded" else PATIENT,
        )

    async def _handle(self, _uow, received) -> None:
        self.seen.append(received.key)

    async def tell(self) -> str:
        person = uuid4()
        moved = PersonMoved(county="211381", person_id=person, township="211381101", moved_on=date(2026, 1, 1))
        async with self.database.unit_of_work(Cause("c")) as uow:
            uow.publish(moved, occurred_at=NOW)
        return str(person)

    @property
    def rebuilt(self) -> float:
        return metrics.CONSUMER_REBUILT.labels(self.name)._value.get()

    @contextlib.asynccontextmanager
    async def running(self):
        stop = asyncio.Event()
        task = asyncio.create_task(run_parts(self.parts, stop))
        try:
            yield task
        finally:
            stop.set()
            await asyncio.wait([task], timeout=30)


@pytest.fixture
async def stage(fresh_database, settings):
    return Stage(await fresh_database(), settings)


class TestStuckConsumer:
    @pytest.mark.parametrize("hangs", [True, False], ids=["no fetch returns", "only empty fetches return"])
    async def test_is_made_anew_and_takes_in_what_lies_there(self, stage, deafen, until, *, hangs):
        deaf = deafen(1, hangs=hangs)
        told = await stage.tell()

        async with stage.running():

            async def is_heard() -> bool:
                return told in stage.seen

            await until(is_heard, seconds=60)

        assert stage.rebuilt == 1
        assert deaf[0].is_closed
        assert stage.seen.count(told) == 1

    async def test_shows_how_far_the_group_is_behind(self, stage, deafen, until):
        deafen(1, hangs=False)
        await stage.tell()

        async def is_shown() -> bool:
            return metrics.CONSUMER_LAG.labels(stage.name)._value.get() > 0

        async with stage.running():
            await until(is_shown, seconds=20)


class TestConsumerStuckForGood:
    @pytest.mark.parametrize("settings", ["embedded"], indirect=True)
    async def test_ends_the_worker_after_three_lives_that_did_not_help(self, stage, deafen):
        deaf = deafen(99, hangs=True)
        began = time.monotonic()

        with pytest.raises(ConsumerStuck):
            await asyncio.wait_for(run_parts(stage.parts, asyncio.Event()), 40)

        assert len(deaf) == 4
        assert all(member.is_closed for member in deaf)
        assert time.monotonic() - began > 4 * QUICK.silent_seconds


@pytest.mark.parametrize("settings", ["embedded"], indirect=True)
class TestQuietConsumer:
    async def test_is_left_alone_when_there_is_nothing_to_read(self, stage, until):
        began = time.monotonic()

        async def has_been_quiet_for_long() -> bool:
            return time.monotonic() - began > 2 * QUICK.silent_seconds

        async with stage.running() as task:
            await until(has_been_quiet_for_long)
            assert not task.done()

        assert stage.rebuilt == 0

    async def test_is_ready_while_its_broker_answers_and_until_it_is_asked_to_stop(self, stage, until, monkeypatch):
        stop = asyncio.Event()

        async def is_ready() -> bool:
            return (await readiness(stage.parts, stop))[0] == 200

        assert await readiness(stage.parts, stop) == (
            503,
            {"status": "unavailable", "checks": {"database": "ok", "broker": "failed", "outbox": "ok"}},
        )
        async with stage.running():
            await until(is_ready)
            monkeypatch.setattr(liveness, "HEARD_WITHIN_SECONDS", -1.0)
            assert (await readiness(stage.parts, stop))[1]["checks"]["broker"] == "failed"
            stop.set()
            assert await readiness(stage.parts, stop) == (503, {"status": "stopping"})

    async def test_is_left_alone_while_the_broker_is_away(self, stage, until, postgres_server):
        name = stage.parts.settings.broker_database_url.get_secret_value().rsplit("/", 1)[1]
        stage.parts = replace(stage.parts, limits=PATIENT)
        began = time.monotonic()

        async def has_been_away_for_long() -> bool:
            return time.monotonic() - began > 2 * PATIENT.silent_seconds

        async with stage.running() as task:
            await postgres_server.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            await postgres_server.run(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - ours
            )
            await until(has_been_away_for_long)
            await postgres_server.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            assert not task.done()

        assert stage.rebuilt == 0
