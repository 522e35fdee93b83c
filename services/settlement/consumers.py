"""Which events settlement listens to: all that tells it who a patient at the counter is.

Next hop: services/settlement/usecases/learn_person.py
"""

from __future__ import annotations

from common.kit.clock import china_date
from common.kit.consumer import Handler
from common.kit.db import UnitOfWork
from common.kit.envelope import Received
from common.published.identity import HouseholdChanged
from services.settlement.usecases.learn_person import learn_household, learn_person

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
        await learn_person(uow, event=received.event(), told_on=china_date(received.occurred_at))

    async def learn_of_household(uow: UnitOfWork, received: Received) -> None:
        event = received.event()
        if not isinstance(event, HouseholdChanged):
            raise TypeError(f"{type(event).__name__} is no change of a household")
        await learn_household(uow, event=event, told_on=china_date(received.occurred_at))

    return {**dict.fromkeys(HEARD, learn), "identity.household_changed.v1": learn_of_household}
