"""A discharge is judged: who is it, what did the year already see, what does each layer pay (试算).

Preview, settlement and nothing else run this, so that a preview can never name another amount.
Room: use cases of settlement. Next hop: services/settlement/domain/assessment.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from common.core.citizen_number import name_check_of, person_id_of
from common.core.ids import PersonId, named_id
from common.kit.db import UnitOfWork
from services.settlement.adapters import accumulators, persons
from services.settlement.domain.assessment import Admitted, Assessment, admit, assess
from services.settlement.domain.discharge import Discharge
from services.settlement.domain.policy import CountyPolicy
from services.settlement.domain.recognition import Recognition, recognise


@dataclass(frozen=True, slots=True)
class Rules:
    """What judging needs beside the database.

    Attributes:
        policies: County code -> policy.
        person_key: Key of person ids and name checks.
    """

    policies: Mapping[str, CountyPolicy]
    person_key: bytes


async def assess_discharge(
    uow: UnitOfWork, *, discharge: Discharge, rules: Rules, today: date, holding: bool
) -> Assessment:
    """Return what a discharge is paid, for whom and why.

    Args:
        uow: Open unit of work.
        discharge: As the hospital sent it.
        rules: Policies and key.
        today: China day of now.
        holding: Whether the person's accumulators stay locked until the commit; a preview holds nothing.
    """
    admitted = admit(discharge=discharge, policies=rules.policies, today=today)
    recognition = await _recognised(uow, discharge, rules)
    county, year = discharge.county, admitted.year
    if holding:
        before = await accumulators.lock_balances(
            uow.connection,
            person_id=recognition.person_id,
            county=county,
            year=year,
            accounts=_accounts(admitted),
        )
    else:
        before = await accumulators.read_balances(
            uow.connection, person_id=recognition.person_id, county=county, year=year
        )
    return assess(admitted=admitted, recognition=recognition, before=before)


async def _recognised(uow: UnitOfWork, discharge: Discharge, rules: Rules) -> Recognition:
    number, name_check, known, own_id = discharge.patient.number, None, None, None
    if number is not None:
        own_id = person_id_of(number, person_key=rules.person_key)
        known = await persons.known_person(
            uow.connection, person_id=own_id, county=discharge.county, on=discharge.discharged_on
        )
        name_check = name_check_of(own_id, discharge.patient.name, person_key=rules.person_key)
    return recognise(
        own_id=own_id,
        name_check=name_check,
        known=known,
        provisional_id=PersonId(named_id("provisional_person", discharge.institution_code, discharge.record_no)),
        stated=discharge.insurance,
        on=discharge.discharged_on,
    )


def _accounts(admitted: Admitted) -> tuple[str, ...]:
    return admitted.version.accounts
