"""Which event identity listens to, and the use case that acts on it.

Next hop: services/identity/usecases/record_episode.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from common.kit.clock import Clock
from common.kit.consumer import Handler
from common.kit.db import UnitOfWork
from common.kit.envelope import Received
from common.published.settlement import DischargeSettled, SettlementReversed, SupplementBooked
from services.identity.domain.county import CountyRules
from services.identity.usecases.correct_episode import correct_episode
from services.identity.usecases.record_episode import record_episode
from services.identity.usecases.reverse_episode import reverse_episode


def handlers(*, counties: Mapping[str, CountyRules], clock: Clock) -> dict[str, Handler]:
    """Return event type -> handler."""

    async def discharge_settled(uow: UnitOfWork, received: Received) -> None:
        event = cast("DischargeSettled", received.event())
        await record_episode(uow, event=event, counties=counties, now=clock())

    async def settlement_reversed(uow: UnitOfWork, received: Received) -> None:
        event = cast("SettlementReversed", received.event())
        await reverse_episode(uow, event=event, now=clock())

    async def supplement_booked(uow: UnitOfWork, received: Received) -> None:
        event = cast("SupplementBooked", received.event())
        await correct_episode(uow, event=event, now=clock())

    return {
        "settlement.discharge_settled.v1": discharge_settled,
        "settlement.settlement_reversed.v1": settlement_reversed,
        "settlement.supplement_booked.v1": supplement_booked,
    }
