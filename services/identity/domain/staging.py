"""A list on its way into the archives: compared, staged, publishing slice by slice, published.

Room: domain of identity. Next hop: services/identity/usecases/stage_roster.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from common.core.ids import PersonId, RosterId
from services.identity.domain.columns import fields_of
from services.identity.domain.conflicts import conflicts_in_file
from services.identity.domain.county import CountyRules
from services.identity.domain.decision import Verdict
from services.identity.domain.roster import Reason, RosterRow, RosterTerms, cells_of, read_row

COMPARING = "comparing"
STAGED = "staged"
PUBLISHING = "publishing"
PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Roster:
    """One list as received; `same_file_as` names an earlier published one with the same file and terms."""

    roster_id: RosterId
    terms: RosterTerms
    state: str
    digest: str
    same_file_as: UUID | None
    row_count: int
    received_at: datetime
    received_by: str
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """A row with what became of it; no verdict yet while it waits to be compared."""

    row: RosterRow
    person_id: PersonId | None
    verdict: Verdict | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class RosterReport:
    """A list with the totals of its rows: compared, the four verdicts equal the rows received (programme.md ID-2)."""

    roster: Roster
    verdicts: dict[str, int]
    reasons: dict[str, int]
    proposed_end_count: int


def read_rows(
    *,
    header: Sequence[str],
    lines: Sequence[tuple[int, Sequence[str]]],
    terms: RosterTerms,
    rules: CountyRules,
    today: date,
) -> list[RosterRow]:
    """Read every line of a file, in the order of households, with the reasons against each row.

    Raises:
        ColumnsUnusable: If the header lacks a required column.
    """
    fields = fields_of(header=header, source=terms.source)
    rows = [
        read_row(row_no=number, cells=cells_of(fields=fields, values=values), terms=terms, rules=rules, today=today)
        for number, values in lines
    ]
    conflicts = conflicts_in_file(rows=rows)
    judged = [
        replace(row, reasons=(*row.reasons, conflicts[row.row_no])) if row.row_no in conflicts else row for row in rows
    ]
    return sorted(judged, key=lambda each: (each.household_no, each.row_no))


def whole_households(*, rows: Sequence[RosterRow], at_least: int) -> Iterator[Sequence[RosterRow]]:
    """Cut rows sorted by household into slices of at least so many rows without parting a household."""
    begin = 0
    for place in range(1, len(rows)):
        if place - begin >= at_least and rows[place].household_no != rows[place - 1].household_no:
            yield rows[begin:place]
            begin = place
    if begin < len(rows):
        yield rows[begin:]
