"""What our own services ask of a producer: `/internal/events` and `/internal/events/heads`, on every HTTP process.

Service tokens only; the gateway neither forwards nor has these routes. Next hop: common/kit/producer_client.py
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import AfterValidator

from common.kit.auth import SERVICE_SCOPE
from common.kit.db import Database
from common.kit.fields import InstantField, ResponseModel
from common.kit.names import SERVICES
from common.kit.problems import MalformedBody
from common.kit.producer_log import LoggedEvent, all_heads, changed_heads, events_after, events_of_key, log_times
from common.kit.routing import secured, secured_router

MOST_EVENTS = 500
MOST_HEADS = 5_000
_FOR_SERVICES = tuple(f"{SERVICE_SCOPE}{name}" for name in SERVICES)

KeyText = Annotated[str, Query(min_length=1, max_length=200)]
AfterKey = Annotated[str, Query(max_length=200, description="The last key of the page before")]
AfterSequence = Annotated[int, Query(ge=0, le=2**62)]
EventLimit = Annotated[int, Query(ge=1), AfterValidator(lambda limit: min(limit, MOST_EVENTS))]
HeadLimit = Annotated[int, Query(ge=1), AfterValidator(lambda limit: min(limit, MOST_HEADS))]


class EventOut(ResponseModel):
    """One event: from `headers` (a JSON object as text) and `data` the record can be rebuilt byte for byte."""

    event_id: UUID
    topic: str
    type: str
    key: str
    sequence: int
    headers: str
    data: str
    recorded_at: datetime


class EventsOut(ResponseModel):
    """Events in order; `last_sequence` and `first_available_sequence` belong to the question about one key."""

    items: list[EventOut]
    last_sequence: int | None = None
    first_available_sequence: int | None = None


class HeadOut(ResponseModel):
    """How far one key is."""

    key: str
    last_sequence: int


class HeadsOut(ResponseModel):
    """A page of heads; `as_of` is the producer's clock, `first_recorded_at` null when its log is empty."""

    items: list[HeadOut]
    next_key: str | None
    as_of: datetime
    first_recorded_at: datetime | None


router = secured_router()


@router.get("/internal/events", include_in_schema=False, **secured(*_FOR_SERVICES))
async def get_events(
    request: Request,
    key: KeyText | None = None,
    after_key: AfterKey = "",
    after_sequence: AfterSequence = 0,
    limit: EventLimit = MOST_EVENTS,
) -> EventsOut:
    """Answer the events of one key, or of all keys in the order (key, sequence)."""
    if key is not None and after_key:
        detail = "key asks for one key, after_key pages through all"
        raise MalformedBody(detail, errors=[{"pointer": "query:after_key", "code": "contradiction", "detail": detail}])
    async with _database(request).engine.connect() as connection:
        if key is None:
            found = await events_after(connection, after_key=after_key, after_sequence=after_sequence, limit=limit)
            return EventsOut(items=[_out(event) for event in found])
        log = await events_of_key(connection, key=key, after_sequence=after_sequence, limit=limit)
    return EventsOut(
        items=[_out(event) for event in log.events],
        last_sequence=log.last_sequence,
        first_available_sequence=log.first_available_sequence,
    )


@router.get("/internal/events/heads", include_in_schema=False, **secured(*_FOR_SERVICES))
async def get_heads(
    request: Request,
    changed_since: Annotated[InstantField | None, Query()] = None,
    after_key: AfterKey = "",
    limit: HeadLimit = MOST_HEADS,
) -> HeadsOut:
    """Answer how far the keys changed since an instant are, or all keys."""
    async with _database(request).engine.connect() as connection:
        as_of, first = await log_times(connection)
        if changed_since is None:
            heads = await all_heads(connection, after_key=after_key, limit=limit)
        else:
            heads = await changed_heads(
                connection,
                since=changed_since,
                age_seconds=request.app.state.heads_age_seconds,
                after_key=after_key,
                limit=limit,
            )
    return HeadsOut(
        items=[HeadOut(key=head.key, last_sequence=head.last_sequence) for head in heads],
        next_key=heads[-1].key if len(heads) == limit else None,
        as_of=as_of,
        first_recorded_at=first,
    )


def _database(request: Request) -> Database:
    """Return the process's pool: nothing is written here, so that no unit of work is opened."""
    database: Database = request.app.state.database
    return database


def _out(event: LoggedEvent) -> EventOut:
    return EventOut(
        event_id=event.event_id,
        topic=event.topic,
        type=event.type,
        key=event.key,
        sequence=event.sequence,
        headers=event.headers,
        data=event.data.decode(),
        recorded_at=event.recorded_at,
    )
