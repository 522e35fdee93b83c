"""The discharge that 2303 and 2304 are about, made once for both, so that a preview can never name another amount.

Room: use cases of settlement. Next hop: services/settlement/usecases/assess_discharge.py
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.core.citizen_number import name_check_of, person_id_of
from common.kit.db import UnitOfWork
from services.settlement.adapters import persons
from services.settlement.domain.discharge import Discharge, Insurance
from services.settlement.domain.his_node import node_of
from services.settlement.domain.his_person import base_info, insurance_told
from services.settlement.domain.his_settlement import settlement_details, settlement_info
from services.settlement.domain.his_stay import HisStay, bill_of, check_way, discharge_of
from services.settlement.domain.vocabulary import InsuranceState
from services.settlement.usecases.his_case import Case, stay_named


async def stay_discharge(uow: UnitOfWork, *, case: Case, lock: bool) -> tuple[HisStay, Discharge]:
    """Return the stay that a settling message names, and its discharge with the totals of the message.

    Raises:
        StayUnknown, FieldWrong: As `stay_named` says, or if an amount is none.
        StayOutOfOrder, NotServed: If the stay cannot be settled yet, or not in the way asked for.
    """
    node = node_of(given=case.message.given, name="data")
    stay = await stay_named(uow, case=case, node=node, lock=lock)
    check_way(node=node, stay=stay)
    bill = bill_of(node=node)
    insurance = await _stated_insurance(uow, case, stay)
    return stay, discharge_of(stay=stay, bill=bill, insurance=insurance, codes=case.desk.codes)


async def _stated_insurance(uow: UnitOfWork, case: Case, stay: HisStay) -> Insurance | None:
    """Return None where the registry has an entry, which rules; else the insurance stated at the admission."""
    person_key = case.desk.rules.person_key
    person_id = person_id_of(stay.patient.number, person_key=person_key)
    known = await persons.known_person(uow.connection, person_id=person_id, county=stay.county, on=stay.ended_on())
    name_check = name_check_of(person_id, stay.patient.name, person_key=person_key)
    if insurance_told(known=known, name_check=name_check) is not None:
        return None
    return Insurance(case.desk.codes.schemes[stay.insutype], InsuranceState.INSURED)


def settlement_told(*, case: Case, stay: HisStay, told: Mapping[str, Any], sign: int = 1) -> dict[str, Any]:
    """Return `setlinfo` and `setldetail` of a settlement, a preview, or (sign -1) a reversal."""
    node = {
        "mdtrt_id": stay.mdtrt_id,
        **base_info(patient=stay.patient, psn_no=stay.psn_no, on=stay.ended_on()),
        "insutype": stay.insutype,
        "psn_type": "",
        "cvlserv_flag": "0",
        "mdtrt_cert_type": stay.mdtrt_cert_type,
        "med_type": stay.med_type,
        "medins_setl_id": case.message.message_id,
        **settlement_info(told=told, sign=sign),
    }
    return {"setlinfo": node, "setldetail": settlement_details(told=told, codes=case.desk.codes, sign=sign)}
