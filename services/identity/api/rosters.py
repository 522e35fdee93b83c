"""Routes of lists: send one, look at it, publish it.

Room: api of identity. Next hop: services/identity/usecases/stage_roster.py
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Form, Query

from common.core.ids import RosterId
from common.kit.auth import require_own
from common.kit.http import secured, secured_router
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, Page, decode_cursor, page_of
from services.identity.adapters.roster_file import RosterFileUnusable
from services.identity.api.deps import Context, CurrentCaller, CurrentViewer, CursorKey, Now, Uow
from services.identity.api.roster_schemas import (
    EndProposalAnswer,
    RosterAnswer,
    RosterForm,
    RosterRowAnswer,
    VerdictName,
    roster_answer,
    roster_row_answer,
)
from services.identity.domain.columns import ColumnsUnusable
from services.identity.domain.roster import RosterTerms
from services.identity.domain.viewing import UnknownHere
from services.identity.usecases.find_own_roster import find_own_roster
from services.identity.usecases.publish_roster import publish_roster
from services.identity.usecases.read_end_proposals import read_end_proposals
from services.identity.usecases.read_roster import read_roster
from services.identity.usecases.read_roster_rows import read_roster_rows
from services.identity.usecases.stage_roster import CountyUnknown, Delivery, ListDateImpossible, stage_roster

router = secured_router()
_SCOPE = "identity:write"


@router.post(
    "/v1/rosters",
    status_code=202,
    **secured(_SCOPE, problems=(CountyUnknown, ListDateImpossible, RosterFileUnusable, ColumnsUnusable)),
)
async def send_roster(
    form: Annotated[RosterForm, Form(media_type="multipart/form-data")],
    uow: Uow,
    caller: CurrentCaller,
    context: Context,
    now: Now,
) -> RosterAnswer:
    """Take in a bureau's list: staged and checked row by row, applied only when published."""
    require_own(caller, county=form.county, township=None)
    terms = RosterTerms(county=form.county, source=form.source, kind=form.kind, as_of=form.as_of)
    delivery = Delivery(RosterId(uuid4()), terms, await form.file.read(), caller.client_id)
    report = await stage_roster(uow, delivery=delivery, counties=context.counties, keys=context.keys, now=now)
    return roster_answer(report)


@router.get("/v1/rosters/{roster_id}", **secured(_SCOPE, problems=(UnknownHere,)))
async def get_roster(roster_id: UUID, uow: Uow, viewer: CurrentViewer) -> RosterAnswer:
    """Return a list's state and the totals of its rows."""
    return roster_answer(await read_roster(uow, roster_id=RosterId(roster_id), viewer=viewer))


@router.get("/v1/rosters/{roster_id}/rows", **secured(_SCOPE, problems=(UnknownHere, CursorInvalid)))
async def get_roster_rows(
    roster_id: UUID,
    uow: Uow,
    viewer: CurrentViewer,
    key: CursorKey,
    now: Now,
    verdict: Annotated[VerdictName | None, Query(description="Only rows of this verdict")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[RosterRowAnswer]:
    """Return the rows in the order of the file, each with its verdict and the reasons against it."""
    of = f"roster_rows {roster_id} {verdict}"
    after = int(decode_cursor(cursor, key=key, of=of)[0]) if cursor else 0
    rows = await read_roster_rows(
        uow, roster_id=RosterId(roster_id), viewer=viewer, verdict=verdict, after=after, limit=limit + 1, now=now
    )
    shown, following = page_of(rows, limit=limit, position_of=lambda row: (row.row_no,), key=key, of=of)
    return Page(items=[roster_row_answer(row) for row in shown], next_cursor=following)


@router.get("/v1/rosters/{roster_id}/end-proposals", **secured(_SCOPE, problems=(UnknownHere, CursorInvalid)))
async def get_end_proposals(
    roster_id: UUID,
    uow: Uow,
    viewer: CurrentViewer,
    key: CursorKey,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[EndProposalAnswer]:
    """Return whom this full list no longer names; nobody's category ends by a list alone."""
    of = f"end_proposals {roster_id}"
    after = UUID(str(decode_cursor(cursor, key=key, of=of)[0])) if cursor else None
    rows = await read_end_proposals(uow, roster_id=RosterId(roster_id), viewer=viewer, after=after, limit=limit + 1)
    shown, following = page_of(rows, limit=limit, position_of=lambda row: (str(row.entitlement_id),), key=key, of=of)
    items = [EndProposalAnswer.model_validate(row, from_attributes=True) for row in shown]
    return Page(items=items, next_cursor=following)


@router.post("/v1/rosters/{roster_id}/publish", **secured(_SCOPE, problems=(UnknownHere,)))
async def publish(roster_id: UUID, uow: Uow, viewer: CurrentViewer, context: Context, now: Now) -> RosterAnswer:
    """Let the good rows count from now on; a long list is `publishing` until the worker is through with it."""
    await find_own_roster(uow, roster_id=RosterId(roster_id), viewer=viewer)
    report = await publish_roster(
        uow,
        roster_id=RosterId(roster_id),
        published_by=viewer.client_id,
        counties=context.counties,
        keys=context.keys,
        now=now,
    )
    return roster_answer(report)
