"""The record of every read of personal data: who, what, about whom, in which request. Rows are only ever added.

Room: adapters of identity.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert

from common.kit.db import UnitOfWork
from services.identity.adapters.tables import read_audit


async def note_read(
    uow: UnitOfWork,
    *,
    client_id: str,
    action: str,
    person_ids: Iterable[UUID],
    now: datetime,
    subject_id: UUID | None = None,
) -> None:
    """Record a read, in the transaction that answers it; a search that found nobody is recorded too."""
    await uow.connection.execute(
        insert(read_audit).values(
            read_at=now,
            client_id=client_id,
            correlation_id=uow.cause.correlation_id,
            action=action,
            person_ids=list(person_ids),
            subject_id=subject_id,
        )
    )
