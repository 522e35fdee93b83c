"""Re-ratings are read back: one with its sums, its lines, those of a county (追溯重算查询).

Room: use cases of settlement. Next hop: services/settlement/adapters/reratings.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.core.errors import NotFound
from common.kit.db import UnitOfWork
from services.settlement.adapters import reratings
from services.settlement.adapters.reratings import OutcomeSum, Rerating, ReratingLine


class ReratingNotFound(NotFound):
    """No re-rating of that id is the caller's."""

    code = "not_found"
    zh = "没有找到该追溯重算"


@dataclass(frozen=True, slots=True)
class ReratingSums:
    """What a case comes to: lines by outcome, and what each fund pays more, in fen."""

    outcomes: list[OutcomeSum]
    funds: dict[str, int]


async def read_rerating(uow: UnitOfWork, *, rerating_id: UUID, county: str | None, lock: bool = False) -> Rerating:
    """Return a case of the county.

    Raises:
        ReratingNotFound: If there is none, or it is another county's.
    """
    case = await reratings.find(uow.connection, rerating_id, lock=lock)
    if case is None or case.county != county:
        raise ReratingNotFound("no re-rating of that id")
    return case


async def read_rerating_sums(uow: UnitOfWork, *, case: Rerating) -> ReratingSums:
    """Return what a case comes to so far."""
    outcomes = await reratings.sums_of(uow.connection, case.rerating_id)
    return ReratingSums(outcomes, await reratings.funds_of(uow.connection, case.rerating_id))


async def read_rerating_lines(uow: UnitOfWork, *, case: Rerating, after: int, limit: int) -> Sequence[ReratingLine]:
    """Return a case's lines behind a number."""
    return await reratings.lines_of(uow.connection, case.rerating_id, after=after, limit=limit)


async def list_reratings(
    uow: UnitOfWork, *, county: str | None, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Rerating]:
    """Return a county's cases behind a position, in the order opened.

    Raises:
        ReratingNotFound: If the caller speaks for no county.
    """
    if county is None:
        raise ReratingNotFound("the caller speaks for no county")
    return await reratings.page(uow.connection, county=county, after=after, limit=limit)
