"""Catch-up over the outward log: `GET /v1/events`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from common.kit.auth import NotYours
from common.kit.fields import ResponseModel
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, decode_cursor, encode_cursor
from common.published.catalogue import BY_TYPE, CATALOGUE
from gateway.api.deps import (
    LIMITED,
    NOTED,
    CurrentCaller,
    CursorKey,
    Uow,
    json_answer,
    secured,
    secured_router,
)
from gateway.domain.outward import DIAGNOSIS_SCOPE, GREATEST_LIMIT, CursorExpired, FieldRule, Purpose
from gateway.domain.rate_limit import RateLimited
from gateway.usecases.read_events import read_events

PATH = "/v1/events"
RULES = {line.event_type: FieldRule(line.withheld, line.diagnosis) for line in CATALOGUE}

router = secured_router(tag="gateway")


def _known(names: list[str]) -> list[str]:
    for name in names:
        if name not in BY_TYPE:
            raise PydanticCustomError("event_type_unknown", "no such event type; /asyncapi.json names them all")
    return names


def _cut(limit: int) -> int:
    return min(limit, GREATEST_LIMIT)


After = Annotated[
    str | None, Query(description="`next_cursor` of the answer before; absent: from the first event kept")
]
Types = Annotated[
    list[str],
    Query(alias="type", description="Event type, may stand several times; absent: all"),
    AfterValidator(_known),
]
EventLimit = Annotated[
    int, Query(ge=1, description=f"Events per answer, at most {GREATEST_LIMIT}; more is cut"), AfterValidator(_cut)
]


class OutwardEvent(ResponseModel):
    """A CloudEvent 1.0 in structured mode, as the reader's purpose allows."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    dataschema: str = Field(description="Path of the JSON Schema of `data`")
    partitionkey: str = Field(description="Events of one key stand in their order")
    sequence: str = Field(description="Dense per producer and key, 19 digits")
    correlationid: str = Field(description="Request id that began the chain")
    traceparent: str | None = None
    data: dict[str, Any]


class EventPage(ResponseModel):
    """A stretch of the log; empty only at its end, and then `next_cursor` is the `after` that was asked."""

    items: list[OutwardEvent]
    next_cursor: str = Field(description="The next `after`; never null")


@router.get(
    PATH,
    summary="Catch up on events",
    response_model=EventPage,
    dependencies=[*LIMITED, *NOTED],
    **secured("events", problems=(CursorInvalid, CursorExpired, RateLimited)),
)
async def catch_up(
    uow: Uow,
    caller: CurrentCaller,
    key: CursorKey,
    after: After = None,
    types: Types = [],  # noqa: B006 - FastAPI copies defaults
    limit: EventLimit = DEFAULT_LIMIT,
) -> Response:
    """Return the events of the caller's county after a cursor, oldest first."""
    if caller.county is None or caller.institution_code or caller.township:
        raise NotYours("the log is a county's: this client is bound to none, or to a part of one")
    of = f"events:{caller.county}"
    position = None if after is None else int(decode_cursor(after, key=key, of=of)[0])
    try:
        caught = await read_events(
            uow=uow,
            purpose=Purpose(caller.county, sees_diagnosis=DIAGNOSIS_SCOPE in caller.scopes),
            rules=RULES,
            after=position,
            types=types,
            limit=limit,
        )
    except CursorExpired as expired:
        first = encode_cursor([int(str(expired.facts["first_position"]))], key=key, of=of)
        raise CursorExpired(expired.detail, first_cursor=first) from None
    return json_answer({"items": caught.items, "next_cursor": encode_cursor([caught.after], key=key, of=of)})
