"""Which events settlement listens to: all that tells it who a patient at the counter is.

Next hop: services/settlement/usecases/learn_person.py
"""

from __future__ import annotations

from common.kit.consumer import Handler
from common.kit.db import UnitOfWork
from common.kit.envelope import Received
from services.settlement.usecases.learn_person import learn_person

HEARD = (
    "identity.person_registered.v1",
    "identity.person_moved.v1",
    "identity.name_check_changed.v1",
    "identity.entitlement_changed.v1",
    "identity.insurance_changed.v1",
    "identity.person_ended.v1",
    "identity.person_merged.v1",
)


def handlers() -> dict[str, Handler]:
    """Return event type -> handler."""

    async def learn(uow: UnitOfWork, received: Received) -> None:
        await learn_person(uow, event=received.event())

    return dict.fromkeys(HEARD, learn)
