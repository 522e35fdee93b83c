"""A settlement's corrections are read back: each later result beside the first (更正记录).

Room: use cases of settlement. Next hop: services/settlement/adapters/corrections.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from common.kit.db import UnitOfWork
from services.settlement.adapters import corrections
from services.settlement.adapters.corrections import KeptCorrection
from services.settlement.usecases.read_settlement import Reader, read_settlement


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction, its whole result with the settlement's state of now, and the patient's difference in fen."""

    kept: KeptCorrection
    result: dict[str, Any]
    patient_fen: int


async def read_corrections(uow: UnitOfWork, *, settlement_id: UUID, reader: Reader) -> list[Corrected]:
    """Return the corrections of a settlement, oldest first.

    Raises:
        SettlementNotFound: If there is no such settlement, or it is somebody else's.
    """
    settlement = await read_settlement(uow, settlement_id=settlement_id, reader=reader)
    found = []
    before = settlement.answer["patient_pays_fen"]
    for each in (await corrections.of(uow.connection, [settlement_id])).get(settlement_id, []):
        result = {**each.answer, "state": settlement.state}
        found.append(Corrected(each, result, result["patient_pays_fen"] - before))
        before = result["patient_pays_fen"]
    return found
