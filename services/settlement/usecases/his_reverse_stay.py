"""2305: a settlement is undone by its id (住院结算撤销); the answer repeats its amounts with the other sign.

Room: use cases of settlement. Next hop: services/settlement/usecases/reverse_settlement.py
"""

from __future__ import annotations

from uuid import UUID

from common.kit.db import UnitOfWork
from services.settlement.adapters import corrections, settlements
from services.settlement.domain.his_id import national_id, uuid_of
from services.settlement.domain.his_node import node_of
from services.settlement.usecases.his_case import Case, Effect, stay_named
from services.settlement.usecases.his_stay_discharge import settlement_told
from services.settlement.usecases.reverse_settlement import SettlementNotFound, reverse_settlement

REASON = "2305 住院结算撤销"


async def reverse_stay(uow: UnitOfWork, *, case: Case) -> Effect:
    """Reverse a settlement of a stay; one that was reversed already is answered with its reversal and moves nothing.

    Raises:
        SettlementNotFound: If the stay has no settlement of that id.
        StayUnknown, FieldWrong: As `stay_named` says.
    """
    node = node_of(given=case.message.given, name="data")
    stay = await stay_named(uow, case=case, node=node, lock=True)
    settlement_id = uuid_of(node.text("setl_id"))
    kept = await settlements.find(uow.connection, settlement_id) if settlement_id else None
    if kept is None or (kept.institution_code, kept.record_no) != (stay.institution_code, stay.mdtrt_id):
        raise SettlementNotFound("the stay has no settlement of that setl_id", zh="该就诊没有此结算ID的结算")
    done = await reverse_settlement(
        uow,
        settlement_id=kept.settlement_id,
        institution_code=stay.institution_code,
        reason=REASON,
        client_id=case.client_id,
        now=case.now,
    )
    told = await corrections.standing_answer(uow.connection, kept)
    output = settlement_told(case=case, stay=stay, told=told, sign=-1)
    output["setlinfo"] |= {
        "setl_id": national_id(UUID(done.answer["reversal_id"])),
        "setl_time": f"{case.china_now:%Y-%m-%d %H:%M:%S}",
        "expContent": {"settlement_id": str(kept.settlement_id), "reversal_id": done.answer["reversal_id"]},
    }
    return Effect(output, mdtrt_id=stay.mdtrt_id, settlement_id=kept.settlement_id)
