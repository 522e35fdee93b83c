"""Waits until a healed suite has come to rest, at most a minute, and judges it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
from aiokafka.errors import KafkaError

from common.core.money import Money
from local.keys import OWNERS
from services.settlement.adapters.policy_files import load_policies
from services.settlement.domain.condition import ALWAYS
from tests.faults.checker import check
from tests.faults.collecting import (
    READERS,
    Facts,
    books_of,
    connected,
    consumer_of,
    listeners,
    positions_of,
    told_by,
)
from tests.faults.evidence import Attempt, Consumer, Evidence, Finding, Found, KeyOf, Posting, Told
from tests.faults.suite import SuiteUnderFault, all_topics
from tests.faults.topics import embedded_lags, kafka_lags, read_embedded, read_kafka

REST_SECONDS = 60.0
_POLL_SECONDS = 0.5


def yearly_limits() -> dict[str, int]:
    """Return, for every account whose rules all cap it without condition, the most it may pay in a year, in fen."""
    caps: dict[str, list[Money | None]] = {}
    for policy in load_policies().values():
        for version in policy.versions:
            for rule in (rule for layer in version.layers for rule in layer.rules):
                rows = [row.value.fixed for row in rule.caps[0].amount.rows if row.when == ALWAYS]
                caps.setdefault(rule.account, []).append(max(rows) if rows else None)
    return {account: max(each.fen for each in values if each) for account, values in caps.items() if all(values)}


@dataclass
class Judge:
    """What was done to the suite on purpose, and what earlier looks saw."""

    suite: SuiteUnderFault
    poisoned_keys: set[str] = field(default_factory=set)
    reordered: set[KeyOf] = field(default_factory=set)
    forgotten: dict[UUID, str] = field(default_factory=dict)
    earlier: dict[UUID, tuple[Posting, ...]] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=yearly_limits)

    async def judge(self, history: Sequence[Attempt]) -> tuple[list[Finding], Evidence]:
        """Wait for rest, collect, and return what does not hold; a suite that does not rest is a finding itself.

        Six databases are read one after the other. A consumer that learns only from a comparison what the broker lost
        may publish between two of these readings: what does not hold is looked at again until the minute is over.
        """
        until = time.monotonic() + REST_SECONDS
        while True:
            while time.monotonic() < until and not await self._is_at_rest():  # noqa: ASYNC110 - databases cannot wake us
                await asyncio.sleep(_POLL_SECONDS)
            evidence = await self._collect(history)
            findings = check(evidence)
            if not findings or time.monotonic() >= until:
                break
            await asyncio.sleep(_POLL_SECONDS)
        self.earlier |= {entry.entry_id: entry.postings for entry in evidence.books.entries}
        return findings, evidence

    async def _is_at_rest(self) -> bool:
        try:
            for name in OWNERS:
                _, pending = await _pending(name, self.suite.databases[name])
                if pending:
                    return False
            lags = await self._lags()
            return not any(lags.values()) and not any(map(self._stirs, await self._consumers(lags)))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, KafkaError):
            return False

    def _stirs(self, consumer: Consumer) -> bool:
        taken_in = consumer.handled | {row.event_id for row in consumer.parked}
        to_come = {event_id for event_id, event_type in self.forgotten.items() if event_type in consumer.types}
        return not to_come <= taken_in or any(key[1] not in self.poisoned_keys for key in consumer.diverted)

    async def _lags(self) -> dict[str, int]:
        groups = {each.name: sorted(each.topics) for each in listeners()}
        settings = self.suite.settings
        if settings.broker == "kafka":
            return await kafka_lags(settings.kafka_bootstrap, groups)
        return await embedded_lags(settings.broker_database_url.get_secret_value(), groups)

    async def _consumers(self, lags: Mapping[str, int]) -> list[Consumer]:
        return [await consumer_of(each, self.suite.databases[each.service], lags[each.name]) for each in listeners()]

    async def _found(self) -> list[Found]:
        settings = self.suite.settings
        if settings.broker == "kafka":
            return await read_kafka(settings.kafka_bootstrap, all_topics())
        return await read_embedded(settings.broker_database_url.get_secret_value())

    async def _collect(self, history: Sequence[Attempt]) -> Evidence:
        databases = self.suite.databases
        told: list[Told] = []
        pending = {}
        for name in OWNERS:
            rows, pending[name] = await told_by(name, databases[name])
            told += rows
        facts = Facts.of(told)
        projections = []
        for name, read in READERS.items():
            async with connected(databases[name]) as db:
                projections.append(await read(db, facts))
        found = await self._found()
        return Evidence(
            history=tuple(history),
            books=await books_of(databases["settlement"]),
            told=tuple(told),
            pending=pending,
            found=tuple(found),
            consumers=tuple(await self._consumers(await self._lags())),
            projections=tuple(projections),
            positions=await positions_of(databases["gateway"]),
            limits=self.limits,
            planted_poison=frozenset(
                row.place for row in found if row.event_id is None and row.key in self.poisoned_keys
            ),
            reordered=frozenset(self.reordered),
            forgotten=frozenset(self.forgotten),
            earlier=dict(self.earlier),
        )


async def _pending(name: str, url: str) -> tuple[str, int]:
    async with connected(url) as db:
        return name, await db.fetchval("SELECT count(*) FROM outbox_pending")
