"""Waits for what the suite brings about by and by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

LOOK_SECONDS = 15.0


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """Return what `look` finds as soon as it finds it."""
    async with asyncio.timeout(LOOK_SECONDS):
        while True:
            if found := await look():
                return found
            await asyncio.sleep(0.05)
