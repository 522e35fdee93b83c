"""What every event promises, for machines: one JSON Schema per type and one AsyncAPI document, made from the catalogue.

`local/schemas.py` writes them to docs/, the gateway serves them; both call these functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.published.catalogue import CATALOGUE, PRODUCERS, CatalogueLine, topic_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
OUTWARD = "x-outward"
"""Marks a field that does not leave the door for everybody: `never`, or the scope that opens it."""

REQUIRED_INSIDE = "x-required-inside"
"""Names the marked fields that stand in every event on the topics."""

_NEVER = "never"
_DIAGNOSIS = "events:diagnosis"
_HEADERS: Mapping[str, str] = {
    "ce_specversion": "Always 1.0",
    "ce_type": "Event type",
    "ce_source": "/yizhan/ and the producer",
    "ce_id": "Same for every copy of the same fact",
    "ce_subject": "Id of the thing the fact is about",
    "ce_time": "When it became true, RFC 3339 in UTC",
    "ce_dataschema": "Path of the JSON Schema of the value",
    "ce_partitionkey": "The key of the record as text",
    "ce_sequence": "Dense per producer and key, 19 digits, so that text order is number order",
    "ce_correlationid": "Request id that began the chain",
    "ce_causationid": "ce_id of the event that led here",
    "ce_traceparent": "W3C trace context",
}
_OPTIONAL_HEADERS = frozenset({"ce_causationid", "ce_traceparent"})


def schema_of(line: CatalogueLine) -> dict[str, Any]:
    """Return the JSON Schema of an event's data, true for every reader: what may be withheld is not required."""
    schema = line.model.model_json_schema()
    marks = {**dict.fromkeys(line.withheld, _NEVER), **dict.fromkeys(line.diagnosis, _DIAGNOSIS)}
    for name, mark in marks.items():
        schema["properties"][name] = {**schema["properties"][name], OUTWARD: mark}
    required = set(schema.get("required", ()))
    schema["required"] = sorted(required - set(marks))
    if required & set(marks):
        schema[REQUIRED_INSIDE] = sorted(required & set(marks))
    return {"$schema": DIALECT, "$id": line.schema_path, **schema, "title": line.event_type}


def all_schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of every type in the catalogue."""
    return {line.event_type: schema_of(line) for line in CATALOGUE}


def asyncapi_document() -> dict[str, Any]:
    """Return the AsyncAPI 3 document of the four topics."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Yizhan events",
            "version": "1",
            "description": (
                "CloudEvents 1.0 in Kafka's binary mode. The gateway tells the same facts outward "
                "(GET /v1/events), there as structured CloudEvents less the fields marked x-outward."
            ),
        },
        "defaultContentType": "application/json",
        "channels": {producer: _channel(producer) for producer in PRODUCERS},
        "operations": {f"tell_{producer}": _operation(producer) for producer in PRODUCERS},
        "components": {
            "messages": {line.event_type: _message(line) for line in CATALOGUE},
            "schemas": {"Headers": _headers_schema()},
        },
    }


def _lines_of(producer: str) -> list[CatalogueLine]:
    return [line for line in CATALOGUE if line.producer == producer]


def _channel(producer: str) -> dict[str, Any]:
    return {
        "address": topic_of(producer),
        "description": f"Facts told by {producer}; one key's facts stand in one partition in their order.",
        "messages": {
            line.event_type: {"$ref": f"#/components/messages/{line.event_type}"} for line in _lines_of(producer)
        },
    }


def _operation(producer: str) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{producer}"},
        "messages": [{"$ref": f"#/channels/{producer}/messages/{line.event_type}"} for line in _lines_of(producer)],
    }


def _message(line: CatalogueLine) -> dict[str, Any]:
    return {
        "name": line.event_type,
        "title": line.model.__name__,
        "summary": (line.model.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/Headers"},
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": schema_of(line)},
        "x-key": line.key,
        "x-listeners": list(line.listeners),
    }


def _headers_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "required": [name for name in _HEADERS if name not in _OPTIONAL_HEADERS],
        "properties": {name: {"type": "string", "description": text} for name, text in _HEADERS.items()},
    }
