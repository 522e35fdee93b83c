"""A discharge was settled: note the stay.

Next hop: services/_skeleton/adapters/stays.py
"""

from __future__ import annotations

from common.core.ids import PersonId
from common.kit.db import UnitOfWork
from common.kit.envelope import EnvelopeUnreadable, Received
from common.published.settlement import DischargeSettled
from services._skeleton.adapters import stays
from services._skeleton.domain.stay import Stay


async def record_stay(uow: UnitOfWork, received: Received) -> None:
    """Note the stay of a settled discharge; a repeat changes nothing.

    Raises:
        EnvelopeUnreadable: If the event is of another type than this use case is listed for.
    """
    told = received.event()
    if not isinstance(told, DischargeSettled):
        raise EnvelopeUnreadable(f"{received.type} is not a settled discharge")
    await stays.add(uow, Stay(told.settlement_id, PersonId(told.person_id), told.county, told.discharged_on))
