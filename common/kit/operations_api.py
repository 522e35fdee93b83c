"""The operators' commands for keys that wait: one shape for every service and for the gateway's own worker.

These routes are the commands; there is no other tool. Next hop: common/kit/parked_keys.py
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, params
from pydantic import Field

from common.kit.fields import RequestModel, ResponseModel, ShortText
from common.kit.http import CurrentCaller, CurrentCause, CursorKey, Now, Uow, secured, secured_router
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, decode_place, page_of
from common.kit.parked_keys import (
    Decision,
    Done,
    EventNotFirst,
    KeyNotParked,
    NothingFailed,
    ParkedKeyUnknown,
    decide,
    list_parked_keys,
)

_RETRYING = (ParkedKeyUnknown, KeyNotParked, EventNotFirst)
_SKIPPING = (*_RETRYING, NothingFailed)

FirstEventId = Annotated[
    UUID, Field(description="The key's first event as listed: a repeated call can never hit the next one")
]


class FirstEventOut(ResponseModel):
    """The event on which a key waits; neither payload nor personal data."""

    event_id: UUID
    type: str | None = Field(description="Event type; null where the record is no event of ours")
    sequence: int | None = Field(description="Number within its key; null where it cannot be read")
    error_code: str
    attempts: int
    state: str = Field(description="waiting: tried again at next_attempt_at; dead: only an operator helps")
    first_failed_at: datetime
    next_attempt_at: datetime
    topic: str
    partition: int
    broker_offset: int


class ParkedKeyOut(ResponseModel):
    """A key whose events are set aside until its first one is handled or skipped."""

    parked_key_id: UUID = Field(description="Stands for consumer, producer and key")
    consumer: str
    producer: str
    key: str | None = Field(description="Person, household or thing; null where it is no id of ours")
    reason: str = Field(description="failed, gap or poison")
    since: datetime
    first: FirstEventOut | None
    waiting_count: int = Field(description="Events that wait behind the first")


class ParkedKeyPage(ResponseModel):
    """A page of keys, the longest waiting first."""

    items: list[ParkedKeyOut]
    next_cursor: str | None


class RetryIn(RequestModel):
    """Which event to try again."""

    event_id: FirstEventId


class SkipIn(RequestModel):
    """Which event to give up for good, and why."""

    event_id: FirstEventId
    reason: Annotated[ShortText, Field(description="Why it may be left out; no personal data")]


class ActionOut(ResponseModel):
    """What was done, by whom and when; the same call again answers the same."""

    parked_key_id: UUID
    event_id: UUID
    action: str
    consumer: str
    producer: str
    reason: str | None
    client_id: str
    happened_at: datetime


def operations_router(service: str, *, dependencies: Sequence[params.Depends] = ()) -> APIRouter:
    """Return the operators' routes of one service.

    Args:
        service: Stands in the path: the gateway forwards by it.
        dependencies: Of every route; the gateway's own are limited and audited by them.
    """
    base = f"/v1/operations/{service}/parked-keys"
    router = secured_router(tag="operations")
    for path, method, call, summary, problems in (
        (base, "GET", get_parked_keys, "Keys that wait", (CursorInvalid,)),
        (f"{base}/{{parked_key_id}}/retry", "POST", post_retry, "Try a key's first event again", _RETRYING),
        (f"{base}/{{parked_key_id}}/skip", "POST", post_skip, "Give a key's first event up", _SKIPPING),
    ):
        router.add_api_route(
            path,
            call,
            methods=[method],
            summary=summary,
            dependencies=dependencies,
            **secured("operator", problems=problems),
        )
    return router


async def get_parked_keys(
    request: Request, uow: Uow, key: CursorKey, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None
) -> ParkedKeyPage:
    """List the keys whose events are set aside, with the event each waits on."""
    of = request.url.path
    after = None if cursor is None else decode_place(cursor, key=key, of=of)
    found = await list_parked_keys(uow.connection, after=after, limit=limit + 1)
    items, next_cursor = page_of(
        found,
        limit=limit,
        position_of=lambda each: (each.since.isoformat(), str(each.parked_key_id)),
        key=key,
        of=of,
    )
    outward = [ParkedKeyOut.model_validate(each, from_attributes=True) for each in items]
    return ParkedKeyPage(items=outward, next_cursor=next_cursor)


async def post_retry(
    parked_key_id: UUID, body: RetryIn, uow: Uow, caller: CurrentCaller, cause: CurrentCause, now: Now
) -> ActionOut:
    """Let the event be tried at once by the normal path; what waits behind follows when it succeeds."""
    wanted = Decision(parked_key_id, body.event_id, "retry", None, caller.client_id, cause.correlation_id)
    return _out(wanted, await decide(uow, wanted, now=now))


async def post_skip(
    parked_key_id: UUID, body: SkipIn, uow: Uow, caller: CurrentCaller, cause: CurrentCause, now: Now
) -> ActionOut:
    """Leave the failed event out for ever; what waits behind it goes on in order."""
    wanted = Decision(parked_key_id, body.event_id, "skip", body.reason, caller.client_id, cause.correlation_id)
    return _out(wanted, await decide(uow, wanted, now=now))


def _out(wanted: Decision, done: Done) -> ActionOut:
    return ActionOut(
        parked_key_id=wanted.parked_key_id,
        event_id=wanted.event_id,
        action=wanted.action,
        consumer=done.consumer,
        producer=done.producer,
        reason=done.reason,
        client_id=done.client_id,
        happened_at=done.happened_at,
    )
