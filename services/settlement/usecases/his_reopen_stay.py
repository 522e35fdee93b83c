"""2405: a discharge that was told too early is taken back (出院撤销); the stay is in the house again.

Room: use cases of settlement. Next hop: services/settlement/usecases/his_end_stay.py
"""

from __future__ import annotations

from common.kit.db import UnitOfWork
from services.settlement.adapters import his_stays
from services.settlement.domain.his_node import node_of
from services.settlement.domain.his_stay import StayOutOfOrder
from services.settlement.usecases.his_case import Case, Effect, refuse_settled, stay_named


async def reopen_stay(uow: UnitOfWork, *, case: Case) -> Effect:
    """Forget day, way and diagnoses of the discharge.

    Raises:
        StayUnknown, FieldWrong: As `stay_named` says.
        StayOutOfOrder: If the stay is settled, was taken back or has no discharge told, or its 住院号 is in the house.
    """
    stay = await stay_named(uow, case=case, node=node_of(given=case.message.given, name="data"), lock=True)
    await refuse_settled(uow, stay=stay)
    stay.ended_on()
    if not await his_stays.reopen(uow.connection, stay.mdtrt_id):
        raise StayOutOfOrder("this ipt_no is in the house", zh="该住院号已重新办理入院，不能撤销出院")
    return Effect(mdtrt_id=stay.mdtrt_id)
