"""Routes of alerts.

Next hop: services/monitoring/usecases/list_alerts.py
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from common.kit.http import secured, secured_router
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, decode_place, page_of
from services.monitoring.adapters.alerts import AlertFilter
from services.monitoring.api.deps import CurrentViewer, CursorKey, OwnTownship, Uow
from services.monitoring.api.schemas import AlertOut, AlertPage
from services.monitoring.domain.alert import State
from services.monitoring.usecases.list_alerts import list_alerts

router = secured_router(tag="monitoring")


async def _wanted(
    township: OwnTownship,
    household_id: Annotated[UUID | None, Query()] = None,
    person_id: Annotated[UUID | None, Query()] = None,
    settlement_id: Annotated[UUID | None, Query()] = None,
    state: Annotated[State | None, Query()] = None,
) -> AlertFilter:
    return AlertFilter(household_id, person_id, settlement_id, township, state)


@router.get("/v1/alerts", **secured("monitoring", problems=[CursorInvalid]))
async def get_alerts(
    viewer: CurrentViewer,
    wanted: Annotated[AlertFilter, Depends(_wanted)],
    uow: Uow,
    key: CursorKey,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> AlertPage:
    """List the caller's alerts, the newest first."""
    of = f"alerts {viewer} {wanted}"
    after = decode_place(cursor, key=key, of=of) if cursor else None
    found = await list_alerts(uow, viewer=viewer, wanted=wanted, after=after, limit=limit + 1)
    items, next_cursor = page_of(
        found, limit=limit, position_of=lambda each: (each.raised_at.isoformat(), str(each.alert_id)), key=key, of=of
    )
    return AlertPage(items=[AlertOut.of(each) for each in items], next_cursor=next_cursor)
