"""A bureau or township sees whom to visit, the most urgent first; names are read, so it is recorded.

Room: use cases of identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from common.kit.db import UnitOfWork
from common.kit.sealing import Seal
from services.identity.adapters import audit, verification
from services.identity.domain.roster import masked_number_text
from services.identity.domain.viewing import Viewer


@dataclass(frozen=True, slots=True)
class VisitTask:
    """One task with the patient's name and masked number; both None when settlement could not be asked."""

    row: Any
    name: str | None
    citizen_id: str | None


async def list_verification_tasks(
    uow: UnitOfWork,
    *,
    viewer: Viewer,
    state: str | None,
    after: tuple[date, UUID] | None,
    limit: int,
    seal: Seal,
    now: datetime,
) -> Sequence[VisitTask]:
    """Return up to `limit` tasks of the viewer's county or township."""
    rows = await verification.tasks_page(
        uow.connection, county=viewer.county, township=viewer.township, state=state, after=after, limit=limit
    )
    ids = [row.person_id for row in rows]
    await audit.note_read(uow, client_id=viewer.client_id, action="list_verification_tasks", person_ids=ids, now=now)
    return [_opened(seal, row) for row in rows]


def _opened(seal: Seal, row: Any) -> VisitTask:  # noqa: ANN401 - a row of the table
    context = verification.task_context(row.task_id)
    number = seal.open_optional(row.number_sealed, context=context)
    masked = None if number is None else masked_number_text(number)
    return VisitTask(row, seal.open_optional(row.name_sealed, context=context), masked)
