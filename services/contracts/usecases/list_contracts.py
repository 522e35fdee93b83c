"""The contracts a caller may see.

Room: use cases of contracts.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from common.kit.db import UnitOfWork
from services.contracts.adapters import contracts
from services.contracts.adapters.contracts import ContractFilter
from services.contracts.domain.contract import Contract
from services.contracts.domain.viewing import Viewer


async def list_contracts(
    uow: UnitOfWork, *, viewer: Viewer, wanted: ContractFilter, after: tuple[datetime, UUID] | None, limit: int
) -> list[Contract]:
    """Return contracts in the order of signing, after a position."""
    return await contracts.contracts_seen(uow.connection, viewer=viewer, wanted=wanted, after=after, limit=limit)
