"""Lists and their rows in the database. Numbers and phones are stored sealed, for their own row only.

Room: adapters of identity.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from common.core.citizen_number import parse_citizen_number
from common.core.errors import NotFound
from common.core.ids import RosterId, TownshipCode
from common.kit.cause import Cause
from common.kit.sealing import Seal
from services.identity.adapters.tables import end_proposal, roster, roster_row
from services.identity.domain.conflicts import LARGEST_HOUSEHOLD
from services.identity.domain.decision import Verdict
from services.identity.domain.roster import Reason, RosterRow, RosterTerms, masked_number_text
from services.identity.domain.staging import COMPARING, PUBLISHED, PUBLISHING, JudgedRow, Roster, RosterReport

_APPLY_LOCK = 0x1D00


class RosterUnknown(NotFound):
    """No list has this id, or it is not the caller's to see."""

    zh = "没有这份名单"


async def add_roster(connection: AsyncConnection, listed: Roster) -> None:
    """Store the list itself."""
    terms = listed.terms
    await connection.execute(
        insert(roster).values(
            roster_id=listed.roster_id,
            county=terms.county,
            source=terms.source,
            kind=terms.kind,
            as_of=terms.as_of,
            state=listed.state,
            digest=listed.digest,
            same_file_as=listed.same_file_as,
            row_count=listed.row_count,
            received_at=listed.received_at,
            received_by=listed.received_by,
        )
    )


async def add_rows(connection: AsyncConnection, seal: Seal, roster_id: RosterId, rows: Iterable[JudgedRow]) -> None:
    """Store rows, by COPY because a list may have tens of thousands."""
    values = [_row_values(seal, roster_id, judged) for judged in rows]
    if values:
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        await driver.copy_records_to_table(
            roster_row.name, records=[tuple(each.values()) for each in values], columns=list(values[0])
        )


async def same_file_published(connection: AsyncConnection, digest: str, terms: RosterTerms) -> UUID | None:
    """Return the newest published list with the same file and the same terms."""
    found = await connection.execute(
        select(roster.c.roster_id)
        .where(
            roster.c.digest == digest,
            roster.c.state == PUBLISHED,
            *(roster.c[name] == value for name, value in asdict(terms).items()),
        )
        .order_by(roster.c.published_at.desc())
        .limit(1)
    )
    return found.scalar_one_or_none()


async def roster_of(connection: AsyncConnection, roster_id: RosterId, *, lock: bool = False) -> Roster:
    """Return a list, its row locked when asked.

    Raises:
        RosterUnknown: If there is none.
    """
    wanted = select(roster).where(roster.c.roster_id == roster_id)
    found = (await connection.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    if found is None:
        raise RosterUnknown("no such list")
    return Roster(
        roster_id=RosterId(found.roster_id),
        terms=RosterTerms(found.county, found.source, found.kind, found.as_of),
        state=found.state,
        digest=found.digest,
        same_file_as=found.same_file_as,
        row_count=found.row_count,
        received_at=found.received_at,
        received_by=found.received_by,
        published_at=found.published_at,
    )


async def report_of(connection: AsyncConnection, listed: Roster) -> RosterReport:
    """Return a list with the totals of its rows."""
    of_list = roster_row.c.roster_id == listed.roster_id
    verdicts = await connection.execute(
        select(roster_row.c.verdict, func.count())
        .where(of_list, roster_row.c.verdict.is_not(None))
        .group_by(roster_row.c.verdict)
    )
    reasons = await connection.execute(
        text(
            "SELECT reason->>'code', count(*) FROM roster_row, jsonb_array_elements(reasons) AS reason "
            "WHERE roster_id = :roster_id AND verdict = 'rejected' GROUP BY 1 ORDER BY 1"
        ),
        {"roster_id": listed.roster_id},
    )
    proposed = await connection.execute(
        select(func.count()).select_from(end_proposal).where(end_proposal.c.roster_id == listed.roster_id)
    )
    counted = dict.fromkeys(Verdict, 0) | {Verdict(name): count for name, count in verdicts}
    return RosterReport(
        roster=listed,
        verdicts={str(name): count for name, count in counted.items()},
        reasons={str(code): count for code, count in reasons},
        proposed_end_count=proposed.scalar_one(),
    )


async def begin_publishing(
    connection: AsyncConnection, roster_id: RosterId, *, by: str, cause: Cause, now: datetime
) -> None:
    """Note that the list is to be applied, by whom, and which request said so."""
    await connection.execute(
        update(roster)
        .where(roster.c.roster_id == roster_id)
        .values(
            state=PUBLISHING,
            published_at=now,
            published_by=by,
            correlation_id=cause.correlation_id,
            traceparent=cause.traceparent,
        )
    )


async def set_state(connection: AsyncConnection, roster_id: RosterId, state: str) -> None:
    """Note how far the list is."""
    await connection.execute(update(roster).where(roster.c.roster_id == roster_id).values(state=state))


async def unfinished_rosters(connection: AsyncConnection, state: str) -> list[tuple[RosterId, Cause]]:
    """Return the lists in this state, the one received first before the others, and which request they go back to."""
    found = await connection.execute(
        select(roster.c.roster_id, roster.c.correlation_id, roster.c.traceparent)
        .where(roster.c.state == state)
        .order_by(roster.c.received_at)
    )
    return [
        (RosterId(row.roster_id), Cause(row.correlation_id or str(row.roster_id), None, row.traceparent))
        for row in found
    ]


async def lock_archives(connection: AsyncConnection, county: str) -> None:
    """Let one list at a time change the archives of a county, until the commit."""
    await connection.execute(
        text("SELECT pg_advisory_xact_lock(:class, :county)"), {"class": _APPLY_LOCK, "county": int(county)}
    )


async def waiting_rows(connection: AsyncConnection, seal: Seal, listed: Roster, *, limit: int) -> list[RosterRow]:
    """Return the next good rows to be compared or applied, by household; enough that the last household is whole."""
    is_waiting = (
        roster_row.c.verdict.is_(None)
        if listed.state == COMPARING
        else roster_row.c.verdict.is_distinct_from(str(Verdict.REJECTED))
    )
    rows = await connection.execute(
        select(roster_row)
        .where(roster_row.c.roster_id == listed.roster_id, ~roster_row.c.is_applied, is_waiting)
        .order_by(roster_row.c.household_no, roster_row.c.row_no)
        .limit(limit + LARGEST_HOUSEHOLD)
    )
    return [_good_row(seal, row) for row in rows]


async def mark_judged(
    connection: AsyncConnection, roster_id: RosterId, rows: Sequence[JudgedRow], *, is_applied: bool
) -> None:
    """Store what became of rows, when they were compared or applied."""
    if not rows:
        return
    await connection.execute(
        update(roster_row)
        .where(roster_row.c.roster_id == roster_id, roster_row.c.row_no == bindparam("of_row_no"))
        .values(is_applied=is_applied, verdict=bindparam("to_verdict"), reasons=bindparam("to_reasons")),
        [
            {
                "of_row_no": judged.row.row_no,
                "to_verdict": str(judged.verdict),
                "to_reasons": [asdict(reason) for reason in judged.reasons],
            }
            for judged in rows
        ],
    )


async def rows_page(
    connection: AsyncConnection, roster_id: RosterId, *, verdict: str | None, after: int, limit: int
) -> Sequence[Row[Any]]:
    """Return one page of rows in the order of the file, numbers masked and phones closed."""
    query = select(roster_row).where(roster_row.c.roster_id == roster_id, roster_row.c.row_no > after)
    if verdict is not None:
        query = query.where(roster_row.c.verdict == verdict)
    return (await connection.execute(query.order_by(roster_row.c.row_no).limit(limit))).all()


def _context(roster_id: UUID, row_no: int) -> bytes:
    return b"roster_row" + roster_id.bytes + str(row_no).encode()


def _row_values(seal: Seal, roster_id: RosterId, judged: JudgedRow) -> dict[str, object]:
    row, context = judged.row, _context(roster_id, judged.row.row_no)
    return {
        "roster_id": roster_id,
        "row_no": row.row_no,
        "household_no": row.household_no,
        "name": row.name,
        "number_masked": row.number.masked if row.number else masked_number_text(row.number_text),
        "number_sealed": seal.close(row.number_text, context=context) if row.number_text else None,
        "person_id": judged.person_id,
        "category": row.category,
        "relation": row.relation,
        "township": row.township,
        "village": row.village,
        "phone_sealed": seal.close_optional(row.phone, context=context),
        "recognised_on": row.recognised_on,
        "verdict": judged.verdict and str(judged.verdict),
        "reasons": json.dumps([asdict(reason) for reason in judged.reasons]),
    }


def _good_row(seal: Seal, row: Row[Any]) -> RosterRow:
    """Return a row as it was staged; its number was checked then."""
    context = _context(row.roster_id, row.row_no)
    number_text = seal.open(row.number_sealed, context=context)
    return RosterRow(
        row_no=row.row_no,
        household_no=row.household_no,
        name=row.name,
        number_text=number_text,
        number=parse_citizen_number(number_text, today=date.max),
        category=row.category,
        relation=row.relation,
        township=TownshipCode(row.township) if row.township else None,
        village=row.village,
        phone=seal.open_optional(row.phone_sealed, context=context),
        recognised_on=row.recognised_on,
        reasons=tuple(Reason(**reason) for reason in row.reasons),
    )
