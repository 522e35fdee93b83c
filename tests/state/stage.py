"""Settlement, relay, embedded broker and a consumer of monitoring in one process, each of which can be killed anywhere.

A kill raises through whatever runs at an armed failpoint: the transaction is abandoned, as it is when a process dies.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import asyncpg

from common.kit.broker import InboundRecord, OffsetOutOfRange
from common.kit.broker_embedded import EmbeddedConsumer
from common.kit.broker_store import EmbeddedProducer
from common.kit.consumer import EventConsumer, Handler
from common.kit.db import Database, UnitOfWork
from common.kit.drainer import Drainer
from common.kit.envelope import Received
from common.kit.relay import Relay
from common.kit.wake import plain_dsn
from services.monitoring.adapters.line_files import load_lines
from services.monitoring.consumers import handlers
from tests.integration.settlement_api.conftest import Window

NAME = "monitoring.watch"
TOPIC = "settlement.events"
MEMBERS = 2
MOST_ROUNDS = 50
_TALLY = """
CREATE TABLE tally (
  person_id uuid PRIMARY KEY, settled int NOT NULL, reversed int NOT NULL, patient_pays_fen bigint NOT NULL
)
"""
_ADD = """
INSERT INTO tally AS t VALUES ($1, $2, $3, $4) ON CONFLICT (person_id) DO UPDATE SET
  settled = t.settled + excluded.settled, reversed = t.reversed + excluded.reversed,
  patient_pays_fen = t.patient_pays_fen + excluded.patient_pays_fen
"""


class Killed(BaseException):
    """A process died here; nothing may catch it."""


@dataclass
class Stage:
    """The processes of the chain, as far as one loop can hold them.

    Attributes:
        window: The service of settlement.
        watching: The database of monitoring.
        broker_url: The embedded broker's database.
        offset: How far the clocks of the consumers were moved on.
        repeated: Records that came to a consumer a second time.
    """

    window: Window
    watching: Database
    broker_url: str
    offset: timedelta = timedelta()
    repeated: int = 0
    seen: set[tuple[int, int]] = field(default_factory=set)
    members: list[EmbeddedConsumer] = field(default_factory=list)
    relay: Relay | None = None

    @classmethod
    async def open(cls, window: Window, watching: Database, broker_url: str) -> Stage:
        """Return a stage with its members joined."""
        async with watching.engine.begin() as connection:
            await connection.exec_driver_sql(_TALLY)
        stage = cls(window, watching, broker_url)
        stage.members = [stage._member() for _ in range(MEMBERS)]
        return stage

    async def close(self) -> None:
        """Close what is open."""
        await self.kill_relay()
        for member in self.members:
            await member.close()
        await self.watching.close()

    def clock(self) -> datetime:
        """Return the consumers' present."""
        return datetime.now(UTC) + self.offset

    def handlers(self) -> dict[str, Handler]:
        """Return monitoring's own handlers, each behind a projection that adds up: it forgives no second time."""
        own = handlers(clock=self.clock, lines=load_lines())
        return {name: _adding(handler) if name.startswith("settlement.") else handler for name, handler in own.items()}

    def consumer(self) -> EventConsumer:
        """Return a consumer that is handed its batches."""
        return EventConsumer(name=NAME, database=self.watching, handlers=self.handlers(), clock=self.clock)

    async def relay_once(self) -> int:
        """Let the relay send one batch; one that is killed starts anew next time."""
        if self.relay is None:
            self.relay = Relay(database_url=self.window.database.url, open_producer=self._producer)
        try:
            await self.relay._ready()
            return await self.relay._round()
        except Killed:
            await self.kill_relay()
            raise

    async def kill_relay(self) -> None:
        """Let the relay be gone, its connections and shards with it."""
        relay, self.relay = self.relay, None
        if relay is not None:
            await relay._abandon()

    async def deliver(self, member: int, *, most: int, manner: str, is_committed: bool) -> int:
        """Let a member of the group fetch and handle; return how many records came.

        Args:
            member: Which one.
            most: Records at most.
            manner: "once", "twice", or "reordered": the first record of each batch comes last.
            is_committed: Whether the broker learns of it; else another member will get the same again.
        """
        reading = self.members[member]
        reading._tried_at = 0.0
        try:
            records = await reading.fetch(most, 0.0)
        except OffsetOutOfRange:
            return 0
        places = {(each.partition, each.broker_offset) for each in records}
        self.repeated += len(places & self.seen)
        self.seen |= places
        try:
            for (topic, partition), group in groupby(records, key=lambda each: (each.topic, each.partition)):
                batch = list(group)
                for part in _parts(batch, manner):
                    await self.consumer().handle_batch(part)
                if is_committed:
                    await reading.commit({(topic, partition): batch[-1].broker_offset + 1})
        except Killed:
            await self.rebalance(member)
            raise
        return len(records)

    async def rebalance(self, member: int) -> None:
        """Let a member be gone; a new one takes its place, and the partitions go to whoever asks first."""
        await self.members[member].close()
        self.members[member] = self._member()

    async def tick(self, by: timedelta) -> None:
        """Let time pass, and parked events be tried again."""
        self.offset += by
        drainer = Drainer(name=NAME, database=self.watching, handlers=self.handlers(), clock=self.clock)
        await drainer.drain_due()

    async def heal(self) -> None:
        """Let everything arrive; members that begin anew read from what is committed."""
        for member in range(MEMBERS):
            await self.rebalance(member)
        for _ in range(MOST_ROUNDS):
            while await self.relay_once():
                pass
            came = 0
            for member in range(MEMBERS):
                came += await self.deliver(member, most=500, manner="once", is_committed=True)
            await self.tick(timedelta(hours=1))
            if not came and not await self._is_behind():
                return
        raise AssertionError("what was told does not arrive")

    async def met(self) -> dict[str, int]:
        """Return what the histories have met: else their check would prove little."""
        tally = (await self.watched("SELECT sum(settled) AS settled, sum(reversed) AS reversed FROM tally"))[0]
        parked = (await self.watched("SELECT count(*) AS n FROM parked_event"))[0].n
        return {
            "settled": tally.settled,
            "reversed": tally.reversed,
            "parked": parked,
            "delivered again": self.repeated,
        }

    async def watched(self, statement: str, *values: object) -> list[Any]:
        """Return rows of monitoring."""
        async with self.watching.engine.connect() as connection:
            return list((await connection.exec_driver_sql(statement, values)).all())

    async def _is_behind(self) -> bool:
        connection = await asyncpg.connect(plain_dsn(self.broker_url))
        try:
            lag = await connection.fetchval(
                "SELECT coalesce(sum(b.next_offset - coalesce(g.committed_offset, 0)), 0) FROM broker_partition b "
                "LEFT JOIN broker_group_offset g USING (topic, partition) WHERE b.topic = $1",
                TOPIC,
            )
        finally:
            await connection.close()
        diverted = await self.watched("SELECT count(*) AS n FROM diverted_key")
        return bool(lag) or bool(diverted[0].n)

    def _member(self) -> EmbeddedConsumer:
        return EmbeddedConsumer(self.broker_url, group=NAME, topics=[TOPIC])

    async def _producer(self) -> EmbeddedProducer:
        return EmbeddedProducer(self.broker_url)


def _parts(batch: list[InboundRecord], manner: str) -> list[list[InboundRecord]]:
    if manner == "twice":
        return [batch, batch]
    if manner == "reordered" and len(batch) > 1:
        return [batch[1:], batch[:1], batch]
    return [batch]


def _adding(handler: Handler) -> Handler:
    async def add(uow: UnitOfWork, event: Received) -> None:
        data = json.loads(event.data)
        is_reversal = event.type == "settlement.settlement_reversed.v1"
        row = (UUID(data["person_id"]), int(not is_reversal), int(is_reversal), data["patient_pays_fen"])
        await uow.connection.exec_driver_sql(_ADD, row)
        await handler(uow, event)

    return add
