"""2303: what a settlement would pay now (住院预结算); nothing is booked, no accumulator moves.

Room: use cases of settlement. Next hop: services/settlement/usecases/preview_discharge.py
"""

from __future__ import annotations

from common.kit.db import UnitOfWork
from services.settlement.usecases.his_case import Case, Effect
from services.settlement.usecases.his_stay_discharge import settlement_told, stay_discharge
from services.settlement.usecases.preview_discharge import preview_discharge


async def preview_stay(uow: UnitOfWork, *, case: Case) -> Effect:
    """Answer the settlement that 2304 would make at this moment, without ids.

    Raises:
        DomainError: As `stay_discharge` and `preview_discharge` say.
    """
    stay, discharge = await stay_discharge(uow, case=case, lock=False)
    told = await preview_discharge(uow, discharge=discharge, rules=case.desk.rules, now=case.now)
    return Effect(settlement_told(case=case, stay=stay, told=told), mdtrt_id=stay.mdtrt_id)
