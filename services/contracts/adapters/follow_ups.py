"""Follow-up tasks in the database: one live task per person, rule and last day.

Room: adapters of contracts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, exists, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.ids import FollowUpId, PersonId, SettlementId, TeamId
from common.kit.statements import fetch
from services.contracts.adapters.contracts import stands_under
from services.contracts.adapters.tables import follow_up, follow_up_reason, person, stay
from services.contracts.domain.follow_up import FollowUp, Kind, State, Visit
from services.contracts.domain.viewing import Viewer

_FILED = (
    *("follow_up_id", "person_id", "county", "township", "team_id", "kind", "rule", "disease", "window_from"),
    *("window_to", "settlement_id", "discharged_on", "planned_at"),
)
_FILE = """
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[],
        $9::date[], $10::date[], $11::uuid[], $12::date[], $13::timestamptz[])
      AS t(follow_up_id, person_id, county, township, team_id, kind, rule, disease, window_from, window_to,
           settlement_id, discharged_on, planned_at)
), added AS (
    INSERT INTO follow_up (follow_up_id, person_id, county, township, team_id, kind, rule, disease, window_from,
        window_to, settlement_id, discharged_on, planned_at)
    SELECT * FROM wanted ON CONFLICT DO NOTHING RETURNING follow_up_id
), reasons AS (
    INSERT INTO follow_up_reason (follow_up_id, settlement_id)
    SELECT follow_up_id, $14::uuid FROM added
    UNION
    SELECT f.follow_up_id, $14 FROM follow_up f JOIN wanted w USING (person_id, rule, window_to)
    WHERE f.closed IS DISTINCT FROM 'withdrawn'
    ON CONFLICT DO NOTHING
)
SELECT follow_up_id FROM added
"""


@dataclass(frozen=True, slots=True)
class FollowUpFilter:
    """What a worklist is narrowed to; None narrows nothing."""

    person_id: UUID | None = None
    settlement_id: UUID | None = None
    township: str | None = None
    kind: Kind | None = None
    state: State | None = None
    due_before: date | None = None


async def file_tasks(connection: AsyncConnection, tasks: Sequence[FollowUp]) -> set[FollowUpId]:
    """File tasks of one stay, whose person is locked; return those that are new.

    Where a live one of the same person, rule and last day was there before, it stays. Either way the settlement becomes
    a reason of the live task.
    """
    if not tasks:
        return set()
    columns = zip(*([getattr(task, name) for name in _FILED] for task in tasks), strict=True)
    rows = await fetch(connection, _FILE, *map(list, columns), tasks[0].settlement_id)
    return {FollowUpId(UUID(str(row.follow_up_id))) for row in rows}


async def save_visit(connection: AsyncConnection, done: FollowUp, visit: Visit) -> None:
    """Write the visit that closed a task."""
    await connection.execute(
        update(follow_up)
        .where(follow_up.c.follow_up_id == done.follow_up_id)
        .values(closed=State.DONE, visited_on=visit.visited_on, outcome_code=visit.outcome_code, note=visit.note)
    )


async def task_of_id(connection: AsyncConnection, follow_up_id: UUID, *, lock: bool = False) -> FollowUp | None:
    """Return one task, or None."""
    query = select(follow_up).where(follow_up.c.follow_up_id == follow_up_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return _task(row) if row else None


async def open_tasks_of(connection: AsyncConnection, person_id: UUID, *, kind: Kind) -> list[FollowUp]:
    """Return the open tasks of one kind of a person, who is locked by the caller."""
    query = select(follow_up).where(
        follow_up.c.person_id == person_id, follow_up.c.kind == kind, follow_up.c.closed.is_(None)
    )
    return [_task(row) for row in await connection.execute(query.order_by(follow_up.c.window_to).with_for_update())]


async def withdraw_without_reason(connection: AsyncConnection, settlement_id: UUID) -> None:
    """Withdraw the open tasks a settlement asked for, unless another settlement that stands asks for them too."""
    asked = exists().where(
        follow_up_reason.c.follow_up_id == follow_up.c.follow_up_id,
        follow_up_reason.c.settlement_id == settlement_id,
    )
    other = exists().where(
        follow_up_reason.c.follow_up_id == follow_up.c.follow_up_id,
        follow_up_reason.c.settlement_id == stay.c.settlement_id,
        stay.c.is_reversed.is_(False),
    )
    await connection.execute(
        update(follow_up).where(follow_up.c.closed.is_(None), asked, ~other).values(closed=State.WITHDRAWN)
    )


async def withdraw_all_of(connection: AsyncConnection, person_id: UUID) -> None:
    """Withdraw every open task of a person."""
    await connection.execute(
        update(follow_up)
        .where(follow_up.c.person_id == person_id, follow_up.c.closed.is_(None))
        .values(closed=State.WITHDRAWN)
    )


async def release_team(connection: AsyncConnection, person_id: UUID) -> None:
    """Give a person's open tasks back to the township: the contract with the team ended."""
    await connection.execute(
        update(follow_up).where(follow_up.c.person_id == person_id, follow_up.c.closed.is_(None)).values(team_id=None)
    )


async def hand_over_tasks(connection: AsyncConnection, *, retired: PersonId, surviving: PersonId) -> None:
    """Let the surviving person own the retired one's tasks; what both have stays once, with the reasons of both."""
    twin = follow_up.alias("twin")
    same = and_(
        twin.c.person_id == surviving,
        twin.c.rule == follow_up.c.rule,
        twin.c.window_to == follow_up.c.window_to,
        twin.c.closed.is_distinct_from(State.WITHDRAWN),
    )
    doubled = and_(follow_up.c.person_id == retired, follow_up.c.closed.is_distinct_from(State.WITHDRAWN))
    reasons = (
        select(twin.c.follow_up_id, follow_up_reason.c.settlement_id)
        .select_from(follow_up)
        .join(follow_up_reason, follow_up_reason.c.follow_up_id == follow_up.c.follow_up_id)
        .join(twin, same)
        .where(doubled)
    )
    await connection.execute(
        upsert(follow_up_reason).from_select(["follow_up_id", "settlement_id"], reasons).on_conflict_do_nothing()
    )
    await connection.execute(
        update(follow_up)
        .where(doubled, follow_up.c.closed.is_(None), exists().where(same))
        .values(closed=State.WITHDRAWN)
    )
    # A visit done for each of the two archives stays with the archive it was done for: both are true.
    await connection.execute(
        update(follow_up)
        .where(follow_up.c.person_id == retired, ~and_(follow_up.c.closed == State.DONE, exists().where(same)))
        .values(person_id=surviving)
    )


async def newly_overdue(connection: AsyncConnection, *, day: date, limit: int) -> list[FollowUp]:
    """Mark open tasks whose window ended before a day and that were not told of; others' are passed over."""
    chosen = (
        select(follow_up.c.follow_up_id)
        .where(follow_up.c.closed.is_(None), follow_up.c.overdue_told.is_(False), follow_up.c.window_to < day)
        .order_by(follow_up.c.window_to)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    marked = update(follow_up).where(follow_up.c.follow_up_id.in_(chosen)).values(overdue_told=True)
    return [_task(row) for row in await connection.execute(marked.returning(follow_up))]


async def tasks_seen(
    connection: AsyncConnection,
    *,
    viewer: Viewer,
    wanted: FollowUpFilter,
    day: date,
    after: Sequence[object] | None,
    limit: int,
) -> list[FollowUp]:
    """Return the viewer's tasks, the one due first before the others, `limit` of them after a position."""
    query = select(follow_up).join(person, person.c.person_id == follow_up.c.person_id)
    query = query.where(follow_up.c.county == viewer.county, *_narrowed(wanted, day))
    for place in (viewer.township, wanted.township):
        if place is not None:
            query = query.where(stands_under(follow_up.c, place))
    if after is not None:
        query = query.where(tuple_(follow_up.c.window_to, follow_up.c.follow_up_id) > tuple_(*after))
    rows = await connection.execute(query.order_by(follow_up.c.window_to, follow_up.c.follow_up_id).limit(limit))
    return [_task(row) for row in rows]


def _narrowed(wanted: FollowUpFilter, day: date) -> list[Any]:
    columns = follow_up.c
    named = {"person_id": wanted.person_id, "settlement_id": wanted.settlement_id, "kind": wanted.kind}
    conditions = [columns[name] == value for name, value in named.items() if value is not None]
    if wanted.due_before is not None:
        conditions.append(columns.window_to < wanted.due_before)
    if wanted.state is not None:
        conditions.extend(_in_state(wanted.state, day))
    return conditions


def _in_state(state: State, day: date) -> list[Any]:
    columns = follow_up.c
    if state is State.OPEN:
        return [columns.closed.is_(None), columns.window_to >= day]
    if state is State.OVERDUE:
        return [columns.closed.is_(None), columns.window_to < day]
    return [columns.closed == state]


def _task(row: Row[tuple[object, ...]]) -> FollowUp:
    visit = Visit(row.visited_on, row.outcome_code, row.note) if row.outcome_code else None
    return FollowUp(
        follow_up_id=FollowUpId(row.follow_up_id),
        person_id=PersonId(row.person_id),
        county=row.county,
        township=row.township,
        team_id=TeamId(row.team_id) if row.team_id else None,
        kind=Kind(row.kind),
        rule=row.rule,
        disease=row.disease,
        window_from=row.window_from,
        window_to=row.window_to,
        settlement_id=SettlementId(row.settlement_id),
        discharged_on=row.discharged_on,
        planned_at=row.planned_at,
        closed=State(row.closed) if row.closed else None,
        visit=visit,
    )
