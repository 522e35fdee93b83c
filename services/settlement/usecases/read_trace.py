"""The trace of a settlement is read: every step with the parameters it read and their source (计算过程).

Room: use cases of settlement. Next hop: services/settlement/adapters/settlements.py
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from common.kit.db import UnitOfWork
from services.settlement.adapters import settlements
from services.settlement.usecases.read_settlement import Reader, read_settlement


async def read_trace(uow: UnitOfWork, *, settlement_id: UUID, reader: Reader) -> dict[str, Any]:
    """Return the trace as it was kept when settling.

    Raises:
        SettlementNotFound: If there is no such settlement, or it is somebody else's.
    """
    kept = await read_settlement(uow, settlement_id=settlement_id, reader=reader)
    return await settlements.stored_part(uow.connection, kept.settlement_id, "trace")
