"""Alerts in the database: at most one open alert per subject.

Room: adapters of monitoring.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import AlertId, HouseholdId, PersonId, SettlementId
from common.kit.statements import Row as DriverRow
from common.kit.statements import fetch
from services.monitoring.adapters.tables import alert, subject
from services.monitoring.domain.alert import Alert, Reason, State
from services.monitoring.domain.viewing import Viewer

_ADD = """
INSERT INTO alert (alert_id, subject_id, household_id, person_id, county, township, rule, window_from, window_to,
  amount_fen, line_fen, settlement_id, raised_at, state, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
_SAVE = """
UPDATE alert SET person_id = $2, rule = $3, window_from = $4, window_to = $5, amount_fen = $6, line_fen = $7,
  settlement_id = $8, state = $9, reason = $10
WHERE alert_id = $1
"""
_OF_SUBJECTS = "SELECT * FROM alert WHERE subject_id = ANY($1::uuid[]) ORDER BY raised_at"


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
    whose = (raised.subject_id, raised.household_id, raised.person_id, raised.county, raised.township)
    seen = (raised.rule, raised.window_from, raised.window_to, raised.amount_fen, raised.line_fen, raised.settlement_id)
    stands = (raised.raised_at, raised.state, raised.reason)
    await fetch(connection, _ADD, raised.alert_id, *whose, *seen, *stands)


async def save_alert(connection: AsyncConnection, changed: Alert) -> None:
    """Write how an alert stands; its township stays the one it was last placed in."""
    seen = (changed.rule, changed.window_from, changed.window_to, changed.amount_fen, changed.line_fen)
    stands = (changed.settlement_id, changed.state, changed.reason)
    await fetch(connection, _SAVE, changed.alert_id, changed.person_id, *seen, *stands)


async def alerts_of(connection: AsyncConnection, subject_ids: Collection[UUID]) -> dict[UUID, list[Alert]]:
    """Return every alert of each subject, the oldest first; the subjects are locked by the caller."""
    found: dict[UUID, list[Alert]] = defaultdict(list)
    for row in await fetch(connection, _OF_SUBJECTS, list(subject_ids)):
        found[row.subject_id].append(_alert(row))
    return found


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


def _alert(row: Row[tuple[object, ...]] | DriverRow) -> Alert:
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
