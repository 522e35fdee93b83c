"""The alerts a caller may see.

Room: use cases of monitoring.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from common.kit.db import UnitOfWork
from services.monitoring.adapters import alerts
from services.monitoring.adapters.alerts import AlertFilter
from services.monitoring.domain.alert import Alert
from services.monitoring.domain.viewing import Viewer


async def list_alerts(
    uow: UnitOfWork, *, viewer: Viewer, wanted: AlertFilter, after: tuple[datetime, UUID] | None, limit: int
) -> list[Alert]:
    """Return alerts, the newest first, after a position."""
    return await alerts.alerts_seen(uow.connection, viewer=viewer, wanted=wanted, after=after, limit=limit)
