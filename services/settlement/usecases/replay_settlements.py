"""Every settlement is computed again from its frozen inputs and must give the same fen (复算核对).

Room: use cases of settlement. Next hop: services/settlement/domain/replay.py
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from common.kit.db import UnitOfWork
from services.settlement.adapters import corrections
from services.settlement.domain.policy import CountyPolicy
from services.settlement.domain.replay import replayed_difference


@dataclass(slots=True)
class Replay:
    """How many results were computed again, and those whose policy the county's file no longer holds."""

    replayed: int = 0
    without_policy: int = 0


async def replay_settlements(
    uow: UnitOfWork, *, policies: Mapping[str, CountyPolicy], counts: Replay
) -> AsyncIterator[tuple[UUID, str]]:
    """Give each settlement whose result, or a correction's, comes out otherwise, and what differs.

    Args:
        uow: Repeatable read, so that all steps see one state.
        policies: County code -> policy.
        counts: Counted up on the way.
    """
    async for kept in corrections.results(uow.connection):
        found = replayed_difference(inputs=kept.inputs, answer=kept.answer, policies=policies, county=kept.county)
        if found is None:
            counts.without_policy += 1
            continue
        counts.replayed += 1
        if found:
            yield kept.settlement_id, found
