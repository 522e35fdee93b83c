"""A second person approves or declines what a re-rating lists (双人审批).

Room: use cases of settlement. Next hop: services/settlement/usecases/advance_rerating.py
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from common.core.errors import Conflict
from common.kit.db import UnitOfWork
from services.settlement.adapters import reratings
from services.settlement.adapters.reratings import Rerating
from services.settlement.domain.second_person import require_second_person
from services.settlement.usecases.read_rerating import read_rerating

PROPOSED, APPROVED, DECLINED = "proposed", "approved", "declined"


class ReratingNotProposed(Conflict):
    """The case is still being listed, or was decided already."""

    code = "rerating_not_proposed"
    zh = "该追溯重算尚未列完或已有决定"


async def decide_rerating(
    uow: UnitOfWork, *, rerating_id: UUID, county: str | None, approves: bool, by: str, reason: str, now: datetime
) -> Rerating:
    """Write the decision; the same word of the same person again changes nothing.

    Raises:
        ReratingNotFound: If there is none of that id in the county.
        ReratingNotProposed: If it is still being listed, or was decided otherwise.
        SecondPersonNeeded: If the person is the one who proposed it.
    """
    case = await read_rerating(uow, rerating_id=rerating_id, county=county, lock=True)
    decided = APPROVED if approves else DECLINED
    if case.state != PROPOSED:
        is_same = case.decided_by == by and (case.state == DECLINED) != approves
        if case.decided_by is not None and is_same:
            return case
        raise ReratingNotProposed(f"the re-rating is {case.state}", state=case.state)
    require_second_person(proposed_by=case.proposed_by, decided_by=by)
    await reratings.decide(uow.connection, case, state=decided, decided_by=by, reason=reason, now=now)
    return await read_rerating(uow, rerating_id=rerating_id, county=county)
