"""A hospital notes what patients left without paying and what came in; it and the bureau see what is open (患者欠费).

Room: api of settlement. Next hop: services/settlement/usecases/defer_share.py
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import Field

from common.core.money import Money
from common.kit.auth import Caller
from common.kit.clock import china_date, rfc3339
from common.kit.db import UnitOfWork
from common.kit.fields import DayField, FenField, InstitutionField, RequestModel, ResponseModel, ShortText
from common.kit.http import json_answer, secured, secured_router
from common.kit.idempotency import answer_once, require_key
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, decode_place, page_of
from services.settlement.api.deps import CurrentCaller, CursorKey, Now, Uow, own_institution, require_named
from services.settlement.api.settlements import CurrentReader
from services.settlement.domain.stay import DatesImpossible
from services.settlement.domain.unpaid_share import AlreadyDeferred, MoreThanOpen, NothingDeferred, UnpaidShare
from services.settlement.usecases.defer_share import Said, defer_share, list_unpaid_shares, receive_share
from services.settlement.usecases.reverse_settlement import SettlementNotFound

router = secured_router(tag="settlement")


class DeferralIn(RequestModel):
    """The part of the share that the patient left without paying."""

    amount_fen: Annotated[FenField, Field(gt=0)]
    due_on: DayField
    reference: ShortText


class ReceiptIn(RequestModel):
    """What came in of it."""

    amount_fen: Annotated[FenField, Field(gt=0)]
    received_on: DayField
    reference: ShortText


class UnpaidShareOut(ResponseModel):
    """A share that was not paid at discharge, as it stands: corrected, less relief, less what came in."""

    settlement_id: UUID
    institution_code: str
    record_no: str
    share_fen: int
    deferred_fen: int
    received_fen: int
    open_fen: int
    to_return_fen: Annotated[int, Field(description="What the hospital has beyond the share, and gives back")]
    due_on: date
    overdue: bool
    noted_at: datetime


class UnpaidSharePage(ResponseModel):
    """A page of unpaid shares in the order noted."""

    items: list[UnpaidShareOut]
    next_cursor: str | None


@router.post(
    "/v1/settlements/{settlement_id}/unpaid-share",
    status_code=201,
    response_model=UnpaidShareOut,
    **secured("his", problems=(SettlementNotFound, DatesImpossible, AlreadyDeferred, MoreThanOpen), idempotent=True),
)
async def post_unpaid_share(
    settlement_id: UUID, request: Request, body: DeferralIn, caller: CurrentCaller, uow: Uow, now: Now
) -> Response:
    """Note that the patient left owing a part of the share; once per settlement."""
    said = _said(settlement_id, body, body.due_on, caller)
    return await _noted_once(request, body, caller, uow, now, lambda: defer_share(uow, said=said, now=now))


@router.post(
    "/v1/settlements/{settlement_id}/receipts",
    status_code=201,
    response_model=UnpaidShareOut,
    **secured("his", problems=(SettlementNotFound, DatesImpossible, NothingDeferred, MoreThanOpen), idempotent=True),
)
async def post_receipt(
    settlement_id: UUID, request: Request, body: ReceiptIn, caller: CurrentCaller, uow: Uow, now: Now
) -> Response:
    """Note what the patient paid later."""
    said = _said(settlement_id, body, body.received_on, caller)
    return await _noted_once(request, body, caller, uow, now, lambda: receive_share(uow, said=said, now=now))


@router.get(
    "/v1/unpaid-shares",
    response_model=UnpaidSharePage,
    **secured("his", "funds", problems=(CursorInvalid, SettlementNotFound)),
)
async def get_unpaid_shares(
    caller: CurrentCaller,
    reader: CurrentReader,
    uow: Uow,
    key: CursorKey,
    now: Now,
    institution_code: Annotated[InstitutionField | None, Query()] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Response:
    """List what patients left without paying: a hospital its own, a bureau its county's."""
    require_named(caller, institution_code)
    of = f"unpaid shares {reader} {institution_code}"
    after = decode_place(cursor, key=key, of=of) if cursor else None
    found = await list_unpaid_shares(
        uow, reader=reader, institution_code=institution_code, after=after, limit=limit + 1
    )
    items, next_cursor = page_of(found, limit=limit, position_of=_place, key=key, of=of)
    return json_answer({"items": [_told(each, china_date(now)) for each in items], "next_cursor": next_cursor})


def _said(settlement_id: UUID, body: DeferralIn | ReceiptIn, on: date, caller: Caller) -> Said:
    return Said(settlement_id, own_institution(caller), Money(body.amount_fen), on, body.reference, caller.client_id)


async def _noted_once(
    request: Request,
    body: DeferralIn | ReceiptIn,
    caller: Caller,
    uow: UnitOfWork,
    now: datetime,
    note: Callable[[], Awaitable[UnpaidShare]],
) -> Response:
    require_key(request)

    async def work() -> Response:
        return json_answer(_told(await note(), china_date(now)), 201)

    return await answer_once(uow, request, caller, body, work)


def _place(share: UnpaidShare) -> tuple[str, str]:
    return share.noted_at.isoformat(), str(share.settlement_id)


def _told(share: UnpaidShare, today: date) -> dict[str, Any]:
    return {
        "settlement_id": str(share.settlement_id),
        "institution_code": share.institution_code,
        "record_no": share.record_no,
        "share_fen": share.share.fen,
        "deferred_fen": share.deferred.fen,
        "received_fen": share.received.fen,
        "open_fen": share.open.fen,
        "to_return_fen": share.to_return.fen,
        "due_on": share.due_on.isoformat(),
        "overdue": share.is_overdue(today=today),
        "noted_at": rfc3339(share.noted_at),
    }
