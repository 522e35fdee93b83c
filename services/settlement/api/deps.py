"""What settlement's routes are given: the kit's unit of work, clock and caller, and the county policies and keys.

Room: api of settlement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from common.kit.http import CurrentCaller, CurrentCause, CursorKey, Now, Uow
from common.kit.sealing import Seal
from services.settlement.domain.policy import CountyPolicy

__all__ = ["Context", "CurrentCaller", "CurrentCause", "CursorKey", "Now", "SettlementContext", "Uow"]


@dataclass(frozen=True, slots=True)
class SettlementContext:
    """What the composition root gives every route of settlement.

    Attributes:
        policies: County code -> policy.
        person_key: Key of person ids and name checks, the same in identity.
        seal: Closes and opens stored numbers and names.
    """

    policies: Mapping[str, CountyPolicy]
    person_key: bytes
    seal: Seal


async def _context(request: Request) -> SettlementContext:
    context: SettlementContext = request.app.state.settlement
    return context


Context = Annotated[SettlementContext, Depends(_context)]
