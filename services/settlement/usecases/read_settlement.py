"""A settlement is read back as it was answered, with the state of now.

Room: use cases of settlement. Next hop: services/settlement/adapters/settlements.py
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from common.kit.db import UnitOfWork
from services.settlement.adapters import settlements
from services.settlement.adapters.settlements import Kept
from services.settlement.usecases.reverse_settlement import SettlementNotFound


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose settlements may be seen: a hospital's own, or a bureau's county; a hospital has no county here."""

    institution_code: str | None
    county: str | None

    def may_see(self, kept: Kept) -> bool:
        """Say whether the settlement is the reader's."""
        if self.institution_code is not None:
            return kept.payee == self.institution_code
        return kept.county == self.county


async def read_settlement(uow: UnitOfWork, *, settlement_id: UUID, reader: Reader) -> Kept:
    """Return one settlement.

    Raises:
        SettlementNotFound: If there is none, or it is somebody else's.
    """
    kept = await settlements.find(uow.connection, settlement_id)
    if kept is None or not reader.may_see(kept):
        raise SettlementNotFound("no settlement of that id")
    return kept
