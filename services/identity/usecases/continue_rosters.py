"""The worker goes on with lists too long for one request: compares them, and applies them once published.

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
from services.identity.domain.staging import COMPARING, PUBLISHING
from services.identity.usecases.apply_roster_slice import SLICE_ROWS, apply_roster_slice
from services.identity.usecases.compare_roster_slice import compare_roster_slice

_CAUSE = Cause("continue-rosters")
_STEPS = ((COMPARING, compare_roster_slice), (PUBLISHING, apply_roster_slice))


async def continue_rosters(
    *,
    open_unit: Callable[[Cause], AbstractAsyncContextManager[UnitOfWork]],
    counties: Mapping[str, CountyRules],
    keys: Keys,
    clock: Clock,
    slice_rows: int = SLICE_ROWS,
) -> int:
    """Carry every unfinished list to the end of its state, each slice in a unit of its own; return how many slices."""
    done = 0
    for state, step in _STEPS:
        async with open_unit(_CAUSE) as uow:
            unfinished = await rosters.unfinished_rosters(uow.connection, state)
        for roster_id, cause in unfinished:
            has_more = True
            while has_more:
                async with open_unit(cause) as uow:
                    has_more = await step(
                        uow, roster_id=roster_id, counties=counties, keys=keys, now=clock(), slice_rows=slice_rows
                    )
                done += 1
    return done
