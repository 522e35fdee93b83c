"""Events put where they trouble consumers on purpose: out of order in a log, unreadable in a topic."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

import asyncpg

from common.kit.broker import OutboundRecord, partition_of
from common.kit.cause import Cause
from common.kit.clock import utc_now
from common.kit.envelope import event_data, stored_headers
from common.kit.wake import plain_dsn
from common.published.base import PublishedEvent
from common.published.catalogue import line_for, topic_of
from common.published.identity import PersonMoved, PersonRegistered
from tests.faults.judging import Judge

COUNTY, TOWNSHIP = "211381", "211381101"
_LOG = """
WITH logged AS (
    INSERT INTO outbox_event (event_id, topic, type, key, sequence, headers, data)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING log_id
)
INSERT INTO outbox_pending (log_id, shard) SELECT log_id, $8 FROM logged
"""


async def plant_disorder(judge: Judge) -> UUID:
    """Let identity tell three facts about a new person, the second before the first; return the person."""
    person = uuid4()
    judge.reordered.add(("identity", str(person)))
    await _tell(judge, person, order=(2, 1, 3))
    return person


async def plant_poison(judge: Judge) -> UUID:
    """Put a record that is no envelope into identity's topic, then let identity tell three facts under its key."""
    person = uuid4()
    judge.poisoned_keys.add(str(person))
    key = str(person).encode()
    poison = OutboundRecord(topic_of("identity"), partition_of(key), key, b"{", (("content-type", b"text/plain"),))
    await judge.suite.produce([poison])
    await _tell(judge, person, order=(1, 2, 3))
    return person


def _facts(person: UUID) -> Sequence[PublishedEvent]:
    registered = PersonRegistered(county=COUNTY, person_id=person, township=TOWNSHIP, household_id=uuid4())
    moves = (
        PersonMoved(county=COUNTY, person_id=person, township=TOWNSHIP, moved_on=date(2016, 9, day)) for day in (1, 2)
    )
    return (registered, *moves)


async def _tell(judge: Judge, person: UUID, *, order: Sequence[int]) -> None:
    facts = _facts(person)
    connection = await asyncpg.connect(plain_dsn(judge.suite.databases["identity"]), timeout=10)
    try:
        async with connection.transaction():
            await connection.execute("INSERT INTO outbox_key (key, last_sequence) VALUES ($1, $2)", str(person), 3)
            for sequence in order:
                event = facts[sequence - 1]
                line = line_for(event)
                headers = json.dumps(stored_headers(line, event, occurred_at=utc_now(), cause=Cause("planted")))
                values = (line.event_id_of(event), line.topic, line.event_type, str(person), sequence, headers)
                await connection.execute(_LOG, *values, event_data(event), partition_of(str(person).encode()))
    finally:
        await connection.close()
