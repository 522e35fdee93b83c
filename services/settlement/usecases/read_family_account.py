"""A bureau reads a household's account and books what the household brings along from before the start (家庭账户期初).

Room: use cases of settlement. Next hop: services/settlement/usecases/draw_family_account.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from common.core.errors import NotFound, Refused
from common.core.ids import named_id
from common.core.money import ZERO, Money
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.settlement.adapters import family_accounts
from services.settlement.adapters.family_accounts import KeptAccount, Move
from services.settlement.domain.family_account import HouseholdAccount
from services.settlement.domain.policy import CountyPolicy, policy_of
from services.settlement.usecases.draw_family_account import account_on, book_credits

MOST_MOVES = 200


class HouseholdNotKnown(NotFound):
    """Identity has told of no such household in the county."""

    code = "not_found"
    zh = "本县没有登记该家庭"


class AlreadyDrawn(Refused):
    """The household's members have drawn more than would be left."""

    code = "already_drawn"
    zh = "账户已支用的金额超过更正后的余额"


@dataclass(frozen=True, slots=True)
class ShownAccount:
    """An account on the day it is read, its newest moves first."""

    account: HouseholdAccount
    county: str
    since_year: int
    moves: Sequence[Move]


async def read_family_account(
    uow: UnitOfWork, *, household_id: UUID, county: str, policies: Mapping[str, CountyPolicy], today: date
) -> ShownAccount:
    """Return a household's account with its newest 200 moves.

    Raises:
        CountyUnknown: If the county has no policy file.
        HouseholdNotKnown: If the county has no such household.
    """
    policy = policy_of(policies=policies, county=county)
    kept = await _kept(uow, household_id, county, holding=False)
    moves = await family_accounts.moves_of(uow.connection, household_id, limit=MOST_MOVES)
    return ShownAccount(account_on(kept=kept, policy=policy, today=today), county, kept.since_year, moves)


async def book_family_opening(
    uow: UnitOfWork,
    *,
    household_id: UUID,
    county: str,
    amount: Money,
    source: str,
    policies: Mapping[str, CountyPolicy],
    client_id: str,
    now: datetime,
) -> ShownAccount:
    """Book what a household had in its account before the start; told again, the difference is booked.

    Args:
        uow: Open unit of work.
        household_id: As identity names it.
        county: Of the household.
        amount: All that it brought along.
        source: The paper or system that says so.
        policies: County code -> policy.
        client_id: Who says it.
        now: When it is booked.

    Raises:
        CountyUnknown: If the county has no policy file.
        HouseholdNotKnown: If the county has no such household.
        AlreadyDrawn: If the members have drawn more than the account would then hold.
    """
    policy = policy_of(policies=policies, county=county)
    kept, today = await _kept(uow, household_id, county, holding=True), china_date(now)
    account = account_on(kept=kept, policy=policy, today=today)
    opened, told = await family_accounts.opened_with(uow.connection, household_id)
    change = amount - opened
    if account.available + change < ZERO:
        raise AlreadyDrawn(
            f"the account would stand at {account.available + change}",
            available_fen=account.available.fen,
            opened_fen=opened.fen,
        )
    await book_credits(uow, household_id, account.due, now=now)
    if change:
        move_id = named_id("family_opening", household_id, told + 1)
        move = Move(move_id, "opening", today.year, None, change, source, now, client_id)
        await family_accounts.book_move(uow.connection, household_id, move)
    return await read_family_account(uow, household_id=household_id, county=county, policies=policies, today=today)


async def _kept(uow: UnitOfWork, household_id: UUID, county: str, *, holding: bool) -> KeptAccount:
    kept = await family_accounts.find(uow.connection, household_id, holding=holding)
    if kept is None or kept.county != county:
        raise HouseholdNotKnown("the county has no household of that id")
    return kept
