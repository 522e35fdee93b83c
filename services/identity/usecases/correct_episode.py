"""A settled stay was corrected: the archive shows the share that stands, from when it was known.

Room: use cases of identity.
"""

from __future__ import annotations

from datetime import datetime

from common.kit.db import UnitOfWork
from common.published.settlement import SupplementBooked
from services.identity.adapters import episodes
from services.identity.usecases.reverse_episode import EpisodeUnknown


async def correct_episode(uow: UnitOfWork, *, event: SupplementBooked, now: datetime) -> None:
    """Add what the correction changed in the patient's share.

    Raises:
        EpisodeUnknown: If the stay is not in the archive.
    """
    if not await episodes.is_known(uow.connection, event.settlement_id):
        raise EpisodeUnknown("the settlement corrected is not in the archive")
    await episodes.add_change(uow.connection, event, now=now)
