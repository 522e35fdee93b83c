"""Services behind the door: pooled connections, raw bytes through, silence told as `upstream_unavailable`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from common.kit.problems import MalformedBody, UpstreamUnavailable

CONNECT_SECONDS = 2.0
IDLE_SECONDS = 30.0
RETRY_SECONDS = 2

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_NOT_ASKED = HOP_BY_HOP | {
    b"host",
    b"content-length",
    b"expect",
    b"x-request-id",
    b"traceparent",
    b"forwarded",
    b"x-forwarded-for",
}
_NOT_ANSWERED = HOP_BY_HOP | {b"content-length", b"date", b"server", b"x-request-id", b"traceparent"}

_NOT_OURS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""What the client library would add by itself: the call is passed on as it came."""

_SILENT = (
    "the service did not answer, so nothing is known about this call; repeat it with the same Idempotency-Key: "
    "what was done answers again, what was not is done then"
)
_SILENT_ZH = "服务没有应答，本次调用结果未知；请使用同一个 Idempotency-Key 重试，已办理的会原样返回，未办理的将重新办理"

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request on its way to a service."""

    service: str
    method: str
    path: str
    query: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """What the service answered, bytes as they came."""

    status: int
    headers: Headers
    body: bytes


class Upstreams:
    """Asks the services; one pool of kept connections for all."""

    def __init__(self, addresses: Mapping[str, str], *, timeout_seconds: float, most_connections: int = 100) -> None:
        self._addresses = {name: address.rstrip("/") for name, address in addresses.items()}
        self._timeout_seconds = timeout_seconds
        self._most_connections = most_connections
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, asked: Asked) -> Answered:
        """Return the service's answer, whatever its status.

        Raises:
            UpstreamUnavailable: If it cannot be reached, breaks off or stays silent for the time-out.
            MalformedBody: If the request has headers or an address that HTTP does not allow to send on.
        """
        try:
            headers = CIMultiDict((name.decode("ascii"), value.decode()) for name, value in asked.headers)
            async with asyncio.timeout(self._timeout_seconds):
                return await self._send(asked, headers)
        except ValueError as refusal:  # A line end or bytes that are no text in a header; an address that is none.
            raise MalformedBody("the address or a header of the request is not well formed") from refusal
        except (aiohttp.ClientError, OSError, TimeoutError) as silence:
            raise UpstreamUnavailable(_SILENT, zh=_SILENT_ZH, retry_after_seconds=RETRY_SECONDS) from silence

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _send(self, asked: Asked, headers: CIMultiDict[str]) -> Answered:
        query = f"?{asked.query}" if asked.query else ""
        async with self._opened().request(
            asked.method,
            URL(f"{self._addresses[asked.service]}{asked.path}{query}", encoded=True),
            headers=headers,
            data=asked.body or None,
            allow_redirects=False,
        ) as answer:
            body = await answer.read()
        kept = [(name, value) for name, value in answer.raw_headers if name.lower() not in _NOT_ANSWERED]
        return Answered(answer.status, kept, body)

    def _opened(self) -> aiohttp.ClientSession:
        """Return the session, made by the first call because it belongs to the loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._most_connections, keepalive_timeout=IDLE_SECONDS),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_NOT_OURS,
                auto_decompress=False,
            )
        return self._session


def forwarded_headers(given: Headers, *, request_id: str, traceparent: str | None) -> Headers:
    """Return the headers to send on: what the client said, less what ends here, with the ids of this call."""
    named = {each.strip().lower() for name, value in given if name == b"connection" for each in value.split(b",")}
    kept = [(name, value) for name, value in given if name not in _NOT_ASKED | named]
    kept.append((b"x-request-id", request_id.encode()))
    if traceparent:
        kept.append((b"traceparent", traceparent.encode()))
    return kept
