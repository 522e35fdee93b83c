"""A stay that lives as a settlement told one way is not settled again told another way (重复报送).

The ways are a hospital's two interfaces and the home office's claim. The record number guards within each; between them
a stay has two, so person, hospital and days tell it.
Two stays at one time told through one and the same interface stay the hospital's own affair.
Room: use cases of settlement. Next hop: services/settlement/domain/second_telling.py
"""

from __future__ import annotations

from common.core.citizen_number import name_check_of, person_id_of
from common.core.ids import PersonId
from common.kit.db import UnitOfWork
from services.settlement.adapters import his_stays
from services.settlement.domain.discharge import Discharge
from services.settlement.domain.his_person import psn_no_of
from services.settlement.domain.second_telling import StayDays, StaySettledOtherwise
from services.settlement.domain.vocabulary import VisitType


async def refuse_second_telling(
    uow: UnitOfWork, *, discharge: Discharge, person_id: PersonId, person_key: bytes
) -> None:
    """Let a discharge pass that did not come through the other interface before.

    The person's accumulators are held, so of two at the same moment the second one sees the first. Visits of
    out-patients pass, and patients without a number: the messages know neither.

    Args:
        uow: Open unit of work.
        discharge: As sent, by whichever interface.
        person_id: Under whom it is settled.
        person_key: Key of person ids and name checks.

    Raises:
        StaySettledOtherwise: If it did.
    """
    number = discharge.patient.number
    if number is None or discharge.visit_type is not VisitType.INPATIENT:
        return
    own_id = person_id_of(number, person_key=person_key)
    name_check = name_check_of(own_id, discharge.patient.name, person_key=person_key)
    days = StayDays(discharge.admitted_on, discharge.discharged_on)
    for told in await his_stays.told_otherwise(
        uow.connection,
        institution_code=discharge.institution_code,
        record_no=discharge.record_no,
        psn_no=psn_no_of(person_id=own_id, name_check=name_check),
        person_id=person_id,
        admitted_on=discharge.admitted_on,
        payee=discharge.payee,
    ):
        if days.is_also(told.days):
            raise StaySettledOtherwise(
                "this stay is settled in another way under another record number; reverse it there first",
                settlement_id=str(told.settlement_id),
                record_no=told.record_no,
                link=f"/v1/settlements/{told.settlement_id}",
            )
