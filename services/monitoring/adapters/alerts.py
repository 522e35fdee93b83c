"""Alerts in the database: at most one open alert per subject.

Room: adapters of monitoring.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import AlertId, HouseholdId, PersonId, SettlementId
from services.monitoring.adapters.tables import alert, subject
from services.monitoring.domain.alert import Alert, Reason, State
from services.monitoring.domain.viewing import Viewer

_FIXED = ("alert_id", "subject_id", "household_id", "county", "township", "raised_at")


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What a list of alerts is narrowed to; None narrows nothing."""

    household_id: UUID | None = None
    person_id: UUID | None = None
    settlement_id: UUID | None = None
    township: str | None = None
    state: State | None = None


async def add_alert(connection: AsyncConnection, raised: Alert) -> None:
    """Add an alert."""
    await connection.execute(insert(alert).values(asdict(raised)))


async def save_alert(connection: AsyncConnection, changed: Alert) -> None:
    """Write how an alert stands; its township stays the one it was last placed in."""
    values = {name: value for name, value in asdict(changed).items() if name not in _FIXED}
    await connection.execute(update(alert).where(alert.c.alert_id == changed.alert_id).values(values))


async def alerts_of(connection: AsyncConnection, subject_id: UUID) -> list[Alert]:
    """Return every alert of a subject, which is locked by the caller."""
    rows = await connection.execute(select(alert).where(alert.c.subject_id == subject_id).order_by(alert.c.raised_at))
    return [_alert(row) for row in rows]


async def subjects_with_open_alert(connection: AsyncConnection, *, after: UUID | None, limit: int) -> list[UUID]:
    """Return subjects that have an open alert, in order of id after one."""
    query = select(alert.c.subject_id).where(alert.c.state == State.OPEN)
    if after is not None:
        query = query.where(alert.c.subject_id > after)
    return list((await connection.execute(query.order_by(alert.c.subject_id).limit(limit))).scalars())


async def alerts_seen(
    connection: AsyncConnection,
    *,
    viewer: Viewer,
    wanted: AlertFilter,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Alert]:
    """Return the viewer's alerts, the newest first, `limit` of them after a position."""
    query = select(alert).join(subject, subject.c.subject_id == alert.c.subject_id)
    query = query.where(alert.c.county == viewer.county, *_narrowed(wanted))
    for place in (viewer.township, wanted.township):
        if place is not None:
            query = query.where(or_(alert.c.township == place, subject.c.township == place))
    if after is not None:
        query = query.where(tuple_(alert.c.raised_at, alert.c.alert_id) < tuple_(*after))
    newest_first = query.order_by(alert.c.raised_at.desc(), alert.c.alert_id.desc())
    return [_alert(row) for row in await connection.execute(newest_first.limit(limit))]


def _narrowed(wanted: AlertFilter) -> list[Any]:
    named = {
        "household_id": wanted.household_id,
        "person_id": wanted.person_id,
        "settlement_id": wanted.settlement_id,
        "state": wanted.state,
    }
    return [alert.c[name] == value for name, value in named.items() if value is not None]


def _alert(row: Row[tuple[object, ...]]) -> Alert:
    return Alert(
        alert_id=AlertId(row.alert_id),
        subject_id=HouseholdId(row.subject_id) if row.household_id else PersonId(row.subject_id),
        household_id=row.household_id,
        person_id=PersonId(row.person_id),
        county=row.county,
        township=row.township,
        rule=row.rule,
        window_from=row.window_from,
        window_to=row.window_to,
        amount_fen=row.amount_fen,
        line_fen=row.line_fen,
        settlement_id=SettlementId(row.settlement_id),
        raised_at=row.raised_at,
        state=State(row.state),
        reason=Reason(row.reason) if row.reason else None,
    )
