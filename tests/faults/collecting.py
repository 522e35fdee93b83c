"""Collects the evidence from the databases as they are; read-only, and only what the checker needs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from common.kit.clock import utc_now
from common.kit.wake import plain_dsn
from common.published.catalogue import BY_TYPE, PRODUCERS, topic_of
from services.contracts.consumers import handlers as contracts_handlers
from services.identity.consumers import handlers as identity_handlers
from services.monitoring.consumers import handlers as monitoring_handlers
from services.settlement.consumers import HEARD
from tests.faults.evidence import (
    Books,
    Consumer,
    Entry,
    ParkedRow,
    Projection,
    Settlement,
    Told,
)

SETTLED, REVERSED, REGISTERED = (
    "settlement.discharge_settled.v1",
    "settlement.settlement_reversed.v1",
    "identity.person_registered.v1",
)
_SETTLEMENTS = """
SELECT s.*, r.changes::text AS changes_text FROM settlement s JOIN settlement_record r USING (settlement_id)
"""
_ENTRIES = """
SELECT e.entry_id, e.settlement_id, e.kind,
       array_agg(p.account ORDER BY p.line_no) FILTER (WHERE p.line_no IS NOT NULL) AS accounts,
       array_agg(p.layer ORDER BY p.line_no) FILTER (WHERE p.line_no IS NOT NULL) AS layers,
       array_agg(p.amount_fen ORDER BY p.line_no) FILTER (WHERE p.line_no IS NOT NULL) AS amounts
FROM journal_entry e LEFT JOIN posting p USING (entry_id) GROUP BY e.entry_id, e.settlement_id, e.kind
"""


@dataclass(frozen=True, slots=True)
class Listener:
    """A consumer of the suite: its name, its service and what it handles."""

    name: str
    service: str
    types: frozenset[str]
    topics: frozenset[str]


def listeners() -> list[Listener]:
    """Return the suite's five consumers as their own handler tables say."""
    tables = {
        "settlement.recognition": HEARD,
        "identity.archive": identity_handlers(counties={}, clock=utc_now),
        "contracts.care": contracts_handlers(clock=utc_now, versions=[]),
        "monitoring.watch": monitoring_handlers(clock=utc_now, lines={}),
        "gateway.outward": BY_TYPE,
    }
    made = [listener(name, types) for name, types in tables.items()]
    return [Listener(m.name, m.service, m.types, _everything() if m.service == "gateway" else m.topics) for m in made]


def listener(name: str, types: Sequence[str] | Mapping[str, object]) -> Listener:
    """Return a consumer that hears these types."""
    topics = frozenset(topic_of(BY_TYPE[each].producer) for each in types)
    return Listener(name, name.partition(".")[0], frozenset(types), topics)


def _everything() -> frozenset[str]:
    return frozenset(topic_of(name) for name in PRODUCERS)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection that sees one instant of a database."""
    connection = await asyncpg.connect(plain_dsn(url), timeout=10)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection
    finally:
        await connection.close()


async def books_of(url: str) -> Books:
    """Return what settlement's database says."""
    async with connected(url) as db:
        return Books(
            settlements=tuple(_settlement(row) for row in await db.fetch(_SETTLEMENTS)),
            discharges=frozenset(row["discharge_id"] for row in await db.fetch("SELECT discharge_id FROM discharge")),
            entries=tuple(_entry(row) for row in await db.fetch(_ENTRIES)),
            reversed_ids=tuple(row["settlement_id"] for row in await db.fetch("SELECT settlement_id FROM reversal")),
            balances={
                (row["person_id"], row["county"], row["year"], row["account"]): (
                    row["base_fen"],
                    row["deductible_fen"],
                    row["paid_fen"],
                    row["stay_count"],
                )
                for row in await db.fetch("SELECT * FROM accumulator")
            },
            openings=tuple(
                (row["person_id"], row["county"], row["year"], _changes(row["changes"]))
                for row in await db.fetch("SELECT * FROM opening")
            ),
        )


def _settlement(row: asyncpg.Record) -> Settlement:
    names = [name for name in Settlement.__slots__ if name != "changes"]
    return Settlement(**{name: row[name] for name in names}, changes=_changes(row["changes_text"]))


def _changes(text: str) -> dict[str, tuple[int, int, int, int]]:
    return {account: (b, d, p, n) for account, (b, d, p, n) in json.loads(text).items()}


def _entry(row: asyncpg.Record) -> Entry:
    lines = zip(row["accounts"] or (), row["layers"] or (), row["amounts"] or (), strict=True)
    return Entry(row["entry_id"], row["settlement_id"], row["kind"], tuple(lines))


async def told_by(producer: str, url: str) -> tuple[list[Told], int]:
    """Return a service's outbox log and how many of it are still to be sent."""
    async with connected(url) as db:
        rows = await db.fetch("SELECT * FROM outbox_event ORDER BY log_id")
        pending: int = await db.fetchval("SELECT count(*) FROM outbox_pending")
    told = [
        Told(producer, r["event_id"], r["topic"], r["type"], r["key"], r["sequence"], _data(r["type"], r["data"]))
        for r in rows
    ]
    return told, pending


def _data(event_type: str, data: bytes) -> dict[str, object]:
    return {} if event_type == "dead_letter" else json.loads(data)


async def consumer_of(each: Listener, url: str, lag: int) -> Consumer:
    """Return what a consumer's database says about its events."""
    async with connected(url) as db:
        handled = await db.fetch("SELECT event_id FROM inbox WHERE consumer = $1", each.name)
        parked = await db.fetch("SELECT * FROM parked_event WHERE consumer = $1", each.name)
        diverted = await db.fetch("SELECT producer, key FROM diverted_key WHERE consumer = $1", each.name)
    return Consumer(
        name=each.name,
        types=each.types,
        topics=each.topics,
        handled=frozenset(row["event_id"] for row in handled),
        parked=tuple(_parked(row) for row in parked),
        diverted=frozenset((row["producer"], row["key"]) for row in diverted),
        lag=lag,
    )


def _parked(row: asyncpg.Record) -> ParkedRow:
    place = (row["topic"], row["partition"], row["broker_offset"])
    return ParkedRow(
        row["event_id"], row["producer"], row["key"], row["sequence"], row["state"], row["error_code"], place
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """Event ids by what the events are about, to name the effects that a projection shows."""

    settled: Mapping[UUID, UUID]
    reversed: Mapping[UUID, UUID]
    registered: Mapping[UUID, UUID]

    @classmethod
    def of(cls, told: Sequence[Told]) -> Facts:
        """Sort the facts of the logs."""

        def by(event_type: str, name: str) -> dict[UUID, UUID]:
            return {UUID(str(row.data[name])): row.event_id for row in told if row.type == event_type}

        return cls(by(SETTLED, "settlement_id"), by(REVERSED, "settlement_id"), by(REGISTERED, "person_id"))


Reader = Callable[[asyncpg.Connection, Facts], Awaitable[Projection]]
_STRANGER = UUID(int=0)


def stays_reader(consumer: str, statement: str) -> Reader:
    """Return the reader of a projection of stays: settlement_id, person_id, paid_fen or null, is_reversed."""

    async def read(db: asyncpg.Connection, facts: Facts) -> Projection:
        effects: Counter[UUID] = Counter()
        paid: Counter[UUID] = Counter()
        live = set()
        has_amounts = True
        for row in await db.fetch(statement):
            effects[facts.settled.get(row["settlement_id"], _STRANGER)] += 1
            has_amounts = has_amounts and row["paid_fen"] is not None
            if row["is_reversed"]:
                effects[facts.reversed.get(row["settlement_id"], _STRANGER)] += 1
            else:
                live.add(row["settlement_id"])
                paid[row["person_id"]] += row["paid_fen"] or 0
        return Projection(
            consumer, frozenset({SETTLED, REVERSED}), effects, dict(paid) if has_amounts else None, frozenset(live)
        )

    return read


async def read_known_persons(db: asyncpg.Connection, facts: Facts) -> Projection:
    """Return which registrations settlement knows of."""
    rows = await db.fetch("SELECT person_id FROM known_person")
    effects = Counter(facts.registered[r["person_id"]] for r in rows if r["person_id"] in facts.registered)
    return Projection("settlement.recognition", frozenset({REGISTERED}), effects)


async def read_outward(db: asyncpg.Connection, _facts: Facts) -> Projection:
    """Return the outward log as the effects of the gateway's consumer."""
    effects = Counter(row["event_id"] for row in await db.fetch("SELECT event_id FROM outward_event"))
    return Projection("gateway.outward", frozenset(BY_TYPE), effects)


READERS: Mapping[str, Reader] = {
    "settlement": read_known_persons,
    "gateway": read_outward,
    "identity": stays_reader(
        "identity.archive",
        "SELECT settlement_id, person_id, patient_pays_fen AS paid_fen, reversed_on IS NOT NULL AS is_reversed "
        "FROM episode",
    ),
    "contracts": stays_reader(
        "contracts.care", "SELECT settlement_id, person_id, NULL::bigint AS paid_fen, is_reversed FROM stay"
    ),
    "monitoring": stays_reader(
        "monitoring.watch", "SELECT settlement_id, person_id, patient_pays_fen AS paid_fen, is_reversed FROM stay"
    ),
}


async def positions_of(url: str) -> dict[int, UUID]:
    """Return the outward log, position to event id."""
    async with connected(url) as db:
        return {r["position"]: r["event_id"] for r in await db.fetch("SELECT position, event_id FROM outward_event")}
