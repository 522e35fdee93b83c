"""A bureau asks which settled stays would be paid otherwise by what is known now (追溯重算立项).

Room: use cases of settlement. Next hop: services/settlement/usecases/advance_rerating.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from common.core.errors import Refused
from common.kit.db import UnitOfWork
from services.settlement.adapters import reratings
from services.settlement.adapters.reratings import Rerating

MOST_DAYS = 3 * 366


class Cause(StrEnum):
    """Why settled stays are looked at again."""

    LATE_LIST = "late_list"
    BACKDATED_CATEGORY = "backdated_category"
    POLICY_VERSION = "policy_version"
    IDENTITY_FOUND = "identity_found"


class ReratingRangeImpossible(Refused):
    """The days contradict each other, or are more than three years."""

    code = "rerating_range_impossible"
    zh = "出院日期范围前后矛盾或超过三年"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which stays are asked about: discharged from one day to another, both included; of all persons or of one.

    Attributes:
        document: The list, decision or policy that came late.
        proposed_by: Who at the bureau asks; somebody else must decide.
    """

    county: str
    discharged_from: date
    discharged_to: date
    person_id: UUID | None
    cause: Cause
    document: str
    proposed_by: str


async def open_rerating(uow: UnitOfWork, *, wanted: Wanted, client_id: str, now: datetime) -> Rerating:
    """Open a case; the worker lists the stays that differ.

    Raises:
        ReratingRangeImpossible: If the days contradict each other or are too many.
    """
    days = (wanted.discharged_to - wanted.discharged_from).days
    if not 0 <= days < MOST_DAYS:
        raise ReratingRangeImpossible(
            f"discharged_to must lie 0 to {MOST_DAYS - 1} days after discharged_from, not {days}"
        )
    case = Rerating(
        rerating_id=uuid4(),
        county=wanted.county,
        discharged_from=wanted.discharged_from,
        discharged_to=wanted.discharged_to,
        person_id=wanted.person_id,
        cause=wanted.cause.value,
        document=wanted.document,
        proposed_by=wanted.proposed_by,
        opened_at=now,
        opened_by=client_id,
    )
    await reratings.keep(uow.connection, case)
    return case
