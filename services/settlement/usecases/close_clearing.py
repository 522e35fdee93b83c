"""An open batch is judged line by line and closed: its accepted lines are paid, once (审核, 拨付).

Room: use cases of settlement. Next hop: services/settlement/domain/clearing.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from common.core.errors import Conflict, Refused
from common.core.ids import named_id
from common.core.money import ZERO, Money
from common.kit.clock import china_date, day_ends
from common.kit.db import UnitOfWork
from common.published.settlement import ClearingClosed
from services.settlement.adapters import budgets, clearings, exposures, settlements
from services.settlement.adapters.clearings import Clearing
from services.settlement.adapters.exposures import Repayment
from services.settlement.adapters.locks import try_hold
from services.settlement.domain.budget import budget_on
from services.settlement.domain.clearing import (
    Calendar,
    EmptyFund,
    Terms,
    Verdict,
    closing_entry,
    is_end_of,
    repayment_entry,
    sum_of,
)
from services.settlement.domain.discharge import PAID_BY_PATIENT
from services.settlement.usecases.open_clearing import ClearingEmpty, PeriodNotOver
from services.settlement.usecases.read_clearing import ClearingNotFound, read_clearing
from services.settlement.usecases.read_settlement import Reader
from services.settlement.usecases.settle_discharge import RecordInProgress


class ClearingIsClosed(Conflict):
    """The batch is closed and paid; its lines are judged for good."""

    code = "clearing_closed"
    zh = "该清算批次已关闭，审核结论不能再改"


class LineUnknown(Refused):
    """The batch has no line of that number."""

    code = "line_unknown"
    zh = "该清算批次没有此行"


class ReversalMisjudged(Refused):
    """A reversal takes back what its first line did, so it is judged as that line was, or postponed."""

    code = "reversal_misjudged"
    zh = "冲销行的审核结论须与原结算行一致，或暂缓"


class ClaimNotRefusable(Refused):
    """The office has accepted the claim; what is wrong with it is undone by a reversal, not by paying nothing."""

    code = "claim_not_refusable"
    zh = "回乡报销不能在清算中拒付；确有错误的，请冲正该笔报销"


class FundEmpty(Conflict):
    """The fund's budget does not cover the batch; it stays owed until there is more, or lines are postponed."""

    code = "fund_empty"
    zh = "基金当年预算不足以支付该批次，暂记欠付；可追加预算或将部分行暂缓"


class NoCentre(Refused):
    """In this county every payer pays the hospitals itself, or the fund is the centre's own."""

    code = "no_centre"
    zh = "该县由各基金直接拨付，或该基金即为垫付中心，无需归还"


async def judge_clearing(
    uow: UnitOfWork, *, clearing_id: UUID, reader: Reader, verdicts: Sequence[tuple[int, Verdict, str]]
) -> Clearing:
    """Note what the auditor says of lines; a later word replaces an earlier one until the batch is closed.

    Raises:
        ClearingNotFound: If there is none of that id that is the reader's.
        ClearingIsClosed: If it is closed.
        LineUnknown: If a number is no line of it.
        ReversalMisjudged: If a reversal would not follow the line it takes back.
        ClaimNotRefusable: If a claim of a patient would be paid nothing.
    """
    clearing = await _held(uow, clearing_id=clearing_id, reader=reader)
    if clearing.closed_at is not None:
        raise ClearingIsClosed("the batch is closed")
    is_of_patients = clearing.institution_code == PAID_BY_PATIENT
    if is_of_patients and any(verdict is Verdict.REFUSED for _, verdict, _ in verdicts):
        raise ClaimNotRefusable("reverse the claim (/v1/claims/{settlement_id}/reversal), or postpone it")
    known = await clearings.judge(uow.connection, clearing_id, verdicts)
    for number, _, _ in verdicts:
        if number not in known:
            raise LineUnknown(f"the batch has no line {number}", line_no=number)
    wrong = await clearings.misjudged(uow.connection, clearing_id)
    if wrong is not None:
        raise ReversalMisjudged(f"line {wrong} is a reversal; judge it as its first line or postpone it", line_no=wrong)
    return clearing


async def close_clearing(
    uow: UnitOfWork, *, clearing_id: UUID, reader: Reader, terms: Terms, client_id: str, now: datetime
) -> Clearing:
    """Accept what nobody judged, pay the accepted lines and tell it; a repeat moves nothing.

    A reversal that nobody judged follows the line it takes back.

    Raises:
        ClearingNotFound: If there is none of that id that is the reader's.
        FundEmpty: If the county lets batches wait for money and the fund has not enough.
    """
    clearing = await _held(uow, clearing_id=clearing_id, reader=reader)
    if clearing.closed_at is not None:
        return clearing
    await clearings.judge_rest(uow.connection, clearing_id)
    lines = await clearings.lines_of(uow.connection, clearing_id)
    closed = replace(
        clearing,
        closed_at=now,
        accepted_fen=sum_of(lines, Verdict.ACCEPTED).fen,
        refused_fen=sum_of(lines, Verdict.REFUSED).fen,
        postponed_fen=sum_of(lines, Verdict.POSTPONED).fen,
    )
    await _require_money(uow, closed, terms, china_date(now))
    await clearings.close(uow.connection, closed, client=client_id)
    entry = closing_entry(
        entry_id=named_id("journal_entry", clearing_id, "clearing"),
        fund=clearing.fund,
        lines=lines,
        terms=terms,
        payee=clearing.institution_code,
    )
    await settlements.enter(uow.connection, entry, booked_at=now, clearing_id=clearing_id)
    uow.publish(_told(closed, now), occurred_at=now)
    return closed


async def _require_money(uow: UnitOfWork, closed: Clearing, terms: Terms, today: date) -> None:
    """Let a batch be paid that the fund's budget of the year covers; other batches of the fund wait meanwhile."""
    county, fund, accepted = closed.county, closed.fund, Money(closed.accepted_fen or 0)
    if terms.empty_fund is not EmptyFund.OWED or terms.centre not in {None, fund}:
        return
    await budgets.hold(uow.connection, county=county, fund=fund, year=today.year)
    changes = await budgets.changes_of(uow.connection, county=county, fund=fund, year=today.year)
    if not changes:
        return
    given = sum(budget_on(changes=[each.change for each in changes], day=today).values(), ZERO)
    left = given - await clearings.paid_out(uow.connection, county=county, fund=fund, year=today.year)
    if accepted > max(left, ZERO):
        raise FundEmpty(f"the fund has {left.fen} fen left to pay out", left_fen=left.fen, accepted_fen=accepted.fen)


async def repay_centre(
    uow: UnitOfWork, *, county: str, fund: str, until: date, terms: Terms, client_id: str, now: datetime
) -> Repayment:
    """Book that a payer repays the centre all that it paid first in batches closed up to the end of a quarter.

    Raises:
        NoCentre: If nobody pays first for the fund.
        PeriodNotOver: If no quarter ends with the day, or it is not over.
        RecordInProgress: If another call repays the same.
        ClearingEmpty: If nothing is to be repaid.
    """
    if terms.centre in {None, fund}:
        raise NoCentre(f"nobody pays first for {fund} in county {county}")
    if until >= china_date(now) or not is_end_of(Calendar.QUARTER, until):
        raise PeriodNotOver(f"{until} is not the last day of a quarter that is over")
    if not await try_hold(uow.connection, "repayment", county, fund):
        raise RecordInProgress("another call repays this fund's debt", retry_after_seconds=1)
    claims = await exposures.claims(uow.connection, county=county, fund=fund, before=day_ends(until))
    if not claims:
        raise ClearingEmpty("no batch closed up to that day waits to be repaid")
    repaid = Repayment(
        repayment_id=named_id("repayment", county, fund, until, now.isoformat()),
        county=county,
        fund=fund,
        until=until,
        batch_count=len(claims),
        amount_fen=sum(claims.values()),
        booked_at=now,
    )
    await exposures.repay(uow.connection, repaid, list(claims), client=client_id)
    entry_id = named_id("journal_entry", repaid.repayment_id, "repayment")
    entry = repayment_entry(entry_id=entry_id, fund=fund, amount=Money(repaid.amount_fen))
    await settlements.enter(uow.connection, entry, booked_at=now, repayment_id=repaid.repayment_id)
    return repaid


async def _held(uow: UnitOfWork, *, clearing_id: UUID, reader: Reader) -> Clearing:
    if reader.county is None:
        raise ClearingNotFound("a hospital does not judge or pay itself")
    return await read_clearing(uow, clearing_id=clearing_id, reader=reader, lock=True)


def _told(closed: Clearing, now: datetime) -> ClearingClosed:
    return ClearingClosed(
        county=closed.county,
        clearing_id=closed.clearing_id,
        fund=closed.fund,
        institution_code=closed.institution_code,
        line_count=closed.line_count,
        sum_fen=closed.accepted_fen or 0,
        lines_hash=closed.lines_hash,
        closed_on=china_date(now),
    )
