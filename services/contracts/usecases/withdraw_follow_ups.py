"""A settlement was undone: open tasks that nothing else asks for are withdrawn; what was done stays done.

Room: use cases of contracts.
"""

from __future__ import annotations

from common.kit.db import UnitOfWork
from common.published.settlement import SettlementReversed
from services.contracts.adapters import follow_ups, persons, stays


async def withdraw_follow_ups(uow: UnitOfWork, *, event: SettlementReversed) -> None:
    """Note the reversal and withdraw the work that rested on this settlement alone.

    Raises:
        StayUnknown: If the settlement was never told.
    """
    await persons.lock_persons(uow.connection, [event.person_id], county=event.county)
    await stays.mark_reversed(uow.connection, event.settlement_id)
    await follow_ups.withdraw_without_reason(uow.connection, event.settlement_id)
