"""The outbox: facts written in the transaction they belong to, numbered densely per key.

The key's row is raised under its lock and held until the commit, so that commit order, log order and sequence order are
one per key (events.md section 3). Next hop: common/kit/relay.py
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit.broker import partition_of
from common.kit.cause import Cause
from common.kit.envelope import event_data, stored_headers
from common.kit.statements import fetch
from common.published.base import PublishedEvent
from common.published.catalogue import line_for

_WRITE = """
WITH input AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[],
                         $7::smallint[], $8::bool[])
      WITH ORDINALITY AS i(event_id, topic, type, key, headers, data, shard, numbered, place)
), raised AS (
    INSERT INTO outbox_key AS k (key, last_sequence)
    SELECT key, count(*) FROM input WHERE numbered GROUP BY key ORDER BY key
    ON CONFLICT (key) DO UPDATE SET last_sequence = k.last_sequence + excluded.last_sequence
    RETURNING key, last_sequence
), logged AS (
    INSERT INTO outbox_event (event_id, topic, type, key, sequence, headers, data)
    SELECT i.event_id, i.topic, i.type, i.key,
           CASE WHEN numbered THEN r.last_sequence + 1 - row_number() OVER (
               PARTITION BY i.key, numbered ORDER BY i.place DESC) END,
           i.headers, i.data
    FROM input i LEFT JOIN raised r ON r.key = i.key AND i.numbered
    ORDER BY i.place
    RETURNING log_id, event_id
)
INSERT INTO outbox_pending (log_id, shard)
SELECT l.log_id, i.shard FROM logged l JOIN input i USING (event_id)
"""


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """One record on its way into the outbox; `numbered` False keeps it out of the key's order (a dead-letter copy)."""

    event_id: UUID
    topic: str
    type: str
    key: str
    headers: str
    data: bytes
    numbered: bool = True

    @classmethod
    def of(cls, event: PublishedEvent, *, occurred_at: datetime, cause: Cause) -> PendingEvent:
        """Return the record of a published fact."""
        line = line_for(event)
        headers = stored_headers(line, event, occurred_at=occurred_at, cause=cause)
        return cls(
            event_id=line.event_id_of(event),
            topic=line.topic,
            type=line.event_type,
            key=line.key_of(event),
            headers=json.dumps(headers, separators=(",", ":")),
            data=event_data(event),
        )


async def write_outbox(connection: AsyncConnection, events: list[PendingEvent]) -> None:
    """Number, log and queue the records in one statement; keys are locked in key order."""
    columns = (
        [e.event_id for e in events],
        [e.topic for e in events],
        [e.type for e in events],
        [e.key for e in events],
        [e.headers for e in events],
        [e.data for e in events],
        [partition_of(e.key.encode()) for e in events],
        [e.numbered for e in events],
    )
    await fetch(connection, _WRITE, *columns)
