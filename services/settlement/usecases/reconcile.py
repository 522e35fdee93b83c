"""A hospital's own totals and details of a period are compared with what stands here (对账); nothing is changed.

Room: use cases of settlement. Next hop: services/settlement/domain/reconciliation.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from common.kit.db import UnitOfWork
from services.settlement.domain.reconciliation import (
    WHOLE,
    Difference,
    Part,
    TheirStay,
    Totals,
    differences,
    totals_of,
)
from services.settlement.usecases.stays_of_period import stays_of_period


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Both sides' totals and, where details were given, the records that differ."""

    ours: Totals
    theirs: Totals
    differences: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        """Whether totals are equal and no record differs."""
        return self.ours == self.theirs and not self.differences


async def reconcile(
    uow: UnitOfWork,
    *,
    institution_code: str,
    first: date,
    last: date,
    theirs: Totals,
    details: Sequence[TheirStay] | None,
    part: Part = WHOLE,
) -> Reconciled:
    """Compare a hospital's period with ours.

    Raises:
        PeriodImpossible: If the period is none.
    """
    ours = await stays_of_period(
        uow,
        institution_code=institution_code,
        first=first,
        last=last,
        records=[each.record_no for each in details or ()],
        part=part,
    )
    found = () if details is None else differences(ours=ours, theirs=details, first=first, last=last)
    return Reconciled(totals_of(ours=ours, first=first, last=last), theirs, found)
