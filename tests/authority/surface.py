"""Every route there is, read from the applications themselves: what no document shows is found too."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from gateway.app import create_app as create_gateway
from gateway.settings import Settings as GatewaySettings
from local.openapi import service_names

_KEY = "00" * 32
_NOWHERE = {
    "database_url": "postgresql+asyncpg://nobody:nothing@127.0.0.1:1/none",
    "cursor_key": _KEY,
    "data_key": _KEY,
    "person_key": _KEY,
    "jwks_url": "http://127.0.0.1:1/keys",
}
_ANY_METHOD = frozenset({"ANY"})
_SHADOWS = frozenset({"HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Call:
    """A method on a path of one process, and the scopes that the route itself declares (None: it declares none)."""

    service: str
    method: str
    path: str
    scopes: frozenset[str] | None

    @property
    def name(self) -> str:
        return f"{self.service} {self.method} {self.path}"


def applications() -> dict[str, FastAPI]:
    """Return every HTTP process's application as it ships; nothing is connected to."""
    apps: dict[str, FastAPI] = {}
    for name in service_names():
        settings = importlib.import_module(f"services.{name}.settings").Settings(**_NOWHERE)
        apps[name] = importlib.import_module(f"services.{name}.app").create_app(settings)
    apps["gateway"] = create_gateway(GatewaySettings(**_NOWHERE), surface={"paths": {}})
    return apps


def calls_of(apps: Mapping[str, FastAPI]) -> list[Call]:
    """Return every call that any of the applications answers; a mounted application counts as one of any method."""
    return [
        call
        for service, app in apps.items()
        for route in iter_route_contexts(app.routes)
        for call in _calls(service, route)
    ]


@cache
def all_calls() -> tuple[Call, ...]:
    """Return every call of the suite."""
    return tuple(calls_of(applications()))


def _calls(service: str, route: RouteContext) -> Iterator[Call]:
    extra = getattr(route, "openapi_extra", None)
    scopes = frozenset(extra["x-scopes"]) if extra and "x-scopes" in extra else None
    for method in sorted((route.methods or _ANY_METHOD) - _SHADOWS):
        yield Call(service, method, str(route.path), scopes)
