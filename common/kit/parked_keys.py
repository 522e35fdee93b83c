"""What operators see of keys that wait, and the two things they may do: try again, or skip with a reason.

Nobody edits an event. A skip moves the watermark past the failed event under the key's lock, which consumer and drainer
take too; what waits behind it goes on by the drainer's normal path (events.md section 6). Who did what and why stays in
`operator_action`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.errors import Conflict, NotFound
from common.kit import inbox
from common.kit.db import UnitOfWork
from common.published.catalogue import BY_TYPE

Action = Literal["retry", "skip"]
log = structlog.get_logger(__name__)

# The key of poison is raw bytes of anybody's making, so that no key stands in an address or in the audit record.
_ID = "md5({0}.consumer || chr(31) || {0}.producer || chr(31) || {0}.key)::uuid"
_LIST = f"""
SELECT {_ID.format("d")} AS parked_key_id, d.consumer, d.producer, d.key, d.reason, d.since, first.*,
    (SELECT count(*) FROM parked_event p WHERE p.consumer = d.consumer AND p.producer = d.producer AND p.key = d.key
        AND p.state IN ('waiting', 'dead')) AS set_aside
FROM diverted_key d
LEFT JOIN LATERAL (
    SELECT event_id, sequence, headers, topic, partition, broker_offset, attempts, first_failed_at, next_attempt_at,
        error_code, state
    FROM parked_event p
    WHERE p.consumer = d.consumer AND p.producer = d.producer AND p.key = d.key AND p.state IN ('waiting', 'dead')
    ORDER BY p.sequence NULLS FIRST LIMIT 1
) first ON true
WHERE $1::timestamptz IS NULL OR (d.since, {_ID.format("d")}) > ($1, $2::uuid)
ORDER BY d.since, parked_key_id LIMIT $3
"""  # noqa: S608 - constant parts
_PLACE = f"""
SELECT consumer, producer, key FROM diverted_key d WHERE {_ID.format("d")} = $1
UNION ALL SELECT consumer, producer, key FROM parked_event p WHERE {_ID.format("p")} = $1 LIMIT 1
"""  # noqa: S608 - constant parts
_EVENT = """
SELECT parked_id, sequence, attempts, state, parked_id = (
    SELECT parked_id FROM parked_event WHERE consumer = $1 AND producer = $2 AND key = $3
    AND state IN ('waiting', 'dead') ORDER BY sequence NULLS FIRST LIMIT 1) AS is_first
FROM parked_event WHERE consumer = $1 AND producer = $2 AND key = $3 AND event_id = $4 FOR UPDATE
"""
_DONE = """
SELECT reason, client_id, happened_at FROM operator_action
WHERE consumer = $1 AND event_id = $2 AND action = $3 AND attempts = $4
"""
_NOTE = """
INSERT INTO operator_action (consumer, producer, key, event_id, attempts, action, reason, client_id, request_id,
    happened_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_UNDIVERT_WHEN_CLEAR = """
DELETE FROM diverted_key WHERE consumer = $1 AND producer = $2 AND key = $3 AND NOT EXISTS (
    SELECT FROM parked_event p WHERE p.consumer = $1 AND p.producer = $2 AND p.key = $3
    AND p.state IN ('waiting', 'dead'))
"""


class ParkedKeyUnknown(NotFound):
    """This service never set such a key or event aside."""

    zh = "本服务没有这个被搁置的键或事件"


class KeyNotParked(Conflict):
    """The key goes on already; nothing of it waits."""

    code = "key_not_parked"
    zh = "该键已恢复正常，无需处理"


class EventNotFirst(Conflict):
    """Another event of the key is the first that waits: look at the list again."""

    code = "event_not_first"
    zh = "该事件不是此键首个等待的事件，请重新查看列表"


class NothingFailed(Conflict):
    """The event only waits for earlier ones, which are being fetched; skipping it would lose them."""

    code = "nothing_failed"
    zh = "该事件只是在等待前面的事件，不能跳过"


@dataclass(frozen=True, slots=True)
class FirstEvent:
    """The event on which a key waits; ids, numbers and codes only."""

    event_id: UUID
    type: str | None
    sequence: int | None
    error_code: str
    attempts: int
    state: str
    first_failed_at: datetime
    next_attempt_at: datetime
    topic: str
    partition: int
    broker_offset: int


@dataclass(frozen=True, slots=True)
class ParkedKey:
    """A key whose events are set aside.

    Attributes:
        parked_key_id: Stands for consumer, producer and key.
        key: The id the events are about; None where it is no id of ours.
        waiting_count: Events behind the first.
    """

    parked_key_id: UUID
    consumer: str
    producer: str
    key: str | None
    reason: str
    since: datetime
    first: FirstEvent | None
    waiting_count: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What an operator wants done with the first event of a key."""

    parked_key_id: UUID
    event_id: UUID
    action: Action
    reason: str | None
    client_id: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, by whom and when."""

    consumer: str
    producer: str
    reason: str | None
    client_id: str
    happened_at: datetime


async def list_parked_keys(
    connection: AsyncConnection, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[ParkedKey]:
    """Return keys that wait, the longest waiting first, after a position where one is given."""
    since, last = after or (None, None)
    rows = await connection.exec_driver_sql(_LIST, (since, last, limit))
    return [
        ParkedKey(
            parked_key_id=UUID(str(row.parked_key_id)),
            consumer=row.consumer,
            producer=row.producer,
            key=_id_or_none(row.key),
            reason=row.reason,
            since=row.since,
            first=None if row.event_id is None else _first(row),
            waiting_count=max(0, row.set_aside - 1),
        )
        for row in rows
    ]


async def decide(uow: UnitOfWork, wanted: Decision, *, now: datetime) -> Done:
    """Carry an operator's decision out; the same decision again is answered as the first time and changes nothing.

    Raises:
        ParkedKeyUnknown: If this service never set the key or the event aside.
        KeyNotParked: If the key goes on already.
        EventNotFirst: If another event is the first that waits.
        NothingFailed: If the event to be skipped did not fail but waits for earlier ones.
    """
    connection = uow.connection
    place = (await connection.exec_driver_sql(_PLACE, (wanted.parked_key_id,))).one_or_none()
    if place is None:
        raise ParkedKeyUnknown("no key of this service has this id")
    key = (place.producer, place.key)
    state = (await inbox.lock_keys(connection, place.consumer, [key]))[key]
    event = (await connection.exec_driver_sql(_EVENT, (place.consumer, *key, wanted.event_id))).one_or_none()
    if event is None:
        raise ParkedKeyUnknown("no event of this key has this id")
    asked = (place.consumer, wanted.event_id, wanted.action, event.attempts)
    done = (await connection.exec_driver_sql(_DONE, asked)).one_or_none()
    if done is not None:
        return Done(place.consumer, place.producer, done.reason, done.client_id, done.happened_at)
    if not state.is_diverted:
        raise KeyNotParked("the key goes on already")
    if not event.is_first:
        raise EventNotFirst("another event of this key is the first that waits; list the keys again")
    if wanted.action == "skip":
        await _skip(connection, place.consumer, key, event, watermark=state.watermark, now=now)
    else:
        await connection.exec_driver_sql(
            "UPDATE parked_event SET state = 'waiting', next_attempt_at = $2 WHERE parked_id = $1",
            (event.parked_id, now),
        )
    who = (wanted.action, wanted.reason, wanted.client_id, wanted.request_id, now)
    await connection.exec_driver_sql(_NOTE, (place.consumer, *key, wanted.event_id, event.attempts, *who))
    log.warning(
        "operator_acted",
        action=wanted.action,
        consumer=place.consumer,
        producer=place.producer,
        parked_key_id=str(wanted.parked_key_id),
        event_id=str(wanted.event_id),
        client_id=wanted.client_id,
    )
    return Done(place.consumer, place.producer, wanted.reason, wanted.client_id, now)


async def _skip(
    connection: AsyncConnection,
    consumer: str,
    key: inbox.KeyOf,
    event: Any,  # noqa: ANN401 - a row of the statement above
    *,
    watermark: int,
    now: datetime,
) -> None:
    if event.attempts == 0 or (event.sequence is not None and event.sequence > watermark + 1):
        raise NothingFailed("the event waits for earlier ones, which are being fetched from the producer")
    await connection.exec_driver_sql(
        "UPDATE parked_event SET state = 'skipped', next_attempt_at = $2 WHERE parked_id = $1", (event.parked_id, now)
    )
    if event.sequence is not None:
        await inbox.raise_watermarks(connection, consumer, {key: inbox.KeyState(event.sequence)})
    await inbox.free_waiting(connection, consumer, key, now)
    await connection.exec_driver_sql(_UNDIVERT_WHEN_CLEAR, (consumer, *key))


def _first(row: Any) -> FirstEvent:  # noqa: ANN401 - a row of the list
    headers: Mapping[str, object] = json.loads(row.headers)
    told = str(headers.get("ce_type"))
    return FirstEvent(
        event_id=UUID(str(row.event_id)),
        type=told if told in BY_TYPE else None,
        sequence=row.sequence,
        error_code=row.error_code,
        attempts=row.attempts,
        state=row.state,
        first_failed_at=row.first_failed_at,
        next_attempt_at=row.next_attempt_at,
        topic=row.topic,
        partition=row.partition,
        broker_offset=row.broker_offset,
    )


def _id_or_none(key: str) -> str | None:
    try:
        return key if str(UUID(key)) == key else None
    except ValueError:
        return None
