"""Every day: contracts whose last day is over end by themselves.

Room: use cases of contracts.
"""

from __future__ import annotations

from datetime import datetime

from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.contracts.adapters import contracts
from services.contracts.domain.contract import EndReason, end_by_rule
from services.contracts.usecases.close_contract import close_contract


async def end_expired_contracts(uow: UnitOfWork, *, now: datetime, limit: int) -> int:
    """End at most `limit` contracts; return how many, so that the caller goes on while there are more."""
    today = china_date(now)
    expired = await contracts.ran_out(uow.connection, before=today, limit=limit)
    for contract in expired:
        ended = end_by_rule(contract=contract, on=today, reason=EndReason.EXPIRED)
        await close_contract(uow, contract=ended, now=now)
    return len(expired)
