"""Which fact leads to which use case.

Next hop: services/contracts/usecases/plan_follow_ups.py
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from common.kit.clock import Clock
from common.kit.consumer import Handler
from common.kit.db import UnitOfWork
from common.kit.envelope import EnvelopeUnreadable, Received
from common.published.base import PublishedEvent
from common.published.identity import PersonEnded, PersonMerged, PersonMoved, PersonRegistered
from common.published.settlement import DischargeSettled, SettlementReversed
from services.contracts.domain.follow_up_rule import RuleVersion
from services.contracts.usecases.end_person import end_person
from services.contracts.usecases.merge_persons import merge_persons
from services.contracts.usecases.move_person import move_person
from services.contracts.usecases.plan_follow_ups import plan_follow_ups
from services.contracts.usecases.register_person import register_person
from services.contracts.usecases.withdraw_follow_ups import withdraw_follow_ups

EventT = TypeVar("EventT", bound=PublishedEvent)


def handlers(*, clock: Clock, versions: Sequence[RuleVersion]) -> dict[str, Handler]:
    """Return event type -> handler.

    Args:
        clock: Where the handlers' `now` comes from.
        versions: The follow-up rules.
    """
    return {
        "settlement.discharge_settled.v1": _on(
            DischargeSettled, lambda uow, event: plan_follow_ups(uow, event=event, versions=versions, now=clock())
        ),
        "settlement.settlement_reversed.v1": _on(
            SettlementReversed, lambda uow, event: withdraw_follow_ups(uow, event=event)
        ),
        "identity.person_registered.v1": _on(PersonRegistered, lambda uow, event: register_person(uow, event=event)),
        "identity.person_moved.v1": _on(PersonMoved, lambda uow, event: move_person(uow, event=event)),
        "identity.person_ended.v1": _on(PersonEnded, lambda uow, event: end_person(uow, event=event, now=clock())),
        "identity.person_merged.v1": _on(PersonMerged, lambda uow, event: merge_persons(uow, event=event, now=clock())),
    }


def _on(model: type[EventT], story: Callable[[UnitOfWork, EventT], Awaitable[None]]) -> Handler:
    async def handle(uow: UnitOfWork, received: Received) -> None:
        event = received.event()
        if not isinstance(event, model):
            raise EnvelopeUnreadable(f"{received.type} is not {model.__name__}")
        await story(uow, event)

    return handle
