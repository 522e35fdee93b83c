"""What settlement's routes are given: the kit's unit of work, clock and caller, and the county policies and keys.

Room: api of settlement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from common.kit.auth import Caller, require_own
from common.kit.http import CurrentCaller, CurrentCause, CursorKey, Now, Uow
from common.kit.sealing import Seal
from services.settlement.adapters.clearing_terms import ClearingTerms
from services.settlement.domain.chart import Chart
from services.settlement.domain.cost_control import CostRules
from services.settlement.domain.policy import CountyPolicy
from services.settlement.usecases.render_slip import SlipPrint
from services.settlement.usecases.reverse_settlement import SettlementNotFound

__all__ = [
    "Context",
    "CurrentCaller",
    "CurrentCause",
    "CursorKey",
    "Now",
    "SettlementContext",
    "Uow",
    "own_institution",
    "require_named",
]


@dataclass(frozen=True, slots=True)
class SettlementContext:
    """What the composition root gives every route of settlement.

    Attributes:
        policies: County code -> policy.
        person_key: Key of person ids and name checks, the same in identity.
        seal: Closes and opens stored numbers and names.
        clearing_terms: How each county clears.
        charts: County code -> chart of accounts.
        cost_rules: What cost control watches.
        printed_with: What slips are printed with.
    """

    policies: Mapping[str, CountyPolicy]
    person_key: bytes
    seal: Seal
    clearing_terms: ClearingTerms
    charts: Mapping[str, Chart]
    cost_rules: CostRules
    printed_with: SlipPrint


async def _context(request: Request) -> SettlementContext:
    context: SettlementContext = request.app.state.settlement
    return context


Context = Annotated[SettlementContext, Depends(_context)]


def require_named(caller: Caller, institution_code: str | None) -> None:
    """Check the institution that a list is asked for: a hospital may name itself alone, a bureau any of its county.

    Raises:
        NotYours: If a hospital names another one.
    """
    if institution_code is not None and caller.institution_code is not None:
        require_own(caller, institution_code=institution_code)


def own_institution(caller: Caller) -> str:
    """Return the hospital for which the caller speaks.

    Raises:
        SettlementNotFound: If it speaks for none, so that nothing can be its own.
    """
    if caller.institution_code is None:
        raise SettlementNotFound("the caller speaks for no institution")
    return caller.institution_code
