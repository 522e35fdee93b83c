"""Compares the next slice of a long list that was only read and checked when it came in.

Room: use cases of identity. Next hop: services/identity/usecases/compare_rows.py
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from common.core.ids import RosterId
from common.kit.db import UnitOfWork
from services.identity.adapters import rosters
from services.identity.adapters.sealing import Keys
from services.identity.domain.county import CountyRules
from services.identity.domain.staging import COMPARING, STAGED, whole_households
from services.identity.usecases.compare_rows import compare_rows


async def compare_roster_slice(
    uow: UnitOfWork,
    *,
    roster_id: RosterId,
    counties: Mapping[str, CountyRules],
    keys: Keys,
    now: datetime,
    slice_rows: int,
) -> bool:
    """Give the next rows their verdict and return whether more wait; a list not being compared has none.

    Raises:
        RosterUnknown: If there is no such list.
    """
    listed = await rosters.roster_of(uow.connection, roster_id, lock=True)
    if listed.state != COMPARING:
        return False
    waiting = await rosters.waiting_rows(uow.connection, keys.seal, listed, limit=slice_rows)
    rows = next(whole_households(rows=waiting, at_least=slice_rows), [])
    rules = counties[listed.terms.county]
    compared = await compare_rows(uow, rows=rows, terms=listed.terms, rules=rules, keys=keys, now=now, lock=False)
    await rosters.mark_judged(uow.connection, roster_id, compared.judged, is_applied=False)
    if rows:
        return True
    await rosters.set_state(uow.connection, roster_id, STAGED)
    return False
