"""An operator reads who did what (查阅审计记录)."""

from __future__ import annotations

from common.kit.db import UnitOfWork
from gateway.adapters.audit_log import AuditFilter, Kept, newest


async def read_audit(*, uow: UnitOfWork, wanted: AuditFilter, before: int | None, limit: int) -> list[Kept]:
    """Return entries, newest first, one more than `limit` where there are that many."""
    return await newest(uow.connection, wanted=wanted, before=before, limit=limit + 1)
