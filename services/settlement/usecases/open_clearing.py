"""What a fund owes a hospital is gathered into a batch and held against what the hospital declares (清算申报).

Room: use cases of settlement. Next hop: services/settlement/adapters/clearings.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from common.core.errors import Conflict, Refused
from common.core.money import Money
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.settlement.adapters import clearings
from services.settlement.adapters.clearings import Clearing
from services.settlement.adapters.locks import try_hold
from services.settlement.domain.clearing import (
    ClearingLine,
    Declaration,
    Terms,
    Verdict,
    declaration_of,
    declared_differences,
    is_end_of,
    lines_hash,
)
from services.settlement.domain.discharge import PAID_BY_PATIENT
from services.settlement.usecases.settle_discharge import RecordInProgress

_OTHERWISE = "与机构申报不符"


class PeriodNotOver(Refused):
    """The day is not over yet, or no period of the county's calendar ends with it."""

    code = "dates_impossible"
    zh = "清算期间有误：截止日须为该县清算周期的末日，且已结束"


class ClearingEmpty(Conflict):
    """The fund owes the hospital nothing that stands in no batch."""

    code = "clearing_empty"
    zh = "该基金对该机构没有待清算的结算"


class DeclarationDiffers(Conflict):
    """What the hospital declared is not what stands here; nothing was kept."""

    code = "declaration_differs"
    zh = "机构申报的笔数或金额与系统不符，请先对账（/v1/reconciliations）"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which batch: one hospital's part of one fund, everything booked up to the end of a China day.

    Attributes:
        declared: Count and sum that the hospital asks for; a difference stops the batch.
        records: Record number -> what the hospital asks for it; what differs is postponed, the rest goes on.
    """

    county: str
    institution_code: str
    fund: str
    until: date
    declared: Declaration | None
    records: Mapping[str, Money] | None = None


async def open_clearing(uow: UnitOfWork, *, wanted: Wanted, terms: Terms, client_id: str, now: datetime) -> Clearing:
    """Gather and freeze a batch.

    Raises:
        PeriodNotOver: If the period is none of the county's, or runs still.
        RecordInProgress: If another call gathers the same hospital's fund.
        ClearingEmpty: If there is nothing to clear.
        DeclarationDiffers: If the hospital declared another count or sum, or no record as it stands here.
    """
    if not _is_over(wanted, terms, china_date(now)):
        raise PeriodNotOver(f"{wanted.until} is not the last day of a {terms.calendar} that is over")
    place = {"county": wanted.county, "institution_code": wanted.institution_code, "fund": wanted.fund}
    if not await try_hold(uow.connection, "clearing", *place.values()):
        raise RecordInProgress("another call gathers this hospital's fund", retry_after_seconds=1)
    lines = await clearings.gather(uow.connection, **place, until=wanted.until)
    if not lines:
        raise ClearingEmpty("nothing that stands in no batch is owed up to that day")
    ours = declaration_of(lines)
    if wanted.declared not in {None, ours}:
        raise DeclarationDiffers(
            f"{ours.line_count} lines of {ours.total.fen} fen stand here",
            line_count=ours.line_count,
            sum_fen=ours.total.fen,
        )
    clearing = Clearing(
        clearing_id=uuid4(),
        **place,
        until=wanted.until,
        line_count=ours.line_count,
        sum_fen=ours.total.fen,
        lines_hash=lines_hash(lines),
        opened_at=now,
        closed_at=None,
        accepted_fen=None,
        refused_fen=None,
        postponed_fen=None,
    )
    await clearings.keep(uow.connection, clearing, lines, client=client_id)
    if wanted.records is not None:
        await _set_differing_aside(uow, clearing, lines, wanted.records)
    return clearing


def _is_over(wanted: Wanted, terms: Terms, today: date) -> bool:
    """Say whether a batch may end with the day; patients who have paid do not wait for the end of a period."""
    if wanted.institution_code == PAID_BY_PATIENT:
        return wanted.until <= today
    return wanted.until < today and is_end_of(terms.calendar, wanted.until)


async def _set_differing_aside(
    uow: UnitOfWork, clearing: Clearing, lines: Sequence[ClearingLine], records: Mapping[str, Money]
) -> None:
    """List the records on which both sides disagree and postpone their lines; an auditor may judge them otherwise."""
    found = declared_differences(lines=lines, declared=records)
    differing = {each.record_no: each.reason for each in found}
    postponed = [
        (line.line_no, Verdict.POSTPONED, f"{_OTHERWISE}: {differing[line.record_no]}")
        for line in lines
        if line.record_no in differing
    ]
    if len(postponed) == len(lines):
        raise DeclarationDiffers("no record is declared as it stands here", line_count=len(lines))
    if found:
        await clearings.keep_differences(uow.connection, clearing.clearing_id, found)
    if postponed:
        await clearings.judge(uow.connection, clearing.clearing_id, postponed)
