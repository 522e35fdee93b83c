"""Signing keys (签名密钥) over time: a new key is published before it signs, and stays published after it was replaced.

So no service meets a token whose key it cannot have fetched, and no living token loses its key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest

PUBLISHED_BEFORE = timedelta(seconds=15)
"""How long a new key stands in the key set before it signs; longer than a service waits before it asks again."""

PUBLISHED_AFTER = timedelta(hours=1)
"""How long a replaced key stays in the key set; far longer than a token lives."""


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """When a key begins to sign; it signs until the next one does.

    Attributes:
        key_id: The `kid` of the key set.
        signs_from: First instant at which it signs.
    """

    key_id: str
    signs_from: datetime


def begins_to_sign(*, terms: Sequence[KeyTerm], now: datetime) -> datetime:
    """Return when a key made now begins to sign: at once if it is the first, else once it is known everywhere."""
    return now + PUBLISHED_BEFORE if terms else now


def signing_key(*, terms: Sequence[KeyTerm], now: datetime) -> KeyTerm | None:
    """Return the key that signs now, None when there is none yet."""
    begun = [term for term in terms if term.signs_from <= now]
    return max(begun, key=lambda term: term.signs_from, default=None)


def published_keys(*, terms: Sequence[KeyTerm], now: datetime) -> list[KeyTerm]:
    """Return the keys of the key set (公钥集), oldest first: those that sign, will sign, or were replaced lately."""
    ordered = sorted(terms, key=lambda term: term.signs_from)
    return [
        term
        for term, successor in zip_longest(ordered, ordered[1:])
        if successor is None or now < successor.signs_from + PUBLISHED_AFTER
    ]
