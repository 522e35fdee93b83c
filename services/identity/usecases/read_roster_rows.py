"""A bureau reads its list row by row, with verdict and reasons; names are read, so it is recorded.

Room: use cases of identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from common.core.ids import RosterId
from common.kit.db import UnitOfWork
from services.identity.adapters import audit, rosters
from services.identity.domain.viewing import Viewer
from services.identity.usecases.find_own_roster import find_own_roster


async def read_roster_rows(
    uow: UnitOfWork,
    *,
    roster_id: RosterId,
    viewer: Viewer,
    verdict: str | None,
    after: int,
    limit: int,
    now: datetime,
) -> Sequence[Any]:
    """Return up to `limit` rows behind a row number.

    Raises:
        UnknownHere: If the list is unknown or another county's.
    """
    await find_own_roster(uow, roster_id=roster_id, viewer=viewer)
    rows = await rosters.rows_page(uow.connection, roster_id, verdict=verdict, after=after, limit=limit)
    ids = {row.person_id for row in rows if row.person_id is not None}
    await audit.note_read(
        uow, client_id=viewer.client_id, action="read_roster_rows", person_ids=ids, now=now, subject_id=roster_id
    )
    return rows
