"""A small suite inside the test: settlement's app, a relay, the embedded broker, and a consumer that adds up.

Its parts are handed in, so that a test can put a broken one in the place of the real one; the product knows no such
switch. What a crash would cut off is cut off by `Crash`, which no `except Exception` stops.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID, uuid4

import asyncpg
import httpx
from pydantic import SecretStr

from common.kit.broker import GroupPlace, TopicPartition
from common.kit.broker_embedded import EmbeddedConsumer
from common.kit.broker_open import group_places
from common.kit.broker_store import EmbeddedProducer, create
from common.kit.clock import utc_now
from common.kit.consumer import EventConsumer
from common.kit.db import Database, UnitOfWork
from common.kit.drainer import Drainer
from common.kit.envelope import Received
from common.kit.producer_client import ProducerLogs
from common.kit.pulling import Puller
from common.kit.recovery import Recovery, Waits
from common.kit.relay import Relay
from common.kit.settings import ServiceSettings
from common.kit.testing import FreshDatabase, Server, bearer, client_of, verifier_for_tests
from common.kit.wake import plain_dsn
from services.settlement import app as settlement_app
from services.settlement.settings import Settings
from tests.faults.collecting import REVERSED, SETTLED, books_of, connected, consumer_of, listener, told_by
from tests.faults.desk import Desk
from tests.faults.evidence import Attempt, Evidence, Projection
from tests.faults.topics import embedded_lags, read_embedded
from tests.integration.settlement_api.vocabulary import PERSON_KEY, a_person, a_stay

SUMMING = listener("monitoring.summing", [SETTLED, REVERSED])
REST_SECONDS = 10.0
STOP_SECONDS = 2.0
GROUPS = {SUMMING.name: sorted(SUMMING.topics)}


class Crash(BaseException):
    """The process ends here: nothing after this line happens, nothing is caught."""


class AtRest(Exception):
    """Nothing is pending and nothing is left to read."""


@dataclass
class Stage:
    """The small suite."""

    settlement: Database
    summing: Database
    broker_url: str
    desk: Desk
    forgotten: set[UUID] = field(default_factory=set)
    producers: list[EmbeddedProducer] = field(default_factory=list)

    async def in_settlement(self, statement: str) -> None:
        """Run a statement on settlement's database."""
        async with self.settlement.engine.begin() as connection:
            await connection.exec_driver_sql(statement)

    async def discharge(self, count: int, *, persons: int = 2) -> list[Attempt]:
        """Settle so many stays, the persons taking turns."""
        stays = [a_stay(a_person(1 + number % persons)) for number in range(count)]
        return [await self.desk.discharge(stay, uuid4().hex) for stay in stays]

    def relay(self) -> Relay:
        """Return the relay that ships."""
        return Relay(database_url=self.settlement.url, open_producer=self.producer)

    async def producer(self) -> EmbeddedProducer:
        """Return a producer of the broker."""
        self.producers.append(EmbeddedProducer(self.broker_url))
        return self.producers[-1]

    def parts(self) -> dict[str, object]:
        """Return what a consumer of the summing projection is made of."""
        return {
            "name": SUMMING.name,
            "database": self.summing,
            "consumer": EmbeddedConsumer(self.broker_url, group=SUMMING.name, topics=GROUPS[SUMMING.name]),
            "handlers": {SETTLED: add, REVERSED: add},
            "clock": utc_now,
        }

    def consumer(self, kind: type[EventConsumer] = EventConsumer) -> EventConsumer:
        """Return the consumer that ships, or a broken kind of it."""
        return kind(**self.parts())  # type: ignore[arg-type]

    def drainer(self) -> Drainer:
        """Return the drainer that ships."""
        parts = self.parts()
        return Drainer(**{name: parts[name] for name in ("name", "database", "handlers", "clock")})  # type: ignore[arg-type]

    async def forget(self) -> None:
        """Let the broker lose everything it holds, as one does that was restored from a back-up."""
        self.forgotten |= {row.event_id for row in await read_embedded(self.broker_url) if row.event_id}
        connection = await asyncpg.connect(plain_dsn(self.broker_url))
        await connection.execute("DELETE FROM broker_record")
        await connection.execute("UPDATE broker_partition SET first_offset = next_offset")
        await connection.close()

    async def compare_heads(self) -> int:
        """Compare the summing consumer's watermarks with settlement's heads; return how many events were pulled."""
        logs = ProducerLogs(InsideCaller(self.desk._http), {"settlement": "http://service"})  # type: ignore[arg-type]
        settings = ServiceSettings(database_url=self.summing.url, broker_database_url=self.broker_url)
        recovery = Recovery(
            puller=Puller(consumer=SUMMING.name, database=self.summing, logs=logs, clock=utc_now),
            database=self.summing,
            logs=logs,
            places=partial(group_places_of, settings),
            producers=["settlement"],
            waits=Waits(),
        )
        return await recovery.compare("settlement")

    async def run(self, *parts: Running, until_rest: bool = True, seconds: float = REST_SECONDS) -> None:
        """Run the parts until everything is at rest or one crashes, at most so long; a crash ends the others too."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(part.run(stop)) for part in parts]
        rest = asyncio.create_task(self._rest() if until_rest else asyncio.sleep(seconds))
        await asyncio.wait([rest, *tasks], timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        if not any(task.done() and task.exception() for task in tasks):
            stop.set()
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in (rest, *tasks):
            task.cancel()
            with contextlib.suppress(Crash, AtRest, asyncio.CancelledError):
                await task
        for part in parts:
            if isinstance(part, EventConsumer | Relay):  # The connections of a process end with it.
                await (part._consumer if isinstance(part, EventConsumer) else part).close()
        while self.producers:
            await self.producers.pop().close()

    async def send_all(self) -> None:
        """Let the relay send until nothing is pending; one that is cut off earlier would send again what was lost."""
        while (await told_by("settlement", self.settlement.url))[1]:
            await self.run(self.relay(), until_rest=False, seconds=0.5)

    async def _rest(self) -> None:
        while True:
            _, pending = await told_by("settlement", self.settlement.url)
            lags = await embedded_lags(self.broker_url, GROUPS)
            if not pending and not any(lags.values()):
                raise AtRest
            await asyncio.sleep(0.05)

    async def evidence(self) -> Evidence:
        """Return what the checker judges, as everything stands."""
        told, pending = await told_by("settlement", self.settlement.url)
        lags = await embedded_lags(self.broker_url, GROUPS)
        async with connected(self.summing.url) as db:
            projection = await read_sums(db)
        return Evidence(
            history=tuple(self.desk.history),
            books=await books_of(self.settlement.url),
            told=tuple(told),
            pending={"settlement": pending},
            found=tuple(await read_embedded(self.broker_url)),
            consumers=(await consumer_of(SUMMING, self.summing.url, lags[SUMMING.name]),),
            projections=(projection,),
            forgotten=frozenset(self.forgotten),
        )


class InsideCaller:
    """Asks settlement's internal routes in the same process, as monitoring's token would."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def get(self, url: str, params: dict[str, str | int]) -> httpx.Response:
        """Return the answer, or raise for a refusal."""
        answer = await self._http.get(url, params=params, headers=bearer("service:monitoring"))
        return answer.raise_for_status()


async def group_places_of(settings: ServiceSettings, topics: Sequence[str]) -> dict[TopicPartition, GroupPlace]:
    """Return how far the summing consumer is in the topics."""
    return await group_places(settings, group=SUMMING.name, topics=topics)


class Running:
    """Something with `run(stop)`, made of a function."""

    def __init__(self, run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        self.run = run


async def add(uow: UnitOfWork, received: Received) -> None:
    """Add a fact's share to the person's sum and note that its effect stands once more."""
    event = received.event()
    await uow.connection.exec_driver_sql(
        "INSERT INTO paid_sum AS s VALUES ($1, $2) ON CONFLICT (person_id) DO UPDATE SET fen = s.fen + excluded.fen",
        (event.person_id, event.patient_pays_fen),
    )
    await uow.connection.exec_driver_sql(
        "INSERT INTO paid_effect AS e VALUES ($1, 1) ON CONFLICT (event_id) DO UPDATE SET times = e.times + 1",
        (received.event_id,),
    )


async def read_sums(db: asyncpg.Connection) -> Projection:
    """Return the summing projection."""
    sums = {row["person_id"]: row["fen"] for row in await db.fetch("SELECT * FROM paid_sum")}
    effects = Counter({row["event_id"]: row["times"] for row in await db.fetch("SELECT * FROM paid_effect")})
    return Projection(SUMMING.name, SUMMING.types, effects, sums)


@asynccontextmanager
async def small_suite(fresh_database: FreshDatabase, server: Server) -> AsyncIterator[Stage]:
    """Set the stage on fresh databases."""
    settlement, summing = await fresh_database("settlement"), await fresh_database()
    async with summing.engine.begin() as connection:
        await connection.exec_driver_sql("CREATE TABLE paid_sum (person_id uuid PRIMARY KEY, fen bigint NOT NULL)")
        await connection.exec_driver_sql("CREATE TABLE paid_effect (event_id uuid PRIMARY KEY, times int NOT NULL)")
    name = f"broker_{uuid4().hex[:10]}"
    await server.run(f'CREATE DATABASE "{name}"')
    await create(server.url_of(name))
    settings = Settings(
        database_url=SecretStr(settlement.url),
        person_key=SecretStr(PERSON_KEY.hex()),
        data_key=SecretStr(bytes(range(32, 64)).hex()),
        cursor_key=SecretStr(bytes(32).hex()),
    )
    app = settlement_app.create_app(settings, database=settlement, verifier=verifier_for_tests())

    async def headers_of(institution_code: str) -> dict[str, str]:
        return bearer("his", client_id=f"client-{institution_code}", institution_code=institution_code)

    async with client_of(app) as client:
        yield Stage(settlement, summing, server.url_of(name), Desk(client, headers_of))
    await server.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
