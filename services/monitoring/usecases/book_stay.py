"""A discharge was settled: the patient's share enters the twelve months of the household, or of the person alone.

Room: use cases of monitoring. Next hop: services/monitoring/usecases/judge_persons.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from common.core.ids import SettlementId
from common.core.money import Money
from common.kit.db import UnitOfWork
from common.published.settlement import DischargeSettled
from services.monitoring.adapters import persons, stays
from services.monitoring.domain.person import met
from services.monitoring.domain.stay import Stay
from services.monitoring.domain.warning_line import WarningLine
from services.monitoring.usecases.judge_persons import judge_persons


async def book_stay(
    uow: UnitOfWork,
    *,
    event: DischargeSettled,
    settled_at: datetime,
    lines: Mapping[str, Sequence[WarningLine]],
    now: datetime,
) -> None:
    """Note the stay and judge the sum it enters; a person nobody told of is watched alone until a household is."""
    locked = await persons.lock_persons(uow.connection, [event.person_id], county=event.county)
    known = locked[event.person_id]
    person = met(known, township=event.township)
    if person != known:
        await persons.save_person(uow.connection, person)
    stay = Stay(
        settlement_id=SettlementId(event.settlement_id),
        person_id=person.person_id,
        discharged_on=event.discharged_on,
        own_share=Money(event.patient_pays_fen),
        settled_at=settled_at,
    )
    await stays.add_stay(uow.connection, stay, county=event.county)
    await judge_persons(uow, person_ids={person.person_id}, county=event.county, lines=lines, now=now)
