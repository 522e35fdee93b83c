"""Lists in pages: cursors are opaque, signed, and bound to the list and filter they came from.

A cursor holds a position in a unique and unchanging order, never an offset (events.md section 14).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, BaseModel

from common.core.errors import Refused

DEFAULT_LIMIT = 50
GREATEST_LIMIT = 200
_SIGNATURE_BYTES = 16
_LONGEST_CURSOR = 1024

ItemT = TypeVar("ItemT")
Position = Sequence[str | int]


class CursorInvalid(Refused):
    """The cursor was not given out for this list and filter."""

    code = "cursor_invalid"
    zh = "游标无效"


def _cut(limit: int) -> int:
    return min(limit, GREATEST_LIMIT)


Limit = Annotated[
    int, Query(ge=1, description=f"Items per page, at most {GREATEST_LIMIT}; more is cut"), AfterValidator(_cut)
]
CursorText = Annotated[str | None, Query(description="`next_cursor` of the page before")]


class Page(BaseModel, Generic[ItemT]):
    """One page of a list; `next_cursor` is null on the last."""

    items: list[ItemT]
    next_cursor: str | None = None


def encode_cursor(position: Position, *, key: bytes, of: str) -> str:
    """Return the cursor of a position.

    Args:
        position: Values of the order's columns for the last item shown.
        key: Signing key of the service.
        of: The list with its filter; the cursor is good for nothing else.
    """
    payload = json.dumps(list(position), separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_signature(payload, key, of) + payload).decode().rstrip("=")


def decode_place(cursor: str, *, key: bytes, of: str) -> tuple[datetime, UUID]:
    """Return the instant and id behind which a list goes on.

    Raises:
        CursorInvalid: As `decode_cursor`.
    """
    instant, last = decode_cursor(cursor, key=key, of=of)
    return datetime.fromisoformat(str(instant)), UUID(str(last))


def decode_cursor(cursor: str, *, key: bytes, of: str) -> list[str | int]:
    """Return the position in a cursor.

    Raises:
        CursorInvalid: If it was not made by `encode_cursor` with the same key and list.
    """
    try:
        raw = base64.urlsafe_b64decode(cursor[:_LONGEST_CURSOR] + "=" * (-len(cursor) % 4))
    except ValueError:
        raise CursorInvalid("the cursor is not one of ours") from None
    signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(payload, key, of)):
        raise CursorInvalid("the cursor belongs to another list or filter, or was changed")
    position: list[str | int] = json.loads(payload)
    return position


def page_of(
    rows: Sequence[ItemT], *, limit: int, position_of: Callable[[ItemT], Position], key: bytes, of: str
) -> tuple[list[ItemT], str | None]:
    """Return the items of a page and the cursor of the next, given `limit` + 1 rows where there are that many."""
    items = list(rows[:limit])
    if len(rows) <= limit:
        return items, None
    return items, encode_cursor(position_of(items[-1]), key=key, of=of)


def _signature(payload: bytes, key: bytes, of: str) -> bytes:
    return hmac.new(key, of.encode() + b"\x00" + payload, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
