"""A discharge was settled: the stay enters the archive, and somebody on no list with a ruinous bill is to be visited.

Room: use cases of identity. Next hop: services/identity/usecases/open_verification_tasks.py
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from common.core.money import Money
from common.kit.db import UnitOfWork
from common.published.settlement import DischargeSettled
from services.identity.adapters import episodes, persons, verification
from services.identity.domain.county import CountyRules, looks_catastrophic


async def record_episode(
    uow: UnitOfWork, *, event: DischargeSettled, counties: Mapping[str, CountyRules], now: datetime
) -> None:
    """Add the stay to the person's archive; a person nobody knew gets one that is known by discharge only.

    Number and name are fetched later by a job of the worker, because a handler calls nobody.
    """
    is_registered = await persons.discharged_person(
        uow.connection,
        event.person_id,
        county=event.county,
        township=event.township,
        provisional=event.provisional,
        now=now,
    )
    await episodes.add_episode(uow.connection, event, now=now)
    rules = counties.get(event.county)
    line = rules.verification_line(on=event.discharged_on) if rules else None
    if is_registered or line is None:
        return
    if looks_catastrophic(patient_pays=Money(event.patient_pays_fen), line=line):
        wanted = verification.VerificationRequest(
            settlement_id=event.settlement_id,
            discharge_id=event.discharge_id,
            person_id=event.person_id,
            county=event.county,
            township=event.township,
            discharged_on=event.discharged_on,
            patient_pays_fen=event.patient_pays_fen,
            line_fen=line.patient_pays.fen,
            due_days=line.due_days,
        )
        await verification.add_request(uow.connection, wanted, now=now)
