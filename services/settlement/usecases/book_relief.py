"""Approved relief is booked from its fund as far as the money reaches, and taken back where a layer pays after all.

The grants of one account queue: one that waits for money holds up those behind it, so that no small one passes a large
one. Room: use cases of settlement. Next hop: services/settlement/domain/relief.py
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from common.core.ids import named_id
from common.core.money import ZERO, Money
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from common.published.settlement import LayerPaid, SupplementBooked
from services.settlement.adapters import budgets, gap_cases, reliefs, reservations, settlements, unpaid_shares
from services.settlement.adapters.gap_cases import CaseState, GapCase
from services.settlement.adapters.locks import hold
from services.settlement.adapters.reliefs import Grant, Plan
from services.settlement.domain.budget import budget_on, held_on
from services.settlement.domain.chart import WHOLE, Chart
from services.settlement.domain.family_account import cash_of
from services.settlement.domain.ledger import JournalEntry
from services.settlement.domain.relief import (
    KIND,
    LAYER,
    FundYear,
    ReliefClass,
    cut_entry,
    cut_kind,
    over_share,
    relief_entry,
)
from services.settlement.domain.rerating import Difference
from services.settlement.usecases.change_budget import year_of


async def grants_due(uow: UnitOfWork) -> list[tuple[UUID, int]]:
    """Return plan and number of the first grant that waits in each account's queue."""
    return await reliefs.heads(uow.connection)


async def relief_waiting(uow: UnitOfWork) -> Mapping[tuple[str, str, str], int]:
    """Return county, fund and ledger -> fen that are approved and wait for money."""
    return await reliefs.waiting(uow.connection)


async def book_relief(
    uow: UnitOfWork, *, plan_id: UUID, line_no: int, charts: Mapping[str, Chart], now: datetime
) -> bool:
    """Book one grant that waits; say whether it left the queue.

    It leaves as `outdated` where the settlement was reversed, the share is less than the grant by now, or the money may
    no longer be used so; it stays where the account has not enough.
    """
    grant = await reliefs.waiting_grant(uow.connection, plan_id, line_no)
    plan = None if grant is None else await reliefs.find(uow.connection, plan_id)
    case = None if grant is None else await gap_cases.find(uow.connection, grant.settlement_id)
    if grant is None or plan is None or case is None:
        return False
    await hold(uow.connection, "person", str(case.person_id))  # No reversal, no correction meanwhile.
    case, today = await gap_cases.find(uow.connection, grant.settlement_id) or case, china_date(now)
    if not _holds(plan, grant, case, charts, today) or await _is_paid_meanwhile(uow, grant):
        await reliefs.note_result(uow.connection, grant, result="outdated", booked_at=None)
        return True
    if await _left(uow, plan, today) < Money(grant.amount_fen):
        return False
    await reliefs.note_result(uow.connection, grant, result="booked", booked_at=now)
    entry_id = named_id("journal_entry", grant.settlement_id, KIND)
    entry = relief_entry(entry_id=entry_id, fund=plan.fund, amount=Money(grant.amount_fen))
    await _enter(uow, plan, case.person_id, grant.settlement_id, entry, Money(grant.amount_fen), now)
    return True


async def follow_correction(
    uow: UnitOfWork, *, county: str, person_id: UUID, difference: Difference, ordinal: int, now: datetime
) -> None:
    """Let case and relief of a settlement follow a correction: relief is the last payer, never above the share.

    Args:
        uow: Open unit of work that holds the person.
        county: Of the settlement.
        person_id: The patient.
        difference: What was corrected.
        ordinal: The correction's number among those of the settlement.
        now: When it is booked.
    """
    settlement_id, gap = difference.standing.settlement_id, difference.judgement.chosen.gap
    missing = ZERO if gap is None else gap.missing
    await gap_cases.note_corrected(
        uow.connection, settlement_id=settlement_id, county=county, person_id=person_id, missing=missing, now=now
    )
    grant = await reliefs.booked_of(uow.connection, settlement_id)
    plan = None if grant is None else await reliefs.find(uow.connection, grant.plan_id)
    if grant is None or plan is None:
        return
    amount = over_share(relief=grant.stands, share=cash_of(answer=difference.answer))
    if amount:
        kind = cut_kind(ordinal)
        entry_id = named_id("journal_entry", settlement_id, kind)
        entry = cut_entry(entry_id=entry_id, kind=kind, fund=plan.fund, amount=amount)
        await reliefs.note_cut(uow.connection, grant, amount=amount)
        await _enter(uow, plan, person_id, settlement_id, entry, -amount, now)


def _holds(plan: Plan, grant: Grant, case: GapCase, charts: Mapping[str, Chart], today: date) -> bool:
    if case.state is CaseState.VOID or grant.amount_fen > case.cash_fen:
        return False
    accounts = charts[plan.county].of_fund(fund=plan.fund, within=year_of(today.year))
    return any(each.ledger == plan.ledger and LAYER in each.layers for each in accounts)


async def _is_paid_meanwhile(uow: UnitOfWork, grant: Grant) -> bool:
    """Say whether what emergency relief was to pay has come in, so that less is open than was granted."""
    if grant.relief_class != ReliefClass.EMERGENCY_UNPAID:
        return False
    unpaid = await unpaid_shares.find(uow.connection, grant.settlement_id)
    return unpaid is None or Money(grant.amount_fen) > unpaid.open


async def _left(uow: UnitOfWork, plan: Plan, today: date) -> Money:
    """Return what relief may still take of the plan's account; budgets and other relief of the fund wait meanwhile."""
    county, fund, year = plan.county, plan.fund, today.year
    first, end = date(year, 1, 1), date(year + 1, 1, 1)
    await budgets.hold(uow.connection, county=county, fund=fund, year=year)
    changes = await budgets.changes_of(uow.connection, county=county, fund=fund, year=year)
    booked = await budgets.booked(uow.connection, county=county, fund=fund, first=first, end=end)
    fund_year = FundYear(
        given=budget_on(changes=[each.change for each in changes], day=today),
        booked=booked.get(WHOLE, ZERO),
        relieved=await reliefs.relieved(uow.connection, county=county, fund=fund, first=first, end=end),
    )
    live = await reservations.live_on(uow.connection, county=county, fund=fund, year=year, day=today)
    return fund_year.left_for_relief(ledger=plan.ledger) - held_on(reservations=live).get(plan.ledger, ZERO)


async def _enter(
    uow: UnitOfWork, plan: Plan, person_id: UUID, settlement_id: UUID, entry: JournalEntry, paid: Money, now: datetime
) -> None:
    """Write the entry and tell who follows the patient's share."""
    await settlements.enter(uow.connection, entry, settlement_id=settlement_id, booked_at=now)
    told = SupplementBooked(
        county=plan.county,
        supplement_id=entry.entry_id,
        settlement_id=settlement_id,
        person_id=person_id,
        booked_on=china_date(now),
        layers=[LayerPaid(layer=LAYER, fund=plan.fund, paid_fen=paid.fen)],
        patient_pays_fen=-paid.fen,
        reason_code=LAYER,
    )
    uow.publish(told, occurred_at=now)
