"""Setting events aside without losing their order: parked, diverted, copied to the dead-letter topic."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from common.core.ids import named_id
from common.kit import inbox, metrics
from common.kit.broker import InboundRecord
from common.kit.db import UnitOfWork
from common.kit.envelope import Received
from common.kit.failures import GAP_PAUSE, NextStep, error_code_of, next_step
from common.kit.inbox import Parked, Verdict
from common.kit.outbox import PendingEvent


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lay in the broker."""

    topic: str
    partition: int
    broker_offset: int


async def park_for_order(
    uow: UnitOfWork, consumer: str, event: Received, place: Place, *, now: datetime, verdict: Verdict
) -> None:
    """Park an event that must wait for earlier ones of its key; a gap diverts the key first."""
    is_gap = verdict is Verdict.GAP
    if is_gap:
        metrics.GAPS.labels(consumer).inc()
        await inbox.divert(uow.connection, consumer, (event.producer, event.key), "gap")
    step = NextStep("waiting", now + GAP_PAUSE if is_gap else now, "gap" if is_gap else "behind_diverted_key")
    await inbox.park(uow.connection, consumer, _parked(event, place, step, attempts=0))


async def park_failed(
    uow: UnitOfWork, consumer: str, event: Received, place: Place, error: Exception, *, now: datetime
) -> None:
    """Park an event whose use case failed, divert its key, and copy it out when it is dead."""
    step = next_step(error, attempts=1, now=now)
    await inbox.divert(uow.connection, consumer, (event.producer, event.key), "failed")
    stored = await inbox.park(uow.connection, consumer, _parked(event, place, step, attempts=1))
    if stored and step.state == "dead":
        copy_to_dead_letters(uow, consumer, _parked(event, place, step, attempts=1), now)


async def park_poison(
    uow: UnitOfWork, consumer: str, record: InboundRecord, error: Exception, *, now: datetime
) -> None:
    """Park a record that is no envelope under its place, and divert the key its raw bytes name."""
    producer = record.topic.partition(".")[0]
    key = (record.key or b"").decode("utf-8", "backslashreplace").replace("\x00", "\\0")
    headers = json.dumps({name: value.decode("utf-8", "backslashreplace") for name, value in record.headers})
    parked = Parked(
        event_id=named_id("poison", record.topic, record.partition, record.broker_offset),
        producer=producer,
        key=key,
        sequence=None,
        topic=record.topic,
        partition=record.partition,
        broker_offset=record.broker_offset,
        headers=headers.replace("\\u0000", "\\\\0"),
        data=record.value or b"",
        attempts=1,
        next_attempt_at=now,
        error_code=error_code_of(error),
        state="dead",
    )
    await inbox.lock_keys(uow.connection, consumer, [(producer, key)])
    await inbox.divert(uow.connection, consumer, (producer, key), "poison")
    if await inbox.park(uow.connection, consumer, parked):
        copy_to_dead_letters(uow, consumer, parked, now)


def copy_to_dead_letters(uow: UnitOfWork, consumer: str, parked: Parked, now: datetime) -> None:
    """Send a copy to `<consuming service>.dead` for people to see; nothing ever reads that topic back."""
    metrics.DEAD.labels(consumer).inc()
    service = consumer.partition(".")[0]
    origin = {
        "origin_topic": parked.topic,
        "origin_partition": str(parked.partition),
        "origin_offset": str(parked.broker_offset),
        "consumer": consumer,
        "attempts": str(parked.attempts),
        "error_code": parked.error_code,
        "first_failed_at": now.isoformat(),
    }
    uow.pass_on(
        PendingEvent(
            event_id=named_id("dead_letter", consumer, parked.event_id, parked.attempts),
            topic=f"{service}.dead",
            type="dead_letter",
            key=parked.key,
            headers=json.dumps({**json.loads(parked.headers), **origin}),
            data=parked.data,
            numbered=False,
        )
    )


def _parked(event: Received, place: Place, step: NextStep, *, attempts: int) -> Parked:
    return Parked(
        event_id=event.event_id,
        producer=event.producer,
        key=event.key,
        sequence=event.sequence,
        topic=place.topic,
        partition=place.partition,
        broker_offset=place.broker_offset,
        headers=json.dumps(event.headers),
        data=event.data,
        attempts=attempts,
        next_attempt_at=step.next_attempt_at,
        error_code=step.error_code,
        state=step.state,
    )
