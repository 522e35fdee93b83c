"""Routes (路由): which service answers a path, and which scopes may call it; the table comes from gateway/openapi.json.

Only what stands in the table is forwarded; `/internal/...` never stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from common.core.errors import NotFound, Refused

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
GATEWAY = "gateway"
_PRIVATE = "internal"


class RouteUnknown(NotFound):
    """No service answers this path."""

    zh = "没有这个地址"


class MethodNotAllowed(Refused):
    """The path exists, but not with this method."""

    code = "method_not_allowed"
    zh = "该地址不支持此方法"


@dataclass(frozen=True, slots=True)
class Route:
    """One call of the surface.

    Attributes:
        method: In capitals.
        template: Path with parameters in braces.
        service: Who answers.
        scopes: Any one of these may call; empty only for calls without a token.
    """

    method: str
    template: str
    service: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Match:
    """A call found in the table.

    Attributes:
        route: The line of the table.
        path: The path to ask upstream, written anew from its decoded segments.
        parameters: Values of the template's parameters.
    """

    route: Route
    path: str
    parameters: Mapping[str, str]


def routes_of(document: Mapping[str, Any]) -> list[Route]:
    """Return the lines of the table from the merged OpenAPI document.

    Every operation names its service in `x-service` and its scopes in `x-scopes`.
    """
    return [
        Route(method.upper(), template, operation["x-service"], frozenset(operation.get("x-scopes", ())))
        for template, operations in document["paths"].items()
        for method, operation in operations.items()
        if method.upper() in METHODS and not _is_private(template)
    ]


class RouteTable:
    """Finds the route of a request; a written segment wins over a parameter."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_template: dict[tuple[str, ...], dict[str, Route]] = {}
        for route in routes:
            self._by_template.setdefault(tuple(route.template.split("/")[1:]), {})[route.method] = route
        self._by_length: dict[int, list[tuple[str, ...]]] = {}
        for template in sorted(self._by_template, key=_parameters_last):
            self._by_length.setdefault(len(template), []).append(template)

    def find(self, *, method: str, raw_path: str) -> Match:
        """Return what a request asks for.

        Args:
            method: In capitals.
            raw_path: The path as it came, still percent-encoded, without the query.

        Raises:
            RouteUnknown: If no service answers the path, or it hides slashes, dots or control characters.
            MethodNotAllowed: If the path is known with other methods; `allow` names them.
        """
        segments = _decoded(raw_path)
        if segments is None:
            raise RouteUnknown("there is nothing at this address")
        for template in self._by_length.get(len(segments), ()):
            parameters = _fit(template, segments)
            if parameters is not None:
                return self._with_method(template, method, segments, parameters)
        raise RouteUnknown("there is nothing at this address")

    def _with_method(
        self, template: tuple[str, ...], method: str, segments: Sequence[str], parameters: Mapping[str, str]
    ) -> Match:
        routes = self._by_template[template]
        if method not in routes:
            raise MethodNotAllowed("this address does not answer the method", allow=", ".join(sorted(routes)))
        return Match(routes[method], "/" + "/".join(quote(each, safe=":@") for each in segments), parameters)


def _is_private(template: str) -> bool:
    return template.split("/")[1] == _PRIVATE


def _parameters_last(template: tuple[str, ...]) -> tuple[bool, ...]:
    return tuple(each.startswith("{") for each in template)


def _decoded(raw_path: str) -> list[str] | None:
    """Return the decoded segments, or None when one of them could mean another path upstream."""
    try:
        segments = [unquote(each, errors="strict") for each in raw_path.split("/")[1:]]
    except UnicodeDecodeError:
        return None
    if any(not each.isprintable() or each in {"", ".", ".."} or set(each) & set("/\\?#") for each in segments):
        return None
    return segments


def _fit(template: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    parameters: dict[str, str] = {}
    for wanted, given in zip(template, segments, strict=True):
        if wanted.startswith("{"):
            parameters[wanted.strip("{}")] = given
        elif wanted != given:
            return None
    return parameters
