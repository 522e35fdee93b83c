"""The leading group approves or declines a plan of relief; what is approved waits for its money (领导小组审定).

Room: use cases of settlement. Next hop: services/settlement/usecases/book_relief.py
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from common.core.errors import Conflict
from common.kit.db import UnitOfWork
from services.settlement.adapters import reliefs
from services.settlement.adapters.reliefs import Plan
from services.settlement.domain.second_person import require_second_person
from services.settlement.usecases.read_relief import read_relief_plan

PROPOSED, APPROVED, DECLINED = "proposed", "approved", "declined"
_MEANS = {APPROVED: "waiting", DECLINED: "declined"}


class ReliefPlanDecided(Conflict):
    """The plan was decided already, by somebody else or otherwise."""

    code = "relief_plan_decided"
    zh = "该救助方案已有决定"


async def decide_relief_plan(
    uow: UnitOfWork, *, plan_id: UUID, county: str | None, approves: bool, by: str, reason: str, now: datetime
) -> Plan:
    """Write the decision; the same word of the same person again changes nothing.

    Raises:
        ReliefPlanNotFound: If there is none of that id in the county.
        ReliefPlanDecided: If it was decided otherwise.
        SecondPersonNeeded: If the person is the one who proposed it.
    """
    plan = await read_relief_plan(uow, plan_id=plan_id, county=county, lock=True)
    decided = APPROVED if approves else DECLINED
    if plan.state != PROPOSED:
        if (plan.state, plan.decided_by) == (decided, by):
            return plan
        raise ReliefPlanDecided(f"the plan is {plan.state}", state=plan.state)
    require_second_person(proposed_by=plan.proposed_by, decided_by=by)
    await reliefs.decide(
        uow.connection, plan, state=decided, decided_by=by, reason=reason, now=now, result=_MEANS[decided]
    )
    return await read_relief_plan(uow, plan_id=plan_id, county=county)
