"""The surface as Schemathesis reads it from the document, and what every answer is held to."""

from __future__ import annotations

import json
import os
from pathlib import Path

import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

FUZZ = int(os.environ.get("FUZZ", "8"))
SEED = int(os.environ.get("FUZZ_SEED", "20160912"))
DOCUMENT = json.loads(Path("gateway/openapi.json").read_text(encoding="utf-8"))
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {each.label: each for each in (result.ok() for result in SCHEMA.get_all_operations())}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CLIENTS = {
    "his": "211381-hospital-1",
    "identity:read": "211381-bureau-identity",
    "identity:write": "211381-bureau-identity",
    "contracts": "211381-bureau-contracts",
    "monitoring": "211381-bureau-monitoring",
    "funds": "211381-bureau-funds",
    "events": "211381-subscriber",
    "operator": "operator",
}


def scopes_of(label: str) -> list[str]:
    """Return the scopes of an operation; one that asks for no token has none."""
    method, path = label.split()
    found: list[str] = DOCUMENT["paths"][path][method.lower()]["x-scopes"]
    return found
