"""2401: a stay begins (入院办理); everything later names it by the `mdtrt_id` that is made here.

Room: use cases of settlement. Next hop: services/settlement/usecases/his_end_stay.py
"""

from __future__ import annotations

from common.core.ids import named_id
from common.kit.db import UnitOfWork
from services.settlement.adapters import his_persons, his_stays
from services.settlement.domain.his_id import national_id
from services.settlement.domain.his_node import FieldWrong, node_of
from services.settlement.domain.his_person import BY_CITIZEN_NUMBER, IdentityNotRead, citizen_number
from services.settlement.domain.his_stay import ADMITTED, HisStay, StayOutOfOrder, check_kind
from services.settlement.domain.policy import policy_of
from services.settlement.domain.stay import DatesImpossible
from services.settlement.usecases.his_case import Case, Effect


async def admit_patient(uow: UnitOfWork, *, case: Case) -> Effect:
    """Register an admission of somebody whom 1101 told.

    Raises:
        PersonNotAsked: If 1101 was not asked before.
        IdentityNotRead: If the number read at the counter is not that person's.
        FieldWrong, NotServed, DatesImpossible, CountyUnknown: If the input does not fit.
        StayOutOfOrder: If the hospital has a stay in the house under the same 住院号.
    """
    message, desk = case.message, case.desk
    node = node_of(given=message.given, name="mdtrtinfo")
    if not message.insured_in:
        raise FieldWrong("insuplc_admdvs is missing", zh="缺少参保地医保区划 insuplc_admdvs")
    policy_of(policies=desk.rules.policies, county=message.insured_in)
    check_kind(node=node, codes=desk.codes)
    patient = await his_persons.find(
        uow.connection, node.text("psn_no"), institution_code=message.institution_code, seal=desk.seal
    )
    if node.optional("mdtrt_cert_type") == BY_CITIZEN_NUMBER and node.optional("mdtrt_cert_no"):
        read = citizen_number(text=node.text("mdtrt_cert_no"), today=case.today)
        if read != patient.number:
            raise IdentityNotRead("mdtrt_cert_no is another number", zh="人证不一致：凭证号码与人员编号不符")
    stay = HisStay(
        mdtrt_id=national_id(named_id("his_stay", message.message_id)),
        institution_code=message.institution_code,
        psn_no=node.text("psn_no"),
        ipt_no=node.text("ipt_no"),
        county=message.insured_in,
        insutype=node.text("insutype"),
        med_type=node.text("med_type"),
        mdtrt_cert_type=node.optional("mdtrt_cert_type"),
        admitted_on=node.day("begntime"),
        discharged_on=None,
        diagnoses=(),
        patient=patient,
        state=ADMITTED,
    )
    if stay.admitted_on > case.today:
        raise DatesImpossible("begntime lies in the future", zh="入院日期在将来")
    if not await his_stays.add(uow.connection, stay, seal=desk.seal, now=case.now):
        raise StayOutOfOrder("this ipt_no is in the house", zh="入院登记已上传：该住院号正在住院")
    return Effect({"result": {"mdtrt_id": stay.mdtrt_id}}, mdtrt_id=stay.mdtrt_id)
