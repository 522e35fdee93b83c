"""A caller that costs next to nothing: one kept connection, ready bytes out, status and body back.

A general client takes longer for a call than the service does; the measurement would be of the client.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Self

CREATED = 201


class CallFailed(Exception):
    """The answer is not what the measurement needs; the text holds it."""


class Caller:
    """One keep-alive connection to one address."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader = reader
        self._writer = writer
        self._token = token

    @classmethod
    async def opened(cls, port: int, *, token: str) -> Self:
        """Connect to a port of this machine."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        return cls(reader, writer, token)

    def settle_call(self, body: Mapping[str, Any]) -> bytes:
        """Return the bytes of the main call, its record number also being its key and its request id."""
        content = json.dumps(body, ensure_ascii=False).encode()
        head = (
            "POST /v1/discharges HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self._token}\r\nIdempotency-Key: {body['record_no']}\r\n"
            f"X-Request-Id: {body['record_no']}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        return head.encode() + content

    async def settle(self, call: bytes) -> bytes:
        """Make the call and return the answer's body.

        Raises:
            CallFailed: If the answer is not 201.
        """
        self._writer.write(call)
        head = await self._reader.readuntil(b"\r\n\r\n")
        lowered = head.lower()
        length = int(lowered.partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await self._reader.readexactly(length)
        if int(head[9:12]) != CREATED:
            raise CallFailed(f"{head.decode('latin-1')}{body.decode(errors='replace')}")
        return body

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()
        await self._writer.wait_closed()
