"""2304: a stay is settled (住院结算), by the story that every settlement is made by.

Room: use cases of settlement. Next hop: services/settlement/usecases/settle_discharge.py
"""

from __future__ import annotations

from uuid import UUID

from common.kit.db import UnitOfWork
from services.settlement.domain.his_id import national_id
from services.settlement.domain.his_stay import StayOutOfOrder
from services.settlement.usecases.his_case import Case, Effect
from services.settlement.usecases.his_stay_discharge import settlement_told, stay_discharge
from services.settlement.usecases.settle_discharge import settle_discharge


async def settle_stay(uow: UnitOfWork, *, case: Case) -> Effect:
    """Settle a stay and answer what each fund and the patient pay.

    Raises:
        StayOutOfOrder: If the stay is settled already: another message did it, and only that message may be undone.
        DomainError: As `stay_discharge` and `settle_discharge` say.
    """
    stay, discharge = await stay_discharge(uow, case=case, lock=True)
    settled = await settle_discharge(uow, discharge=discharge, rules=case.desk.rules, seal=case.desk.seal, now=case.now)
    settlement_id = UUID(settled.answer["settlement_id"])
    if not settled.is_new:
        raise StayOutOfOrder(
            "the stay is settled by another message", zh=f"人员已结算，结算ID {national_id(settlement_id)}"
        )
    output = settlement_told(case=case, stay=stay, told=settled.answer)
    output["setlinfo"] |= {
        "setl_id": national_id(settlement_id),
        "setl_time": f"{case.china_now:%Y-%m-%d %H:%M:%S}",
        "expContent": {"settlement_id": str(settlement_id)},
    }
    return Effect(output, mdtrt_id=stay.mdtrt_id, settlement_id=settlement_id)
