"""1101: who stands at the counter, how are they insured, which categories count (人员基本信息获取).

Room: use cases of settlement. Next hop: services/settlement/usecases/check_entitlement.py
"""

from __future__ import annotations

from common.core.citizen_number import name_check_of, person_id_of
from common.core.ids import PersonId
from common.kit.db import UnitOfWork
from services.settlement.adapters import his_persons, persons
from services.settlement.domain.his_node import FieldWrong, node_of
from services.settlement.domain.his_person import (
    base_info,
    identity_info,
    insurance_info,
    insurance_told,
    named_patient,
    psn_no_of,
)
from services.settlement.domain.recognition import ASSUMED_INSURANCE
from services.settlement.usecases.check_entitlement import Admission, check_entitlement
from services.settlement.usecases.his_case import Case, Effect


async def identify_person(uow: UnitOfWork, *, case: Case) -> Effect:
    """Answer who a number and a name are, and remember both under the 人员编号 that the answer gives.

    Raises:
        FieldWrong, IdentityNotRead: If the input does not say who is meant, or neither it nor identity says where they
            are insured.
        CountyUnknown, PolicyNotInForce, InstitutionNotListed, PersonDeceased: As `check_entitlement` says.
    """
    message, desk, connection = case.message, case.desk, uow.connection
    node = node_of(given=message.given, name="data")
    patient = named_patient(node=node, today=case.today)
    number = patient.number
    on = node.day("begntime") if node.optional("begntime") else case.today
    person_id = person_id_of(number, person_key=desk.rules.person_key)
    name_check = name_check_of(person_id, patient.name, person_key=desk.rules.person_key)
    county = await _county(uow, case, person_id)
    admission = Admission(number, patient.name, county, message.institution_code, on)
    held = await check_entitlement(uow, admission=admission, rules=desk.rules)
    known = await persons.known_person(connection, person_id=person_id, county=county, on=on)
    periods = await his_persons.periods_of(connection, person_id, county=county, on=on, categories=held.categories)
    psn_no = psn_no_of(person_id=person_id, name_check=name_check)
    await his_persons.note(
        connection,
        patient,
        institution_code=message.institution_code,
        psn_no=psn_no,
        seal=desk.seal,
        now=case.now,
    )
    insurance = insurance_told(known=known, name_check=name_check) or ASSUMED_INSURANCE
    seen = {
        "identity_open": "1" if held.is_open else "0",
        "deposit_waived": "1" if held.is_deposit_waived else "0",
        "deposit_reason": held.deposit_reason.zh,
    }
    return Effect(
        {
            "baseinfo": base_info(patient=patient, psn_no=psn_no, on=on) | {"expContent": seen},
            "insuinfo": insurance_info(insurance=insurance, county=county, codes=desk.codes),
            "idetinfo": identity_info(held=periods, codes=desk.codes),
        }
    )


async def _county(uow: UnitOfWork, case: Case, person_id: PersonId) -> str:
    """Return where the person is insured: as the message says, as identity knows, else where they are treated."""
    told = case.message.insured_in or await his_persons.county_of(uow.connection, person_id) or case.message.treated_in
    if not told:
        raise FieldWrong(
            "neither insuplc_admdvs nor mdtrtarea_admvs is told", zh="无法确定参保地，请填写 insuplc_admdvs"
        )
    return told
