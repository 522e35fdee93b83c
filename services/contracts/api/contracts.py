"""Routes of family-doctor contracts.

Next hop: services/contracts/usecases/sign_contract.py
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Response

from common.core.ids import TeamId
from common.kit.http import json_answer, secured, secured_router
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, decode_place, page_of
from services.contracts.adapters.contracts import ContractFilter
from services.contracts.api.deps import CurrentViewer, CursorKey, Now, OwnTownship, Rules, Uow, or_again
from services.contracts.api.schemas import ContractEndIn, ContractIn, ContractOut, ContractPage
from services.contracts.domain.contract import (
    ContractAlreadyEnded,
    ContractAlreadyLive,
    ContractTooShort,
    DatesImpossible,
    EndReason,
    PersonIsEnded,
    Terms,
)
from services.contracts.domain.viewing import UnknownHere
from services.contracts.usecases.end_contract import end_contract
from services.contracts.usecases.list_contracts import list_contracts
from services.contracts.usecases.sign_contract import sign_contract

router = secured_router(tag="contracts")
_SIGNING = (UnknownHere, ContractAlreadyLive, ContractTooShort, DatesImpossible, PersonIsEnded)
_ENDING = (UnknownHere, ContractAlreadyEnded, DatesImpossible)


@router.post(
    "/v1/contracts",
    status_code=201,
    response_model=ContractOut,
    **or_again(secured("contracts", problems=_SIGNING), ContractOut),
)
async def post_contract(body: ContractIn, viewer: CurrentViewer, uow: Uow, now: Now, rules: Rules) -> Response:
    """Sign a person with a team; the same contract again is answered with the live one (200)."""
    terms = Terms(TeamId(body.team_id), tuple(body.package_codes), body.valid_from, body.valid_to)
    contract, is_new = await sign_contract(
        uow, viewer=viewer, person_id=body.person_id, terms=terms, versions=rules, now=now
    )
    return json_answer(ContractOut.of(contract), 201 if is_new else 200)


@router.post("/v1/contracts/{contract_id}/end", **secured("contracts", problems=_ENDING))
async def post_contract_end(
    contract_id: UUID, body: ContractEndIn, viewer: CurrentViewer, uow: Uow, now: Now
) -> ContractOut:
    """End a contract; ending it again alike changes nothing."""
    reason = EndReason(body.reason_code)
    ended = await end_contract(
        uow, viewer=viewer, contract_id=contract_id, ended_on=body.ended_on, reason=reason, now=now
    )
    return ContractOut.of(ended)


async def _wanted(
    township: OwnTownship,
    person_id: Annotated[UUID | None, Query()] = None,
    team_id: Annotated[UUID | None, Query()] = None,
    state: Annotated[Literal["live", "ended"] | None, Query()] = None,
) -> ContractFilter:
    return ContractFilter(person_id, team_id, township, None if state is None else state == "ended")


@router.get("/v1/contracts", **secured("contracts", problems=[CursorInvalid]))
async def get_contracts(
    viewer: CurrentViewer,
    wanted: Annotated[ContractFilter, Depends(_wanted)],
    uow: Uow,
    key: CursorKey,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> ContractPage:
    """List the caller's contracts in the order of signing."""
    of = f"contracts {viewer} {wanted}"
    after = decode_place(cursor, key=key, of=of) if cursor else None
    found = await list_contracts(uow, viewer=viewer, wanted=wanted, after=after, limit=limit + 1)
    items, next_cursor = page_of(
        found,
        limit=limit,
        position_of=lambda each: (each.signed_at.isoformat(), str(each.contract_id)),
        key=key,
        of=of,
    )
    return ContractPage(items=[ContractOut.of(each) for each in items], next_cursor=next_cursor)
