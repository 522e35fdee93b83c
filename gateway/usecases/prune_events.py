"""The outward log forgets what is older than its promise (日志保留期限)."""

from __future__ import annotations

from datetime import datetime

from common.kit.db import UnitOfWork
from gateway.adapters.outward_log import prune
from gateway.domain.outward import kept_since


async def prune_events(*, uow: UnitOfWork, now: datetime, at_most: int) -> int:
    """Delete the oldest events of those stored more than thirteen months ago; return how many.

    Args:
        uow: The transaction; `at_most` keeps it short.
        now: The present instant.
        at_most: Events that go at once; where that many went there may be more.
    """
    return await prune(uow.connection, before=kept_since(now=now), at_most=at_most)
