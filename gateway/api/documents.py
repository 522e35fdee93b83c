"""Documents that need no token: the surface, the events, and a page to read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from common.core.errors import NotFound
from common.kit.http import public, public_router
from common.kit.schemas import all_schemas, asyncapi_document
from gateway.api.docs_page import docs_page

SCHEMA_MEDIA_TYPE = "application/schema+json"


class SchemaUnknown(NotFound):
    """No event type has this name."""

    zh = "没有这个事件类型"


def documents_router(document: Mapping[str, Any]) -> APIRouter:
    """Return the routes of the documents; everything is made once, at the start.

    Args:
        document: OpenAPI of the whole surface.
    """
    router = public_router(tag="gateway")
    surface, events = _bytes(document), _bytes(asyncapi_document())
    schemas = {name: _bytes(schema) for name, schema in all_schemas().items()}
    page = docs_page(document).encode()

    @router.get("/openapi.json", summary="OpenAPI of the whole surface", **public())
    async def show_openapi() -> Response:
        return Response(surface, media_type="application/json")

    @router.get("/asyncapi.json", summary="AsyncAPI of the events", **public())
    async def show_asyncapi() -> Response:
        return Response(events, media_type="application/json")

    @router.get(
        "/schemas/{event_type}.json", summary="JSON Schema of an event type", **public(problems=(SchemaUnknown,))
    )
    async def show_schema(event_type: str) -> Response:
        if event_type not in schemas:
            raise SchemaUnknown("no event type has this name; /asyncapi.json names them all")
        return Response(schemas[event_type], media_type=SCHEMA_MEDIA_TYPE)

    @router.get("/docs", summary="The surface as a page", response_class=HTMLResponse, **public())
    async def show_docs() -> Response:
        return HTMLResponse(page)

    return router


def _bytes(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
