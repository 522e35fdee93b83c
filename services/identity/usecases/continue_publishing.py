"""The worker goes on with lists that are too long for one request, slice by slice.

Room: use cases of identity. Next hop: services/identity/usecases/apply_roster_slice.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from common.kit.cause import Cause
from common.kit.clock import Clock
from common.kit.db import UnitOfWork
from services.identity.adapters import rosters
from services.identity.adapters.sealing import Keys
from services.identity.domain.county import CountyRules
from services.identity.usecases.apply_roster_slice import SLICE_ROWS, apply_roster_slice

_CAUSE = Cause("continue-publishing")


async def continue_publishing(
    *,
    open_unit: Callable[[Cause], AbstractAsyncContextManager[UnitOfWork]],
    counties: Mapping[str, CountyRules],
    keys: Keys,
    clock: Clock,
    slice_rows: int = SLICE_ROWS,
) -> int:
    """Apply every slice that is left, each in a unit of work of its own; return how many there were."""
    async with open_unit(_CAUSE) as uow:
        publishing = await rosters.publishing_rosters(uow.connection)
    applied = 0
    for roster_id, cause in publishing:
        has_more = True
        while has_more:
            async with open_unit(cause) as uow:
                has_more = await apply_roster_slice(
                    uow, roster_id=roster_id, counties=counties, keys=keys, now=clock(), slice_rows=slice_rows
                )
            applied += 1
    return applied
