"""One producer, the embedded broker and one consumer, each the real one, that tests of recovery trouble."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import asyncpg
import uvicorn

from common.kit.broker_store import EmbeddedProducer, create
from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.http import build_app, public, public_router
from common.kit.relay import Relay
from common.kit.settings import ServiceSettings
from common.kit.testing import a_token, verifier_for_tests
from common.kit.wake import plain_dsn
from common.kit.worker import WorkerParts, run_parts
from common.published.identity import PersonMoved

NAME = "contracts.test"
TYPE = "identity.person_moved.v1"
TOLD_AT = datetime(2026, 1, 1, tzinfo=UTC)


class World:
    """Identity tells, contracts hears; what a handler sees is written to `seen` in its own transaction."""

    def __init__(self, source, target, broker_url: str, producer_url: str) -> None:
        self.source, self.target, self.broker_url = source, target, broker_url
        self.handlers = {TYPE: self._handle}
        self.settings = ServiceSettings(
            database_url=target.url,
            broker="embedded",
            broker_database_url=broker_url,
            gateway_url=producer_url,
            identity_url=producer_url,
            service_client_id="service-contracts",
            service_client_secret="made-up",
            gap_wait_seconds=0.2,
            compare_seconds=0.4,
        )

    async def _handle(self, uow, received) -> None:
        await uow.connection.exec_driver_sql(
            "INSERT INTO seen (key, sequence, event_id) VALUES ($1, $2, $3)",
            (received.key, received.sequence, received.event_id),
        )

    async def tell(self, *people: UUID, count: int = 1, start: int = 0) -> None:
        """Publish `count` facts about each person, each in a transaction of its own."""
        for day in range(start, start + count):
            async with self.source.unit_of_work(Cause("c")) as uow:
                for person in people:
                    moved = PersonMoved(
                        county="211381",
                        person_id=person,
                        township="211381101",
                        moved_on=date.fromordinal(730_000 + day),
                    )
                    uow.publish(moved, occurred_at=TOLD_AT)

    async def relay(self) -> None:
        """Send everything that waits in the outbox."""
        stop = asyncio.Event()

        async def producer() -> EmbeddedProducer:
            return EmbeddedProducer(self.broker_url)

        running = asyncio.create_task(Relay(database_url=self.source.url, open_producer=producer).run(stop))
        await self.until(lambda: self.ask(self.source, "SELECT count(*) = 0 FROM outbox_pending"))
        stop.set()
        await running

    async def withhold(self, condition: str) -> None:
        """Take events `e` out of what waits to be sent, as if the broker had lost them at once."""
        await self.change(
            self.source,
            "DELETE FROM outbox_pending USING outbox_event e WHERE e.log_id = outbox_pending.log_id AND " + condition,  # noqa: S608 - the same
        )

    async def forget(self, condition: str = "true", *, raise_first: bool = True) -> None:
        """Let the broker lose records, as a restored one does."""
        connection = await asyncpg.connect(plain_dsn(self.broker_url))
        await connection.execute("DELETE FROM broker_record WHERE " + condition)  # noqa: S608 - the test's own text
        if raise_first:
            await connection.execute(
                "UPDATE broker_partition b SET first_offset = coalesce((SELECT min(broker_offset) FROM broker_record r "
                "WHERE r.topic = b.topic AND r.partition = b.partition), next_offset)"
            )
        await connection.close()

    @asynccontextmanager
    async def working(self, **settings: object) -> AsyncIterator[None]:
        """Run the consumer's whole worker while the block runs."""
        stop = asyncio.Event()
        parts = WorkerParts(
            settings=self.settings.model_copy(update=settings),
            database=self.target,
            clock=utc_now,
            consumer_name=NAME,
            handlers=self.handlers,
        )
        running = asyncio.create_task(run_parts(parts, stop))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(running, 30)

    async def seen(self, person: UUID) -> list[int]:
        return await self.column(self.target, "SELECT sequence FROM seen WHERE key = $1 ORDER BY n", str(person))

    async def sees(self, person: UUID, numbers: range, *, seconds: float = 20) -> None:
        """Wait until exactly these numbers took effect, in order, each once."""

        async def is_so() -> bool:
            return await self.seen(person) == list(numbers)

        await self.until(is_so, seconds=seconds, what=f"effects {list(numbers)}")

    async def is_born(self) -> None:
        """Wait until the consumer has read the producer's log."""
        born = "SELECT count(*) = 1 FROM consumer_birth WHERE finished_at IS NOT NULL"
        await self.until(lambda: self.ask(self.target, born))

    async def is_clear(self) -> None:
        """Wait until no key is diverted any more."""
        await self.until(lambda: self.ask(self.target, "SELECT count(*) = 0 FROM diverted_key"))

    async def until(self, probe, *, seconds: float = 20.0, what: str = "it") -> None:
        deadline = time.monotonic() + seconds
        while not await probe():
            assert time.monotonic() < deadline, f"{what} did not happen in time"
            await asyncio.sleep(0.02)

    async def ask(self, database, statement: str, *values: object):
        async with database.engine.connect() as connection:
            return (await connection.exec_driver_sql(statement, values)).scalar_one()

    async def column(self, database, statement: str, *values: object) -> list:
        async with database.engine.connect() as connection:
            return list((await connection.exec_driver_sql(statement, values)).scalars())

    async def change(self, database, statement: str, *values: object) -> None:
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql(statement, values)


@asynccontextmanager
async def opened_world(fresh_database, postgres_server) -> AsyncIterator[World]:
    """Open databases, broker and the producer's HTTP process, whose address also gives tokens."""
    source, target = await fresh_database(), await fresh_database()
    await World.change(None, target, _SEEN)
    name = f"broker_{uuid4().hex[:10]}"
    await postgres_server.run(f'CREATE DATABASE "{name}"')
    broker_url = postgres_server.url_of(name)
    await create(broker_url)
    async with _served(source) as url:
        yield World(source, target, broker_url, url)
    await postgres_server.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


_SEEN = "CREATE TABLE seen (n bigserial PRIMARY KEY, key text, sequence bigint, event_id uuid UNIQUE)"


@asynccontextmanager
async def _served(source) -> AsyncIterator[str]:
    tokens = public_router()

    @tokens.post("/oauth/token", **public())
    async def token() -> dict[str, object]:
        return {"access_token": a_token("service:contracts"), "expires_in": 600}

    settings = ServiceSettings(database_url=source.url, cursor_key="00" * 32, heads_age_seconds=0)
    app = build_app(
        name="identity",
        database=source,
        verifier=verifier_for_tests(),
        clock=utc_now,
        routers=[tokens],
        settings=settings,
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(serving, 5)
