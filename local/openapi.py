"""`python -m local.openapi [--check]`: one OpenAPI document of the whole surface, from every service's own.

Written to gateway/openapi.json, which the gateway serves and takes its forwarding table from. Next hop: gateway/app.py
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from common.kit.problems import document_problems
from gateway.app import create_app as create_gateway
from gateway.domain.rate_limit import RateLimited
from gateway.settings import Settings as GatewaySettings

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "gateway" / "openapi.json"
SHARED_SHAPES = frozenset({"Problem"})
METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_REFERENCE = "#/components/schemas/"
_KEY = "00" * 32
_NOWHERE = {
    "database_url": "postgresql+asyncpg://nobody:nothing@127.0.0.1:1/none",
    "cursor_key": _KEY,
    "data_key": _KEY,
    "person_key": _KEY,
    "jwks_url": "http://127.0.0.1:1/keys",
}
_AT_THE_DOOR = {str(status): each for status, each in document_problems([RateLimited]).items()}
"""What the gateway answers on its own to any call with a token, whichever service it is for."""
_DESCRIPTION = (
    "One discharge settles every scheme at the counter and tells everybody who must act. "
    "Get a token at /oauth/token; on time-out or 5xx repeat with the same Idempotency-Key."
)


class SurfaceUnclear(ValueError):
    """Two services answer the same call, or a call does not say who may make it."""


def service_names() -> list[str]:
    """Return the services that have an HTTP process, by their folders."""
    return sorted(path.parent.name for path in ROOT.glob("services/[a-z]*/app.py"))


def own_documents() -> dict[str, dict[str, Any]]:
    """Return each application's own OpenAPI document; nothing is connected to."""
    apps: dict[str, FastAPI] = {}
    for name in service_names():
        settings = importlib.import_module(f"services.{name}.settings").Settings(**_NOWHERE)
        apps[name] = importlib.import_module(f"services.{name}.app").create_app(settings)
    apps["gateway"] = create_gateway(GatewaySettings(**_NOWHERE), surface={"paths": {}})  # type: ignore[arg-type] # pydantic turns the texts into secrets
    return {name: app.openapi() for name, app in apps.items()}


def merged(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return one document of all.

    Raises:
        SurfaceUnclear: If two services answer the same call, or one does not name its scopes.
    """
    paths: dict[str, dict[str, Any]] = {}
    shapes: dict[str, Any] = {}
    for service, document in documents.items():
        for name, shape in document.get("components", {}).get("schemas", {}).items():
            shapes[name if name in SHARED_SHAPES else f"{service}_{name}"] = _renamed(shape, service)
        for path, method, operation in _operations(document):
            if method in paths.setdefault(path, {}):
                raise SurfaceUnclear(f"{method.upper()} {path} is answered by {service} and by another")
            paths[path][method] = _outward(operation, service, f"{method.upper()} {path}")
    scopes = sorted(
        {scope for operations in paths.values() for each in operations.values() for scope in each["x-scopes"]}
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Yizhan", "version": "1", "description": _DESCRIPTION},
        "paths": {path: paths[path] for path in sorted(paths)},
        "components": {
            "schemas": dict(sorted(shapes.items())),
            "securitySchemes": {"bearer": _security(scopes)},
        },
    }


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document.get("paths", {}).items():
        if path.startswith("/internal/"):
            continue
        for method, operation in operations.items():
            if method in METHODS:
                yield path, method, operation


def _outward(operation: Mapping[str, Any], service: str, call: str) -> dict[str, Any]:
    if "x-scopes" not in operation:
        raise SurfaceUnclear(f"{call} of {service} names no scopes; declare it with **secured(...) or **public()")
    outward: dict[str, Any] = _renamed(operation, service)
    if outward["x-scopes"]:
        outward["responses"] = dict(sorted((outward["responses"] | _AT_THE_DOOR).items()))
    return {**outward, "operationId": f"{service}_{operation['operationId']}", "x-service": service}


def _renamed(value: Any, service: str) -> Any:  # noqa: ANN401 - any part of a JSON document
    """Return the value with its references led to the service's own shapes."""
    if isinstance(value, dict):
        return {name: _renamed(each, service) for name, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, service) for each in value]
    if isinstance(value, str) and value.startswith(_REFERENCE):
        name = value.removeprefix(_REFERENCE)
        return value if name in SHARED_SHAPES else f"{_REFERENCE}{service}_{name}"
    return value


def _security(scopes: list[str]) -> dict[str, Any]:
    flow = {"tokenUrl": "/oauth/token", "scopes": {scope: f"See the calls that name {scope}" for scope in scopes}}
    return {"type": "oauth2", "flows": {"clientCredentials": flow}}


def rendered() -> str:
    """Return the text of gateway/openapi.json as it ought to be."""
    return json.dumps(merged(own_documents()), ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write the document, or say that the committed one is not up to date."""
    parser = argparse.ArgumentParser(prog="python -m local.openapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when the file is not up to date")
    text = rendered()
    if parser.parse_args().check:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            sys.exit("gateway/openapi.json is not what the services say; run `make openapi` and commit it")
        print("openapi: gateway/openapi.json is up to date")
        return
    TARGET.write_text(text, encoding="utf-8")
    print(f"openapi: wrote {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
