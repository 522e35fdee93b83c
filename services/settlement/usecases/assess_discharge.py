"""A discharge is judged: who is it, what did the year already see, what does each layer pay (试算).

Preview, settlement and nothing else run this, so that a preview can never name another amount.
Room: use cases of settlement. Next hop: services/settlement/domain/assessment.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from common.core.citizen_number import name_check_of, person_id_of
from common.core.errors import Conflict
from common.core.ids import PersonId, named_id
from common.core.money import Money
from common.kit.db import UnitOfWork
from services.settlement.adapters import accumulators, corrections, persons, settlements
from services.settlement.domain.accounts import accounts_met
from services.settlement.domain.assessment import Admitted, Assessment, admit, assess, stay_of
from services.settlement.domain.chart import Chart
from services.settlement.domain.discharge import Discharge
from services.settlement.domain.policy import CountyPolicy
from services.settlement.domain.receipt import charged_of
from services.settlement.domain.recognition import Recognition, recognise
from services.settlement.domain.stay import place_of
from services.settlement.usecases.draw_family_account import with_account


class ContinuedStayUnknown(Conflict):
    """The stay that this one carries on is not settled for this person, or was reversed."""

    code = "continued_stay_unknown"
    zh = "未找到本次住院所接续的结算记录"


@dataclass(frozen=True, slots=True)
class Rules:
    """What judging needs beside the database.

    Attributes:
        policies: County code -> policy.
        person_key: Key of person ids and name checks.
        charts: County code -> chart of accounts; a county without one has no sub-ledgers.
    """

    policies: Mapping[str, CountyPolicy]
    person_key: bytes
    charts: Mapping[str, Chart] = field(default_factory=dict)


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
    recognition = await _recognised(uow, admitted, rules, holding=holding)
    stay = stay_of(
        admitted=admitted,
        recognition=recognition,
        charged_before=await _charged_before(uow, discharge, recognition.person_id),
    )
    person_id, county = recognition.person_id, discharge.county
    year = stay.on(admitted.version.days.year).year
    if holding:
        accounts = accounts_met(admitted.version, place_of(version=admitted.version, stay=stay))
        before, corrected_by = await accumulators.lock_balances(
            uow.connection, person_id=person_id, county=county, year=year, accounts=accounts
        )
    else:
        before = await accumulators.read_balances(uow.connection, person_id=person_id, county=county, year=year)
        corrected_by = 0
    found = assess(admitted=admitted, recognition=recognition, stay=stay, before=before, corrected_by=corrected_by)
    policy = rules.policies[county]
    return await with_account(uow, found, policy=policy, today=today, holding=holding)


async def _charged_before(uow: UnitOfWork, discharge: Discharge, person_id: PersonId) -> dict[str, Money]:
    """Return which start lines the stay carried on was charged, layer by layer.

    Raises:
        ContinuedStayUnknown: If no live settlement of this person has that record.
    """
    if discharge.continues is None:
        return {}
    earlier = await settlements.latest_of_record(
        uow.connection,
        institution_code=discharge.continues.institution_code,
        record_no=discharge.continues.record_no,
    )
    if earlier is None or not earlier.is_live or earlier.person_id != person_id:
        raise ContinuedStayUnknown("no live settlement of this person has the record that the stay carries on")
    return charged_of(answer=await corrections.standing_answer(uow.connection, earlier))


async def _recognised(uow: UnitOfWork, admitted: Admitted, rules: Rules, *, holding: bool) -> Recognition:
    discharge = admitted.discharge
    number, name_check, known, own_id = discharge.patient.number, None, None, None
    if number is not None:
        own_id = person_id_of(number, person_key=rules.person_key)
        known = await persons.known_person(
            uow.connection,
            person_id=own_id,
            county=discharge.county,
            on=admitted.status_day,
            reach=admitted.version.reach,
            holding=holding,
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
