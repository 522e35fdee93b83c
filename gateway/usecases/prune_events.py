"""The outward log forgets what is older than its promise (日志保留期限)."""

from __future__ import annotations

from datetime import datetime

from common.kit.db import UnitOfWork
from gateway.adapters.outward_log import prune
from gateway.domain.outward import kept_since


async def prune_events(*, uow: UnitOfWork, now: datetime) -> int:
    """Delete events stored more than thirteen months ago; return how many."""
    return await prune(uow.connection, before=kept_since(now=now))
