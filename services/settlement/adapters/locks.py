"""Locks on things that have no row yet, named by words and kept until the commit.

Room: adapters of settlement.
"""

from __future__ import annotations

import hashlib

from sqlalchemy.ext.asyncio import AsyncConnection

from common.kit.statements import fetch, fetch_one

_TRY = "SELECT pg_try_advisory_xact_lock($1) AS is_held"
_WAIT = "SELECT pg_advisory_xact_lock($1)"


async def try_hold(connection: AsyncConnection, *words: str) -> bool:
    """Take the lock of what the words name; False when another call has it."""
    lock = await fetch_one(connection, _TRY, _number(words))
    return lock is not None and bool(lock.is_held)


async def hold(connection: AsyncConnection, *words: str) -> None:
    """Take the lock of what the words name, after whoever has it."""
    await fetch(connection, _WAIT, _number(words))


def _number(words: tuple[str, ...]) -> int:
    digest = hashlib.sha256("\x1f".join(words).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
