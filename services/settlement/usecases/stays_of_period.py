"""What stands here of a hospital's period, record by record: the one side of every reconciliation (对账).

Room: use cases of settlement. Next hop: services/settlement/domain/reconciliation.py
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from common.core.errors import Refused
from common.kit.db import UnitOfWork
from services.settlement.adapters import listing
from services.settlement.domain.reconciliation import OurStay, Part

MOST_DAYS = 92


class PeriodImpossible(Refused):
    """The period ends before it begins, or is longer than a quarter."""

    code = "dates_impossible"
    zh = "对账期间有误：止日不得早于起日，且最长 92 天"


async def stays_of_period(
    uow: UnitOfWork, *, institution_code: str, first: date, last: date, records: Sequence[str], part: Part
) -> Sequence[OurStay]:
    """Return the newest attempt of every record of the part settled in the period, or asked for by number.

    Raises:
        PeriodImpossible: If the period is none.
    """
    if not 0 <= (last - first).days < MOST_DAYS:
        raise PeriodImpossible(f"from {first} to {last} is no period of 1 to {MOST_DAYS} days")
    return await listing.of_period(
        uow.connection, institution_code=institution_code, first=first, last=last, records=records, part=part
    )
