"""Planned tasks are filed for their person and told; a live one of the same rule and last day is not filed again.

Room: use cases of contracts. Next hop: services/contracts/adapters/follow_ups.py
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from common.kit.db import UnitOfWork
from common.published.contracts import FollowUpPlanned
from services.contracts.adapters import follow_ups
from services.contracts.domain.contract import Contract
from services.contracts.domain.follow_up import FollowUp, Kind, follow_up_id_of
from services.contracts.domain.person import Person
from services.contracts.domain.plan import PlannedTask
from services.contracts.domain.stay import Stay


async def file_tasks(
    uow: UnitOfWork,
    *,
    tasks: Iterable[PlannedTask],
    stay: Stay,
    person: Person,
    contract: Contract | None,
    now: datetime,
) -> None:
    """File each task and tell of the new ones; visits go to the contract's team, other work to the township."""
    wanted = [_task(planned, stay, person, contract, now) for planned in tasks]
    new = await follow_ups.file_tasks(uow.connection, wanted)
    for task in wanted:
        if task.follow_up_id in new:
            uow.publish(_planned(task), occurred_at=now)


def _task(planned: PlannedTask, stay: Stay, person: Person, contract: Contract | None, now: datetime) -> FollowUp:
    return FollowUp(
        follow_up_id=follow_up_id_of(settlement_id=stay.settlement_id, rule=planned.rule, window_to=planned.window_to),
        person_id=person.person_id,
        county=person.county,
        township=person.township,
        team_id=contract.terms.team_id if contract and planned.kind is Kind.FOLLOW_UP else None,
        kind=planned.kind,
        rule=planned.rule,
        disease=planned.disease,
        window_from=planned.window_from,
        window_to=planned.window_to,
        settlement_id=stay.settlement_id,
        discharged_on=stay.discharged_on,
        planned_at=now,
    )


def _planned(task: FollowUp) -> FollowUpPlanned:
    return FollowUpPlanned(
        county=task.county,
        follow_up_id=task.follow_up_id,
        person_id=task.person_id,
        township=task.township,
        team_id=task.team_id,
        kind=task.kind,
        disease=task.disease,
        window_from=task.window_from,
        window_to=task.window_to,
        settlement_id=task.settlement_id,
    )
