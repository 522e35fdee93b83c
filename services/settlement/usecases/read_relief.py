"""Plans of relief are read back: one with its grants, those of a county, what a settlement got (精准救助查询).

Room: use cases of settlement. Next hop: services/settlement/adapters/reliefs.py
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from common.core.errors import Conflict, NotFound
from common.kit.db import UnitOfWork
from services.settlement.adapters import reliefs
from services.settlement.adapters.reliefs import Grant, Plan
from services.settlement.usecases.read_settlement import Reader, read_settlement


class ReliefPlanNotFound(NotFound):
    """No plan of that id is the caller's."""

    code = "not_found"
    zh = "没有找到该救助方案"


class ReliefNotFound(NotFound):
    """Nothing was relieved of the settlement."""

    code = "not_found"
    zh = "该结算没有精准救助"


class ReliefPlanNotApproved(Conflict):
    """Only what the leading group approved is published."""

    code = "relief_plan_not_approved"
    zh = "该救助方案未获批准，不予公示"


async def read_relief_plan(uow: UnitOfWork, *, plan_id: UUID, county: str | None, lock: bool = False) -> Plan:
    """Return a plan of the county.

    Raises:
        ReliefPlanNotFound: If there is none, or it is another county's.
    """
    plan = await reliefs.find(uow.connection, plan_id, lock=lock)
    if plan is None or plan.county != county:
        raise ReliefPlanNotFound("no plan of that id")
    return plan


async def read_grants(uow: UnitOfWork, *, plan: Plan) -> Sequence[Grant]:
    """Return what a plan grants, in its order."""
    return await reliefs.grants_of(uow.connection, plan.plan_id)


async def read_published(uow: UnitOfWork, *, plan_id: UUID, county: str | None) -> tuple[Plan, Sequence[Grant]]:
    """Return an approved plan with its grants.

    Raises:
        ReliefPlanNotFound: If there is none, or it is another county's.
        ReliefPlanNotApproved: If nobody approved it.
    """
    plan = await read_relief_plan(uow, plan_id=plan_id, county=county)
    if plan.state != "approved":
        raise ReliefPlanNotApproved(f"the plan is {plan.state}", state=plan.state)
    return plan, await read_grants(uow, plan=plan)


async def list_relief_plans(
    uow: UnitOfWork, *, county: str | None, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Plan]:
    """Return a county's plans behind a position, in the order opened.

    Raises:
        ReliefPlanNotFound: If the caller speaks for no county.
    """
    if county is None:
        raise ReliefPlanNotFound("the caller speaks for no county")
    return await reliefs.page(uow.connection, county=county, after=after, limit=limit)


async def read_relief(uow: UnitOfWork, *, settlement_id: UUID, reader: Reader) -> tuple[Plan, Grant]:
    """Return the grant that was booked on a settlement, with its plan.

    Raises:
        SettlementNotFound: If there is no such settlement, or it is somebody else's.
        ReliefNotFound: If nothing was relieved of it.
    """
    await read_settlement(uow, settlement_id=settlement_id, reader=reader)
    grant = await reliefs.booked_of(uow.connection, settlement_id)
    plan = None if grant is None else await reliefs.find(uow.connection, grant.plan_id)
    if grant is None or plan is None:
        raise ReliefNotFound("nothing was relieved of the settlement")
    return plan, grant
