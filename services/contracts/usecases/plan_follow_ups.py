"""A discharge was settled: visits are planned by disease, or a task to sign, and one to find out who the patient is.

Room: use cases of contracts. Next hop: services/contracts/domain/plan.py
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from common.core.ids import SettlementId
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from common.published.settlement import DischargeSettled
from services.contracts.adapters import contracts, persons, stays
from services.contracts.domain.contract import running
from services.contracts.domain.follow_up_rule import RuleVersion, version_on
from services.contracts.domain.person import met
from services.contracts.domain.plan import tasks_after
from services.contracts.domain.stay import Stay
from services.contracts.usecases.file_tasks import file_tasks


async def plan_follow_ups(
    uow: UnitOfWork, *, event: DischargeSettled, versions: Sequence[RuleVersion], now: datetime
) -> None:
    """Note the stay and file what it asks for, once per person, rule and last day.

    A person nobody told of is no error: the work goes to the township of the request, else to the county desk.
    """
    locked = await persons.lock_persons(uow.connection, [event.person_id], county=event.county)
    known = locked[event.person_id]
    person = met(known, township=event.township)
    if person != known:
        await persons.save_person(uow.connection, person)
    version = version_on(versions=versions, day=event.discharged_on)
    stay = Stay(
        settlement_id=SettlementId(event.settlement_id),
        person_id=person.person_id,
        county=event.county,
        discharged_on=event.discharged_on,
        diseases=version.diseases_of(diagnoses=event.diagnoses, visit_type=event.visit_type),
        identity_open=event.identity_open,
        is_provisional=event.provisional,
    )
    await stays.add_stay(uow.connection, stay)
    live = await contracts.live_contract_of(uow.connection, person.person_id)
    contract = running(contract=live, day=china_date(now))
    tasks = tasks_after(stay=stay, person=person, contract=contract, version=version)
    await file_tasks(uow, tasks=tasks, stay=stay, person=person, contract=contract, now=now)
