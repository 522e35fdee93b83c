"""Gap cases are read, and a bureau names a stay whose share is too heavy although no target says so (个案处理).

Room: use cases of settlement. Next hop: services/settlement/adapters/gap_cases.py
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from common.core.errors import NotFound
from common.kit.db import UnitOfWork
from services.settlement.adapters import gap_cases
from services.settlement.adapters.gap_cases import CaseState, GapCase
from services.settlement.usecases.read_settlement import Reader, read_settlement


class GapCasesNotYours(NotFound):
    """The caller speaks for no county, so that no case can be its own."""

    code = "not_found"
    zh = "没有找到该个案"


async def name_gap_case(
    uow: UnitOfWork, *, settlement_id: UUID, reader: Reader, document: str, named_by: str, now: datetime
) -> GapCase:
    """Open a case by hand; one that is there already is answered as it stands.

    Raises:
        SettlementNotFound: If there is no such settlement, or it is another county's.
    """
    kept = await read_settlement(uow, settlement_id=settlement_id, reader=reader)
    await gap_cases.open_named(
        uow.connection,
        settlement_id=settlement_id,
        county=kept.county,
        person_id=kept.person_id,
        document=document,
        named_by=named_by,
        now=now,
    )
    case = await gap_cases.find(uow.connection, settlement_id)
    assert case is not None  # noqa: S101 - written above, and never taken away
    return case


async def list_gap_cases(
    uow: UnitOfWork, *, county: str | None, state: CaseState | None, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[GapCase]:
    """Return a county's cases behind a position, in the order found; of one state when asked.

    Raises:
        GapCasesNotYours: If the caller speaks for no county.
    """
    if county is None:
        raise GapCasesNotYours("the caller speaks for no county")
    return await gap_cases.page(uow.connection, county=county, state=state, after=after, limit=limit)
