"""CloudEvents 1.0 on the wire: what the outbox stores, what the relay sends, what a consumer reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json

from common.kit.cause import Cause
from common.published.base import PublishedEvent
from common.published.catalogue import BY_TYPE, CatalogueLine

MAX_DATA_BYTES = 262_144
STRUCTURED = "application/cloudevents"
Headers = tuple[tuple[str, bytes], ...]


class EnvelopeUnreadable(ValueError):
    """A record is no valid envelope of ours: poison, parked by its place."""


class EventTooLarge(ValueError):
    """An event's data is above 256 KiB; larger things travel by id."""


@dataclass(frozen=True, slots=True)
class Received:
    """One event as a handler sees it."""

    event_id: UUID
    type: str
    producer: str
    key: str
    sequence: int
    occurred_at: datetime
    cause: Cause
    headers: dict[str, str]
    data: bytes

    def event(self) -> PublishedEvent:
        """Return the published model.

        Raises:
            EnvelopeUnreadable: If the data does not fit the model of its type.
        """
        line = BY_TYPE.get(self.type)
        if line is None:
            raise EnvelopeUnreadable(f"type {self.type} is not in the catalogue")
        try:
            return line.model.model_validate_json(self.data)
        except ValidationError as error:
            raise EnvelopeUnreadable(f"data of {self.type} does not fit its model") from error


def instant_text(instant: datetime) -> str:
    """Return RFC 3339 in UTC with Z.

    >>> instant_text(datetime(2016, 9, 12, 2, 11, 9, tzinfo=UTC))
    '2016-09-12T02:11:09Z'
    """
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def stored_headers(
    line: CatalogueLine, event: PublishedEvent, *, occurred_at: datetime, cause: Cause
) -> dict[str, str]:
    """Return the headers kept in the outbox: all but the sequence, which the commit gives."""
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_type": line.event_type,
        "ce_source": line.source,
        "ce_id": str(line.event_id_of(event)),
        "ce_subject": str(getattr(event, line.subject)),
        "ce_time": instant_text(occurred_at),
        "ce_dataschema": line.schema_path,
        "ce_partitionkey": line.key_of(event),
        "ce_correlationid": cause.correlation_id,
    }
    if cause.causation_id:
        headers["ce_causationid"] = cause.causation_id
    if cause.traceparent:
        headers["ce_traceparent"] = cause.traceparent
    return headers


def wire_headers(stored: str, sequence: int | None) -> Headers:
    """Return the headers of the record that the relay sends."""
    headers = from_json(stored)
    if sequence is not None:
        headers["ce_sequence"] = f"{sequence:019d}"
    return tuple([(name, str(value).encode()) for name, value in headers.items()])


def event_data(event: PublishedEvent) -> bytes:
    """Return the event as JSON bytes.

    Raises:
        EventTooLarge: Above 256 KiB.
    """
    data = event.model_dump_json().encode()
    if len(data) > MAX_DATA_BYTES:
        raise EventTooLarge(f"{type(event).__name__} has {len(data)} bytes, the limit is {MAX_DATA_BYTES}")
    return data


def read_record(headers: Headers, value: bytes | None) -> Received:
    """Read a record in binary or structured mode.

    Raises:
        EnvelopeUnreadable: If a required attribute is missing or ill-formed, or there is no value.
    """
    if value is None:
        raise EnvelopeUnreadable("a record without value")
    try:
        texts = {name.lower(): content.decode() for name, content in headers}
        if texts.get("content-type", "").startswith(STRUCTURED):
            texts, value = _unfolded(value)
        event_type = texts["ce_type"]
        producer = texts["ce_source"].removeprefix("/yizhan/")
        if texts["ce_specversion"] != "1.0" or event_type.partition(".")[0] != producer:
            raise EnvelopeUnreadable(f"type {event_type} does not belong to source {texts['ce_source']}")
        return Received(
            event_id=UUID(texts["ce_id"]),
            type=event_type,
            producer=producer,
            key=texts["ce_partitionkey"],
            sequence=int(texts["ce_sequence"]),
            occurred_at=datetime.fromisoformat(texts["ce_time"]),
            cause=Cause(texts.get("ce_correlationid", texts["ce_id"]), texts["ce_id"], texts.get("ce_traceparent")),
            headers=texts,
            data=value,
        )
    except (KeyError, ValueError, AttributeError) as error:
        raise EnvelopeUnreadable(f"no valid envelope: {error}") from error


def _unfolded(value: bytes) -> tuple[dict[str, str], bytes]:
    """Return headers and data of a structured CloudEvent."""
    whole = json.loads(value)
    data = json.dumps(whole.pop("data"), ensure_ascii=False, separators=(",", ":")).encode()
    texts = {f"ce_{name}": str(content) for name, content in whole.items() if name != "datacontenttype"}
    texts["content-type"] = whole.get("datacontenttype", "application/json")
    return texts, data
