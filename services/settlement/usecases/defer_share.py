"""A hospital notes what a patient left without paying, and what came in later (患者欠费登记与收款).

Room: use cases of settlement. Next hop: services/settlement/domain/unpaid_share.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from common.core.money import Money
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from services.settlement.adapters import corrections, settlements, unpaid_shares
from services.settlement.adapters.locks import hold
from services.settlement.adapters.settlements import Kept
from services.settlement.adapters.unpaid_shares import ShareNote
from services.settlement.domain.family_account import cash_of
from services.settlement.domain.stay import DatesImpossible
from services.settlement.domain.unpaid_share import AlreadyDeferred, MoreThanOpen, NothingDeferred, UnpaidShare
from services.settlement.usecases.read_settlement import Reader
from services.settlement.usecases.reverse_settlement import SettlementNotFound


@dataclass(frozen=True, slots=True)
class Said:
    """What a hospital notes: how much, on or until which China day, by which agreement or receipt."""

    settlement_id: UUID
    institution_code: str
    amount: Money
    on: date
    reference: str
    client_id: str


async def defer_share(uow: UnitOfWork, *, said: Said, now: datetime) -> UnpaidShare:
    """Note that a patient left owing a part of the share.

    Raises:
        SettlementNotFound: If the hospital has no live settlement of that id.
        DatesImpossible: If the day is over.
        AlreadyDeferred: If something is noted already.
        MoreThanOpen: If it is more than the cash due.
    """
    kept = await _own(uow, said)
    if said.on < china_date(now):
        raise DatesImpossible(f"{said.on} is over")
    if await unpaid_shares.find(uow.connection, said.settlement_id) is not None:
        raise AlreadyDeferred("the unpaid part is noted; note receipts")
    due = cash_of(answer=await corrections.standing_answer(uow.connection, kept))
    if said.amount > due:
        raise MoreThanOpen(f"the patient's cash share is {due.fen} fen", open_fen=due.fen)
    return await _noted(uow, said, "deferred", now)


async def receive_share(uow: UnitOfWork, *, said: Said, now: datetime) -> UnpaidShare:
    """Note what came in of a share that was not paid at discharge.

    Raises:
        SettlementNotFound: If the hospital has no live settlement of that id.
        DatesImpossible: If the day lies in the future.
        NothingDeferred: If the patient left owing nothing.
        MoreThanOpen: If it is more than is open.
    """
    await _own(uow, said)
    if said.on > china_date(now):
        raise DatesImpossible(f"{said.on} is not over")
    found = await unpaid_shares.find(uow.connection, said.settlement_id)
    if found is None:
        raise NothingDeferred("nothing was noted as unpaid")
    if said.amount > found.open:
        raise MoreThanOpen(f"{found.open.fen} fen are open", open_fen=found.open.fen)
    return await _noted(uow, said, "received", now)


async def list_unpaid_shares(
    uow: UnitOfWork,
    *,
    reader: Reader,
    institution_code: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[UnpaidShare]:
    """Return at most `limit` of the reader's unpaid shares behind a position, in the order noted.

    Raises:
        SettlementNotFound: If the reader speaks for neither a hospital nor a county.
    """
    if reader.institution_code is None and reader.county is None:
        raise SettlementNotFound("the caller speaks for no institution and no county")
    institution = reader.institution_code or institution_code
    return await unpaid_shares.page(
        uow.connection, county=reader.county, institution_code=institution, after=after, limit=limit
    )


async def _own(uow: UnitOfWork, said: Said) -> Kept:
    found = await settlements.find(uow.connection, said.settlement_id)
    if found is None or found.payee != said.institution_code:
        raise SettlementNotFound("no settlement of that id")
    await hold(uow.connection, "person", str(found.person_id))  # No reversal, correction or relief meanwhile.
    kept = await settlements.find(uow.connection, said.settlement_id, lock=True)
    if kept is None or not kept.is_live:
        raise SettlementNotFound("the settlement was reversed")
    return kept


async def _noted(uow: UnitOfWork, said: Said, kind: str, now: datetime) -> UnpaidShare:
    note = ShareNote(uuid4(), said.settlement_id, kind, said.amount, said.on, said.reference, now, said.client_id)
    await unpaid_shares.add(uow.connection, note)
    found = await unpaid_shares.find(uow.connection, said.settlement_id)
    assert found is not None  # noqa: S101 - written above or before, and never taken away
    return found
