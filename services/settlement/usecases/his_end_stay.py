"""2402: a stay ends (出院办理); until it is settled a later one replaces it.

Room: use cases of settlement. Next hop: services/settlement/usecases/his_settle_stay.py
"""

from __future__ import annotations

from common.kit.db import UnitOfWork
from services.settlement.adapters import his_stays
from services.settlement.domain.his_node import node_of, nodes_of
from services.settlement.domain.his_stay import CANCELLED, StayOutOfOrder, diagnoses_of
from services.settlement.domain.stay import check_dates
from services.settlement.usecases.his_case import Case, Effect, refuse_settled, stay_named


async def end_stay(uow: UnitOfWork, *, case: Case) -> Effect:
    """Note day, way and diagnoses of the discharge.

    Raises:
        StayUnknown, FieldWrong: As `stay_named` says.
        StayOutOfOrder: If the admission was taken back, or the stay is settled.
        DatesImpossible, DiagnosesWrong: If the input contradicts itself.
    """
    given = case.message.given
    node = node_of(given=given, name="dscginfo")
    stay = await stay_named(uow, case=case, node=node, lock=True)
    await refuse_settled(uow, stay=stay)
    if stay.state == CANCELLED:
        raise StayOutOfOrder("the admission was taken back", zh="入院登记已冲正，请重新办理入院")
    ended_on = node.day("endtime")
    check_dates(admitted_on=stay.admitted_on, discharged_on=ended_on, today=case.today)
    diagnoses = diagnoses_of(rows=nodes_of(given=given, name="diseinfo"))
    await his_stays.end(
        uow.connection,
        stay.mdtrt_id,
        discharged_on=ended_on,
        dscg_way=node.optional("dscg_way"),
        diagnoses=diagnoses,
    )
    return Effect(mdtrt_id=stay.mdtrt_id)
