"""A hospital's month as cost control sees it: shares, their limits, package prices against charges (费用控制).

Room: use cases of settlement. Next hop: services/settlement/domain/cost_control.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from common.kit.db import UnitOfWork
from services.settlement.adapters import cost_control
from services.settlement.domain.cost_control import CostRules, MonthOfHospital, Share, shares_of

_DAYS_TO_NEXT_MONTH = 32


@dataclass(frozen=True, slots=True)
class HospitalCost:
    """A hospital's month with its four shares."""

    month: MonthOfHospital
    shares: tuple[Share, ...]


async def read_cost_control(
    uow: UnitOfWork, *, county: str, month: date, institution_code: str | None, rules: CostRules
) -> list[HospitalCost]:
    """Return the hospitals of a county, or one of them, with what they charged in a month.

    Args:
        uow: Open unit of work.
        county: Whose insured were treated.
        month: Any day of the month of discharge.
        institution_code: One hospital; None: all.
        rules: Words of lines and limits.
    """
    first = month.replace(day=1)
    end = (first + timedelta(days=_DAYS_TO_NEXT_MONTH)).replace(day=1)
    found = await cost_control.month_of(
        uow.connection, county=county, first=first, end=end, institution_code=institution_code
    )
    last = end - timedelta(days=1)
    return [HospitalCost(each, shares_of(month=each, rules=rules, county=county, day=last)) for each in found]
