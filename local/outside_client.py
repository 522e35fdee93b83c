"""A client as hospitals and bureaus write one: token, retries under the same key, problem documents.

What the demo load, `make chain` and the end-to-end tests call the gateway with. Next hop: gateway/app.py
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypedDict, Unpack

import httpx

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path, no secret
PATIENCE_SECONDS = 60.0
_RENEW_BEFORE_SECONDS = 30.0
_WAIT_SECONDS = 0.2
_LONGEST_WAIT_SECONDS = 10.0
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class CallRefused(Exception):
    """The suite refused a call; `status` and `code` say how."""

    def __init__(self, method: str, path: str, answer: httpx.Response) -> None:
        problem = problem_of(answer)
        self.status = answer.status_code
        self.code = str(problem.get("code", ""))
        detail = problem.get("detail") or answer.text[:300]
        super().__init__(f"{method} {path}: {self.status} {self.code}: {detail} {problem.get('errors', '')}".rstrip())


class ClientsUnusable(Exception):
    """The demo clients' file is missing or lacks a client."""


class RequestParts(TypedDict, total=False):
    """The parts of a request as httpx names them."""

    headers: dict[str, str]
    params: dict[str, str | int]
    json: object
    content: bytes
    data: dict[str, str]
    files: dict[str, tuple[str, bytes, str]]
    auth: tuple[str, str]
    timeout: float


@dataclass(frozen=True, slots=True)
class ClientEntry:
    """One client of the demo clients' file (演示客户端)."""

    client_id: str
    client_secret: str
    scope: str
    institution_code: str | None = None
    county: str | None = None
    township: str | None = None


@dataclass(frozen=True, slots=True)
class ClientFile:
    """The demo clients by name."""

    path: Path
    entries: Mapping[str, ClientEntry]

    def named(self, name: str) -> ClientEntry:
        """Return one client.

        Raises:
            ClientsUnusable: If the file does not hold it.
        """
        if name not in self.entries:
            raise ClientsUnusable(f"{self.path} has no client {name}; it has {', '.join(sorted(self.entries))}")
        return self.entries[name]

    def of_institution(self, code: str) -> ClientEntry:
        """Return the client of a hospital.

        Raises:
            ClientsUnusable: If no client is bound to that institution.
        """
        for entry in self.entries.values():
            if entry.institution_code == code:
                return entry
        raise ClientsUnusable(f"{self.path} has no client of institution {code}")


def read_clients(path: Path) -> ClientFile:
    """Read the demo clients' file.

    Raises:
        ClientsUnusable: If it is missing or not of the promised shape.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return ClientFile(path, {name: _entry(fields) for name, fields in entries.items()})
    except FileNotFoundError:
        raise ClientsUnusable(f"{path} does not exist; `make run` or `make up` writes it") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise ClientsUnusable(f"{path} is no demo clients' file: {error}") from error


class OutsideClient:
    """Calls the gateway as one client."""

    def __init__(
        self, http: httpx.AsyncClient, entry: ClientEntry, *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._http = http
        self._entry = entry
        self._patience_seconds = patience_seconds
        self._token = ""
        self._token_until = 0.0
        self._asking = asyncio.Lock()

    async def token(self) -> str:
        """Return a token that is still good for a while, asking for one where needed."""
        async with self._asking:
            if time.monotonic() >= self._token_until:
                answer = await self._patiently("POST", TOKEN_PATH, **self._credentials())
                if answer.status_code != HTTPStatus.OK:
                    raise CallRefused("POST", TOKEN_PATH, answer)
                granted = answer.json()
                self._token = granted["access_token"]
                lifetime = float(granted.get("expires_in", 0))
                self._token_until = time.monotonic() + max(lifetime - _RENEW_BEFORE_SECONDS, 0.0)
            return self._token

    async def call(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        also: Collection[int] = (),
        **request: Unpack[RequestParts],
    ) -> httpx.Response:
        """Call a route, waiting out 429, 503, `in_progress` and lost connections under the same key.

        Args:
            method: HTTP method.
            path: Path below the gateway's address.
            key: Idempotency-Key, where the route wants one.
            also: Statuses to return although they are refusals.
            request: What httpx takes: json, params, data, files, content.

        Raises:
            CallRefused: For any other refusal.
            httpx.TransportError: If the gateway stays out of reach.
        """
        headers = {"Authorization": f"Bearer {await self.token()}", **request.get("headers", {})}
        if key is not None:
            headers["Idempotency-Key"] = key
        request["headers"] = headers
        answer = await self._patiently(method, path, **request)
        if answer.is_error and answer.status_code not in also:
            raise CallRefused(method, path, answer)
        return answer

    async def get(self, path: str, **params: str | int | None) -> dict[str, Any]:
        """Return the JSON object of a GET; parameters that are None are left out."""
        given = {name: value for name, value in params.items() if value is not None}
        answer: dict[str, Any] = (await self.call("GET", path, params=given)).json()
        return answer

    async def _patiently(self, method: str, path: str, **request: Unpack[RequestParts]) -> httpx.Response:
        until = time.monotonic() + self._patience_seconds
        while True:
            try:
                answer = await self._http.request(method, path, **request)
            except httpx.TransportError:
                if time.monotonic() >= until:
                    raise
                await asyncio.sleep(_WAIT_SECONDS)
                continue
            if not _is_busy(answer) or time.monotonic() >= until:
                return answer
            await asyncio.sleep(_wait_seconds(answer))

    def _credentials(self) -> RequestParts:
        return {
            "data": {"grant_type": "client_credentials"},
            "auth": (self._entry.client_id, self._entry.client_secret),
        }


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    """Return a refusal's problem document, or nothing where the answer is none."""
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _is_busy(answer: httpx.Response) -> bool:
    if answer.status_code == HTTPStatus.CONFLICT:
        return problem_of(answer).get("code") == "in_progress"
    return answer.status_code in _BUSY


def _wait_seconds(answer: httpx.Response) -> float:
    given = answer.headers.get("Retry-After", "")
    wanted = float(given) if given.isdecimal() else _WAIT_SECONDS
    return min(max(wanted, _WAIT_SECONDS), _LONGEST_WAIT_SECONDS)


def _entry(fields: Mapping[str, Any]) -> ClientEntry:
    names = ("client_id", "client_secret", "scope", "institution_code", "county", "township")
    return ClientEntry(**{name: fields[name] for name in names if name in fields})
