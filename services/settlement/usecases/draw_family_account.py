"""The household's account pays of the patient's share: offered, drawn, given back (门诊家庭账户).

Members draw one after the other, because the first holds the account until the commit. Room: use cases of settlement.
Next hop: services/settlement/domain/family_account.py
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from common.core.ids import named_id
from common.core.money import Money
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.settlement.adapters import family_accounts, settlements
from services.settlement.adapters.family_accounts import KeptAccount, Move
from services.settlement.domain.assessment import Assessment
from services.settlement.domain.family_account import (
    KIND,
    Credit,
    HouseholdAccount,
    account_share,
    credits_due,
    cut_entry,
    cut_kind,
    draw_entry,
    draw_step,
)
from services.settlement.domain.policy import CountyPolicy


async def with_account(
    uow: UnitOfWork, assessment: Assessment, *, policy: CountyPolicy, today: date, holding: bool
) -> Assessment:
    """Return the assessment with what the household's account pays, where county and care have one.

    Args:
        uow: Open unit of work.
        assessment: As the layers pay.
        policy: Of the county.
        today: China day of now.
        holding: Whether the account stays held until the commit.
    """
    household_id = assessment.recognition.household_id
    is_claim = assessment.admitted.discharge.claim is not None
    if household_id is None or is_claim or not _share(assessment, assessment.chosen.patient_pays):
        return assessment
    kept = await family_accounts.find(uow.connection, household_id, holding=holding)
    if kept is None or kept.county != policy.county:
        return assessment
    account = account_on(kept=kept, policy=policy, today=today)
    paid = _share(assessment, account.available)
    rule = assessment.admitted.version.family_account
    if rule is None or not paid:
        return assessment
    return replace(assessment, drawn=draw_step(rule=rule, paid=paid, left=account.available - paid))


def _share(assessment: Assessment, available: Money) -> Money:
    return account_share(
        version=assessment.admitted.version,
        stay=assessment.stay,
        chosen=assessment.chosen,
        before=assessment.before,
        available=available,
    )


def account_on(*, kept: KeptAccount, policy: CountyPolicy, today: date) -> HouseholdAccount:
    """Return an account with the credits that today finds due."""
    due = credits_due(policy=policy, since_year=kept.since_year, until_year=today.year, credited=kept.credited)
    return HouseholdAccount(kept.household_id, kept.balance, due)


async def book_draw(
    uow: UnitOfWork, assessment: Assessment, *, policy: CountyPolicy, settlement_id: UUID, now: datetime
) -> None:
    """Book what an assessment has the account pay; the account is held since it was offered."""
    household_id, paid = assessment.recognition.household_id, assessment.from_account
    assert household_id is not None  # noqa: S101 - only a household's account pays anything
    kept = await family_accounts.find(uow.connection, household_id)
    assert kept is not None  # noqa: S101 - it was held when it was offered
    account = account_on(kept=kept, policy=policy, today=china_date(now))
    await book_credits(uow, household_id, account.due, now=now)
    await _move(uow, household_id, settlement_id, "draw", -paid, now)
    entry_id = named_id("journal_entry", settlement_id, KIND)
    entry = draw_entry(entry_id=entry_id, amount=paid)
    await settlements.enter(uow.connection, entry, settlement_id=settlement_id, booked_at=now)


async def book_credits(uow: UnitOfWork, household_id: UUID, due: Iterable[Credit], *, now: datetime) -> None:
    """Book the yearly credits of an account that is held."""
    for each in due:
        move_id = named_id("family_credit", household_id, each.year)
        move = Move(move_id, "credit", each.year, None, each.amount, "", now)
        await family_accounts.book_move(uow.connection, household_id, move)


async def cut_draw(uow: UnitOfWork, *, settlement_id: UUID, share: Money, ordinal: int, now: datetime) -> None:
    """Give back to the account what a correction left above the patient's share.

    Args:
        uow: Open unit of work that holds the person.
        settlement_id: What was corrected.
        share: What the patient bears now.
        ordinal: The correction's number among those of the settlement.
        now: When it is booked.
    """
    drawn = await family_accounts.drawn_for(uow.connection, settlement_id)
    if drawn is None or drawn[1] <= share:
        return
    household_id, amount = drawn[0], drawn[1] - share
    await _move(uow, household_id, settlement_id, cut_kind(ordinal), amount, now)
    entry_id = named_id("journal_entry", settlement_id, cut_kind(ordinal))
    entry = cut_entry(entry_id=entry_id, kind=cut_kind(ordinal), amount=amount)
    await settlements.enter(uow.connection, entry, settlement_id=settlement_id, booked_at=now)


async def give_back(uow: UnitOfWork, *, settlement_id: UUID, now: datetime) -> None:
    """Put back what a reversed settlement drew; its entries are mirrored with all others."""
    drawn = await family_accounts.drawn_for(uow.connection, settlement_id)
    if drawn is not None and drawn[1]:
        await _move(uow, drawn[0], settlement_id, "return", drawn[1], now)


async def _move(
    uow: UnitOfWork, household_id: UUID, settlement_id: UUID, name: str, amount: Money, now: datetime
) -> None:
    kind = "draw" if name == "draw" else "return"
    move_id = named_id("family_move", settlement_id, name)
    move = Move(move_id, kind, china_date(now).year, settlement_id, amount, "", now)
    await family_accounts.book_move(uow.connection, household_id, move)
