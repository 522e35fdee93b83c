"""Many settlements are read in pages, with the totals of the whole filter: the window's day-end sheet (日终汇总).

Room: use cases of settlement. Next hop: services/settlement/adapters/listing.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from common.kit.clock import day_begins, day_ends
from common.kit.db import UnitOfWork
from services.settlement.adapters import listing
from services.settlement.adapters.listing import SettlementFilter, Sums
from services.settlement.adapters.settlements import Kept
from services.settlement.usecases.read_settlement import Reader
from services.settlement.usecases.reverse_settlement import SettlementNotFound


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller filters by; the days are China days, both included."""

    record_no: str | None = None
    institution_code: str | None = None
    settled_from: date | None = None
    settled_to: date | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """Some settlements and the totals of all."""

    items: Sequence[Kept]
    sums: Sums


async def list_settlements(
    uow: UnitOfWork, *, reader: Reader, asked: Asked, after: tuple[datetime, UUID] | None, limit: int
) -> Listed:
    """Return at most `limit` of the reader's settlements behind a position, in the order settled.

    Raises:
        SettlementNotFound: If the reader speaks for neither a hospital nor a county.
    """
    if reader.institution_code is None and reader.county is None:
        raise SettlementNotFound("the caller speaks for no institution and no county")
    wanted = SettlementFilter(
        county=reader.county,
        payee=reader.institution_code or asked.institution_code,
        record_no=asked.record_no,
        settled_from=day_begins(asked.settled_from) if asked.settled_from else None,
        settled_before=day_ends(asked.settled_to) if asked.settled_to else None,
    )
    return Listed(
        items=await listing.page(uow.connection, wanted=wanted, after=after, limit=limit),
        sums=await listing.sums(uow.connection, wanted=wanted),
    )
