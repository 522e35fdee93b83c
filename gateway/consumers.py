"""What the gateway hears: everything. Every event type enters the outward log."""

from __future__ import annotations

from common.kit.clock import Clock
from common.kit.consumer import Handler
from common.kit.db import UnitOfWork
from common.kit.envelope import Received
from common.published.catalogue import CATALOGUE
from gateway.usecases.keep_event import keep_event


def handlers(*, clock: Clock) -> dict[str, Handler]:
    """Return the handler of every event type."""

    async def handle(uow: UnitOfWork, received: Received) -> None:
        await keep_event(uow=uow, received=received, now=clock())

    return {line.event_type: handle for line in CATALOGUE}
