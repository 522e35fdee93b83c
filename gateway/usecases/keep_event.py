"""A fact of the suite enters the outward log (对外事件日志), in the transaction of the inbox.

Next hop: gateway/usecases/read_events.py
"""

from __future__ import annotations

from datetime import datetime

from common.kit.db import UnitOfWork
from common.kit.envelope import Received
from gateway.adapters.outward_log import append


async def keep_event(*, uow: UnitOfWork, received: Received, now: datetime) -> None:
    """Store the event at the next position.

    Raises:
        EnvelopeUnreadable: If its data does not fit the model of its type.
    """
    await append(uow.connection, received, county=received.event().county, now=now)
