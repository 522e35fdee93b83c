"""The audit record for operations: `GET /v1/audit`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from common.kit.clock import day_begins, day_ends, rfc3339
from common.kit.fields import DayField, ResponseModel
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, decode_cursor, page_of
from gateway.adapters.audit_log import AuditFilter, Kept
from gateway.api.deps import (
    LIMITED,
    NOTED,
    CursorKey,
    Uow,
    json_answer,
    secured,
    secured_router,
)
from gateway.domain.rate_limit import RateLimited
from gateway.usecases.read_audit import read_audit

PATH = "/v1/audit"

router = secured_router(tag="gateway")


class AuditItem(ResponseModel):
    """One call: who did what, when, with which result."""

    entry_id: int
    happened_at: str
    client_id: str
    method: str
    route: str
    resource_ids: dict[str, str]
    status: int
    request_id: str


class AuditPage(ResponseModel):
    """Entries, newest first."""

    items: list[AuditItem]
    next_cursor: str | None


async def _filter(
    client_id: Annotated[str | None, Query(max_length=64, description="Only this client's calls")] = None,
    route: Annotated[str | None, Query(max_length=200, description="Only this path template")] = None,
    happened_from: Annotated[DayField | None, Query(description="First China day")] = None,
    happened_to: Annotated[DayField | None, Query(description="Last China day, included")] = None,
) -> AuditFilter:
    begin = day_begins(happened_from) if happened_from else None
    return AuditFilter(client_id, route, begin, day_ends(happened_to) if happened_to else None)


@router.get(
    PATH,
    summary="Who did what",
    response_model=AuditPage,
    dependencies=[*LIMITED, *NOTED],
    **secured("operator", problems=(CursorInvalid, RateLimited)),
)
async def show_audit(
    uow: Uow,
    key: CursorKey,
    wanted: Annotated[AuditFilter, Depends(_filter)],
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Response:
    """Return the audit record, newest first; ids and codes only, no personal data."""
    of = f"audit:{wanted}"
    before = None if cursor is None else int(decode_cursor(cursor, key=key, of=of)[0])
    kept = await read_audit(uow=uow, wanted=wanted, before=before, limit=limit)
    items, next_cursor = page_of(kept, limit=limit, position_of=lambda each: [each.entry_id], key=key, of=of)
    return json_answer(AuditPage(items=[_item(each) for each in items], next_cursor=next_cursor))


def _item(kept: Kept) -> AuditItem:
    entry = kept.entry
    return AuditItem(
        entry_id=kept.entry_id,
        happened_at=rfc3339(entry.happened_at),
        client_id=entry.client_id,
        method=entry.method,
        route=entry.route,
        resource_ids=dict(entry.resource_ids),
        status=entry.status,
        request_id=entry.request_id,
    )
