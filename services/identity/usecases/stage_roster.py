"""A bureau's list comes in: read, checked row by row, compared with the archives; nothing is applied yet.

A long list is only read and checked here; the worker compares it slice by slice (services/identity/usecases/
continue_rosters.py), so that the answer comes in time.
Room: use cases of identity. Next hop: services/identity/usecases/publish_roster.py
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from common.core.citizen_number import person_id_of
from common.core.errors import Conflict, Refused
from common.core.ids import RosterId
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.identity.adapters import rosters
from services.identity.adapters.roster_file import read_table
from services.identity.adapters.sealing import Keys
from services.identity.domain.county import CountyRules
from services.identity.domain.decision import Verdict
from services.identity.domain.roster import FIRST_YEAR, RosterRow, RosterTerms
from services.identity.domain.staging import (
    COMPARING,
    STAGED,
    JudgedRow,
    Roster,
    RosterReport,
    read_rows,
    whole_households,
)
from services.identity.usecases.compare_rows import compare_rows

CHUNK_ROWS = 1_000
MOST_COMPARED_AT_ONCE = 5_000


class CountyUnknown(Conflict):
    """No file of services/identity/counties describes this county."""

    code = "county_unknown"
    zh = "系统中没有这个县"


class ListDateImpossible(Refused):
    """A list cannot say what was the case on a day to come, or before there were lists."""

    code = "dates_impossible"
    zh = "名单日期不可能"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file with what its sender says about it."""

    roster_id: RosterId
    terms: RosterTerms
    content: bytes
    received_by: str


async def stage_roster(
    uow: UnitOfWork,
    *,
    delivery: Delivery,
    counties: Mapping[str, CountyRules],
    keys: Keys,
    now: datetime,
    at_once: int = MOST_COMPARED_AT_ONCE,
) -> RosterReport:
    """Store a list with a verdict for every row, and return its totals.

    Raises:
        CountyUnknown: If the county has no file.
        ListDateImpossible: If `as_of` lies after today's China date or before 1949.
        RosterFileUnusable: If the file is no list.
        ColumnsUnusable: If a required column is missing.
    """
    terms = delivery.terms
    rules = counties.get(terms.county)
    if rules is None:
        raise CountyUnknown(f"no county {terms.county} here")
    today = china_date(now)
    if not terms.as_of.year >= FIRST_YEAR or terms.as_of > today:
        raise ListDateImpossible(f"as_of lies before {FIRST_YEAR} or in the future")
    rows = await asyncio.to_thread(_read, delivery.content, terms, rules, today)
    digest = hashlib.sha256(delivery.content).hexdigest()
    listed = Roster(
        roster_id=delivery.roster_id,
        terms=terms,
        state=STAGED if len(rows) <= at_once else COMPARING,
        digest=digest,
        same_file_as=await rosters.same_file_published(uow.connection, digest, terms),
        row_count=len(rows),
        received_at=now,
        received_by=delivery.received_by,
    )
    await rosters.add_roster(uow.connection, listed)
    if listed.state == COMPARING:
        judged = await asyncio.to_thread(_unjudged, rows, keys)
        await rosters.add_rows(uow.connection, keys.seal, listed.roster_id, judged)
        return await rosters.report_of(uow.connection, listed)
    for chunk in whole_households(rows=rows, at_least=CHUNK_ROWS):
        compared = await compare_rows(uow, rows=chunk, terms=terms, rules=rules, keys=keys, now=now, lock=False)
        await rosters.add_rows(uow.connection, keys.seal, listed.roster_id, compared.judged)
    return await rosters.report_of(uow.connection, listed)


def _unjudged(rows: list[RosterRow], keys: Keys) -> list[JudgedRow]:
    """Return the rows of a long list: the bad ones are rejected, the good ones wait for their verdict."""
    return [
        JudgedRow(
            row=row,
            person_id=person_id_of(row.number, person_key=keys.person_key) if row.number else None,
            verdict=Verdict.REJECTED if row.reasons else None,
            reasons=row.reasons,
        )
        for row in rows
    ]


def _read(content: bytes, terms: RosterTerms, rules: CountyRules, today: date) -> list[RosterRow]:
    """Read the file; runs beside the event loop because a large one takes seconds."""
    table = read_table(content)
    return read_rows(header=table.header, lines=table.lines, terms=terms, rules=rules, today=today)
