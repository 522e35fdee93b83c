"""A settlement was undone: its stay is marked in the archive, and its verification is dropped.

Room: use cases of identity.
"""

from __future__ import annotations

from datetime import datetime

from common.core.errors import NotFound
from common.kit.db import UnitOfWork
from common.published.settlement import SettlementReversed
from services.identity.adapters import episodes, verification


class EpisodeUnknown(NotFound):
    """It names a settlement whose discharge has not arrived here; the event is tried again later."""

    code = "episode_unknown"


async def reverse_episode(uow: UnitOfWork, *, event: SettlementReversed, now: datetime) -> None:
    """Mark the stay as reversed.

    Raises:
        EpisodeUnknown: If the stay is not in the archive.
    """
    known = await episodes.mark_reversed(uow.connection, event.settlement_id, reversed_on=event.reversed_on, now=now)
    if not known:
        raise EpisodeUnknown("the settlement reversed is not in the archive")
    await verification.withdraw(uow.connection, event.settlement_id)
