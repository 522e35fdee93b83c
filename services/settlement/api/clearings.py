"""Clearing (清算): batches per hospital and fund, the auditor's verdicts, payment, repayment, the exposure board.

Room: api of settlement. Next hop: services/settlement/usecases/open_clearing.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from common.core.money import Money
from common.kit.auth import require_own
from common.kit.clock import china_date
from common.kit.db import UnitOfWork
from common.kit.fields import CodeText, InstitutionField
from common.kit.http import json_answer, secured, secured_router
from common.kit.idempotency import answer_once, require_key
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, decode_cursor, decode_place, page_of
from services.settlement.adapters.clearings import Clearing
from services.settlement.api.clearing_forms import (
    ClearingIn,
    ClearingOut,
    ClearingPage,
    ClearingWhole,
    ExposureBoard,
    LinePage,
    RepaymentIn,
    RepaymentOut,
    VerdictsIn,
)
from services.settlement.api.deps import Context, CurrentCaller, CursorKey, Now, Uow, require_named
from services.settlement.api.settlements import CurrentReader, reader_of
from services.settlement.domain.clearing import ClearingLine, Declaration, Verdict
from services.settlement.usecases.close_clearing import (
    ClaimNotRefusable,
    ClearingIsClosed,
    FundEmpty,
    LineUnknown,
    NoCentre,
    ReversalMisjudged,
    close_clearing,
    judge_clearing,
    repay_centre,
)
from services.settlement.usecases.open_clearing import (
    ClearingEmpty,
    DeclarationDiffers,
    PeriodNotOver,
    Wanted,
    open_clearing,
)
from services.settlement.usecases.read_clearing import (
    ClearingNotFound,
    list_clearings,
    read_clearing,
    read_clearing_lines,
    read_declared_differences,
    read_exposures,
)
from services.settlement.usecases.settle_discharge import RecordInProgress

router = secured_router(tag="settlement")
_READERS = ("funds", "his")
_MISJUDGED = (ClearingNotFound, ClearingIsClosed, LineUnknown, ReversalMisjudged, ClaimNotRefusable)


@router.post(
    "/v1/clearings",
    status_code=201,
    response_model=ClearingWhole,
    **secured("funds", problems=(PeriodNotOver, ClearingEmpty, DeclarationDiffers, RecordInProgress), idempotent=True),
)
async def post_clearing(
    request: Request, body: ClearingIn, caller: CurrentCaller, context: Context, uow: Uow, now: Now
) -> Response:
    """Gather and freeze what a fund owes a hospital, held against what it declares: as a whole or by record."""
    require_key(request)
    require_own(caller, county=body.county)
    said = body.declared
    wanted = Wanted(
        county=body.county,
        institution_code=body.institution_code,
        fund=body.fund,
        until=body.until,
        declared=None if said is None else Declaration(said.line_count, Money(said.sum_fen)),
        records=None
        if body.declared_records is None
        else {each.record_no: Money(each.amount_fen) for each in body.declared_records},
    )

    async def work() -> Response:
        terms = context.clearing_terms.of(body.county)
        opened = await open_clearing(uow, wanted=wanted, terms=terms, client_id=caller.client_id, now=now)
        return json_answer(await _whole(uow, opened), 201)

    return await answer_once(uow, request, caller, body, work)


@router.get(
    "/v1/clearings", response_model=ClearingPage, **secured(*_READERS, problems=(CursorInvalid, ClearingNotFound))
)
async def get_clearings(
    caller: CurrentCaller,
    reader: CurrentReader,
    uow: Uow,
    key: CursorKey,
    institution_code: Annotated[InstitutionField | None, Query()] = None,
    fund: Annotated[CodeText | None, Query()] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Response:
    """List batches in the order opened: a bureau its county's, a hospital its own."""
    require_named(caller, institution_code)
    of = f"clearings {reader} {institution_code} {fund}"
    found = await list_clearings(
        uow,
        reader=reader,
        institution_code=institution_code,
        fund=fund,
        after=decode_place(cursor, key=key, of=of) if cursor else None,
        limit=limit + 1,
    )
    items, next_cursor = page_of(found, limit=limit, position_of=_place, key=key, of=of)
    return json_answer({"items": [_told(each) for each in items], "next_cursor": next_cursor})


@router.get(
    "/v1/clearings/{clearing_id}", response_model=ClearingWhole, **secured(*_READERS, problems=(ClearingNotFound,))
)
async def get_clearing(clearing_id: UUID, reader: CurrentReader, uow: Uow) -> Response:
    """Answer one batch, and what the hospital declared otherwise."""
    return json_answer(await _whole(uow, await read_clearing(uow, clearing_id=clearing_id, reader=reader)))


@router.get(
    "/v1/clearings/{clearing_id}/lines",
    response_model=LinePage,
    **secured(*_READERS, problems=(CursorInvalid, ClearingNotFound)),
)
async def get_clearing_lines(
    clearing_id: UUID,
    reader: CurrentReader,
    uow: Uow,
    key: CursorKey,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Response:
    """List a batch's lines in their order, each with its verdict."""
    of = f"clearing lines {clearing_id}"
    after = int(decode_cursor(cursor, key=key, of=of)[0]) if cursor else 0
    found = await read_clearing_lines(uow, clearing_id=clearing_id, reader=reader, after=after, limit=limit + 1)
    items, next_cursor = page_of(found, limit=limit, position_of=lambda each: [each.line_no], key=key, of=of)
    return json_answer({"items": [_line(each) for each in items], "next_cursor": next_cursor})


@router.post(
    "/v1/clearings/{clearing_id}/verdicts",
    response_model=ClearingOut,
    **secured("funds", problems=_MISJUDGED, idempotent=True),
)
async def post_verdicts(
    request: Request, clearing_id: UUID, body: VerdictsIn, caller: CurrentCaller, uow: Uow
) -> Response:
    """Note verdicts on lines of an open batch: accepted, refused (the hospital bears it), postponed (a later batch)."""
    require_key(request)
    said: Sequence[tuple[int, Verdict, str]] = [
        (each.line_no, each.verdict, each.reason or "") for each in body.verdicts
    ]

    async def work() -> Response:
        judged = await judge_clearing(uow, clearing_id=clearing_id, reader=reader_of(caller), verdicts=said)
        return json_answer(_told(judged))

    return await answer_once(uow, request, caller, body, work)


@router.post(
    "/v1/clearings/{clearing_id}/closing",
    response_model=ClearingOut,
    **secured("funds", problems=(ClearingNotFound, FundEmpty)),
)
async def post_closing(clearing_id: UUID, caller: CurrentCaller, context: Context, uow: Uow, now: Now) -> Response:
    """Close a batch and pay its accepted lines; a repeat answers the same and moves nothing."""
    reader = reader_of(caller)
    terms = context.clearing_terms.of(caller.county or "")
    closed = await close_clearing(
        uow, clearing_id=clearing_id, reader=reader, terms=terms, client_id=caller.client_id, now=now
    )
    return json_answer(_told(closed))


@router.post(
    "/v1/repayments",
    status_code=201,
    response_model=RepaymentOut,
    **secured("funds", problems=(NoCentre, PeriodNotOver, ClearingEmpty, RecordInProgress), idempotent=True),
)
async def post_repayment(
    request: Request, body: RepaymentIn, caller: CurrentCaller, context: Context, uow: Uow, now: Now
) -> Response:
    """Book that a payer repays the centre what it paid the hospitals first."""
    require_key(request)
    require_own(caller, county=body.county)

    async def work() -> Response:
        repaid = await repay_centre(
            uow,
            county=body.county,
            fund=body.fund,
            until=body.until,
            terms=context.clearing_terms.of(body.county),
            client_id=caller.client_id,
            now=now,
        )
        told = {"batch_count": repaid.batch_count, "amount_fen": repaid.amount_fen}
        return json_answer({"repayment_id": str(repaid.repayment_id), **told}, 201)

    return await answer_once(uow, request, caller, body, work)


@router.get("/v1/exposures", response_model=ExposureBoard, **secured(*_READERS, problems=(ClearingNotFound,)))
async def get_exposures(
    caller: CurrentCaller,
    reader: CurrentReader,
    uow: Uow,
    now: Now,
    institution_code: Annotated[InstitutionField | None, Query()] = None,
) -> Response:
    """Answer what each fund owes each hospital, by age: a bureau sees its county, a hospital itself."""
    require_named(caller, institution_code)
    found = await read_exposures(uow, reader=reader, institution_code=institution_code, today=china_date(now))
    items = [asdict(each) | {"oldest_on": each.oldest_on.isoformat()} for each in found]
    return json_answer({"items": items, "owed_fen": sum(each.owed_fen for each in found)})


def _told(clearing: Clearing) -> dict[str, Any]:
    state = "open" if clearing.closed_at is None else "closed"
    return ClearingOut(**asdict(clearing), state=state).model_dump(mode="json")


async def _whole(uow: UnitOfWork, clearing: Clearing) -> dict[str, Any]:
    found = await read_declared_differences(uow, clearing=clearing)
    differences = [
        {
            "record_no": each.record_no,
            "ours_fen": None if each.ours is None else each.ours.fen,
            "declared_fen": None if each.declared is None else each.declared.fen,
            "reason": each.reason,
        }
        for each in found
    ]
    return _told(clearing) | {"differences": differences}


def _line(line: ClearingLine) -> dict[str, Any]:
    return {
        "line_no": line.line_no,
        "settlement_id": str(line.settlement_id),
        "record_no": line.record_no,
        "kind": line.kind,
        "amount_fen": line.amount.fen,
        "verdict": line.verdict,
        "reason": line.reason,
    }


def _place(clearing: Clearing) -> tuple[str, str]:
    return clearing.opened_at.isoformat(), str(clearing.clearing_id)
