"""The hospital asks what a discharge would be paid; nothing is booked (预结算).

Room: use cases of settlement. Next hop: services/settlement/usecases/assess_discharge.py
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.settlement.domain.discharge import Discharge
from services.settlement.domain.receipt import answer_of
from services.settlement.usecases.assess_discharge import Rules, assess_discharge


async def preview_discharge(uow: UnitOfWork, *, discharge: Discharge, rules: Rules, now: datetime) -> dict[str, Any]:
    """Return the answer that a settlement at this moment would give, without ids."""
    assessment = await assess_discharge(uow, discharge=discharge, rules=rules, today=china_date(now), holding=False)
    return answer_of(assessment=assessment, identity=None, settled_at=None)
