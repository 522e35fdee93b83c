"""Which fact leads to which use case.

Next hop: services/monitoring/usecases/book_stay.py
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from common.kit.clock import Clock
from common.kit.consumer import Handler
from common.kit.db import UnitOfWork
from common.kit.envelope import EnvelopeUnreadable, Received
from common.published.base import PublishedEvent
from common.published.identity import HouseholdChanged, PersonEnded, PersonMerged, PersonMoved, PersonRegistered
from common.published.settlement import DischargeSettled, SettlementReversed, SupplementBooked
from services.monitoring.domain.warning_line import WarningLine
from services.monitoring.usecases.book_stay import book_stay
from services.monitoring.usecases.book_supplement import book_supplement
from services.monitoring.usecases.change_household import change_household
from services.monitoring.usecases.end_person import end_person
from services.monitoring.usecases.merge_persons import merge_persons
from services.monitoring.usecases.move_person import move_person
from services.monitoring.usecases.register_person import register_person
from services.monitoring.usecases.reverse_stay import reverse_stay

EventT = TypeVar("EventT", bound=PublishedEvent)


def handlers(*, clock: Clock, lines: Mapping[str, Sequence[WarningLine]]) -> dict[str, Handler]:
    """Return event type -> handler.

    Args:
        clock: Where the handlers' `now` comes from.
        lines: County -> its warning lines.
    """
    return {
        "settlement.discharge_settled.v1": _on(
            DischargeSettled,
            lambda uow, event, at: book_stay(uow, event=event, settled_at=at, lines=lines, now=clock()),
        ),
        "settlement.settlement_reversed.v1": _on(
            SettlementReversed, lambda uow, event, _at: reverse_stay(uow, event=event, lines=lines, now=clock())
        ),
        "settlement.supplement_booked.v1": _on(
            SupplementBooked, lambda uow, event, _at: book_supplement(uow, event=event, lines=lines, now=clock())
        ),
        "identity.person_registered.v1": _on(
            PersonRegistered,
            lambda uow, event, at: register_person(uow, event=event, told_at=at, lines=lines, now=clock()),
        ),
        "identity.household_changed.v1": _on(
            HouseholdChanged,
            lambda uow, event, at: change_household(uow, event=event, told_at=at, lines=lines, now=clock()),
        ),
        "identity.person_moved.v1": _on(PersonMoved, lambda uow, event, _at: move_person(uow, event=event)),
        "identity.person_ended.v1": _on(
            PersonEnded, lambda uow, event, at: end_person(uow, event=event, told_at=at, lines=lines, now=clock())
        ),
        "identity.person_merged.v1": _on(
            PersonMerged, lambda uow, event, _at: merge_persons(uow, event=event, lines=lines, now=clock())
        ),
    }


def _on(model: type[EventT], story: Callable[[UnitOfWork, EventT, datetime], Awaitable[None]]) -> Handler:
    async def handle(uow: UnitOfWork, received: Received) -> None:
        event = received.event()
        if not isinstance(event, model):
            raise EnvelopeUnreadable(f"{received.type} is not {model.__name__}")
        await story(uow, event, received.occurred_at)

    return handle
