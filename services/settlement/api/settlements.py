"""Reading settlements back: one, many with the day-end totals, the patient's slip, the trace.

Room: api of settlement. Next hop: services/settlement/usecases/list_settlements.py
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from common.kit.auth import Caller
from common.kit.fields import DayField, InstitutionField, RecordNoField, ResponseModel
from common.kit.http import json_answer, secured, secured_router
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, decode_place, page_of
from services.settlement.adapters.settlements import Kept
from services.settlement.adapters.slip import Slip, slip_as_html
from services.settlement.api.answers import SettlementOut
from services.settlement.api.deps import Context, CurrentCaller, CursorKey, Uow, require_named
from services.settlement.usecases.list_settlements import Asked, list_settlements
from services.settlement.usecases.read_settlement import Reader, read_settlement
from services.settlement.usecases.read_trace import read_trace
from services.settlement.usecases.render_slip import CorrectionNotFound, render_slip
from services.settlement.usecases.reverse_settlement import SettlementNotFound

router = secured_router(tag="settlement")
_SCOPES = ("his", "funds")
_HTML_RANGES = frozenset({"text/html", "text/*", "*/*"})
_PDF_RANGES = frozenset({"application/pdf", "application/*"})
_PDF = {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
_SLIP = secured(*_SCOPES, problems=(SettlementNotFound, CorrectionNotFound))


class SettlementPage(ResponseModel):
    """A page of settlements; the sums are those of the whole filter, over live settlements, in fen."""

    items: list[SettlementOut]
    next_cursor: str | None
    count: int
    reversed_count: int
    total_fen: int
    fund_paid_fen: int
    patient_pays_fen: int


async def _asked(
    caller: CurrentCaller,
    record_no: Annotated[RecordNoField | None, Query()] = None,
    institution_code: Annotated[InstitutionField | None, Query()] = None,
    settled_from: Annotated[DayField | None, Query(description="First China day")] = None,
    settled_to: Annotated[DayField | None, Query(description="Last China day, included")] = None,
) -> Asked:
    require_named(caller, institution_code)
    return Asked(record_no, institution_code, settled_from, settled_to)


async def _reader(caller: CurrentCaller) -> Reader:
    return reader_of(caller)


def reader_of(caller: Caller) -> Reader:
    """Return whose settlements the caller may see; a county counts for the scope `funds` alone."""
    sees_county = caller.institution_code is None and "funds" in caller.scopes
    return Reader(caller.institution_code, caller.county if sees_county else None)


CurrentReader = Annotated[Reader, Depends(_reader)]


@router.get(
    "/v1/settlements",
    response_model=SettlementPage,
    **secured(*_SCOPES, problems=(CursorInvalid, SettlementNotFound)),
)
async def get_settlements(
    reader: CurrentReader,
    asked: Annotated[Asked, Depends(_asked)],
    uow: Uow,
    key: CursorKey,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Response:
    """List settlements in the order settled, with the totals of the whole filter."""
    of = f"settlements {reader} {asked}"
    after = decode_place(cursor, key=key, of=of) if cursor else None
    listed = await list_settlements(uow, reader=reader, asked=asked, after=after, limit=limit + 1)
    items, next_cursor = page_of(listed.items, limit=limit, position_of=_place, key=key, of=of)
    sums = listed.sums
    answer: dict[str, Any] = {
        "items": [kept.answer for kept in items],
        "next_cursor": next_cursor,
        "count": sums.count,
        "reversed_count": sums.reversed_count,
        "total_fen": sums.total_fen,
        "fund_paid_fen": sums.fund_paid_fen,
        "patient_pays_fen": sums.patient_pays_fen,
    }
    return json_answer(answer)


@router.get(
    "/v1/settlements/{settlement_id}",
    response_model=SettlementOut,
    **secured(*_SCOPES, problems=(SettlementNotFound,)),
)
async def get_settlement(settlement_id: UUID, reader: CurrentReader, uow: Uow) -> Response:
    """Answer a settlement as it was told, with its state of now."""
    kept = await read_settlement(uow, settlement_id=settlement_id, reader=reader)
    return json_answer(kept.answer)


@router.get(
    "/v1/settlements/{settlement_id}/trace",
    **secured(*_SCOPES, problems=(SettlementNotFound,)),
)
async def get_trace(settlement_id: UUID, reader: CurrentReader, uow: Uow) -> dict[str, Any]:
    """Answer every step of every class compared, with the parameters it read and their legal source."""
    return await read_trace(uow, settlement_id=settlement_id, reader=reader)


@router.get(
    "/v1/settlements/{settlement_id}/slip",
    response_class=HTMLResponse,
    openapi_extra=_SLIP["openapi_extra"],
    responses={200: _PDF, **_SLIP["responses"]},
)
async def get_slip(
    settlement_id: UUID,
    request: Request,
    reader: CurrentReader,
    context: Context,
    uow: Uow,
    correction: Annotated[int | None, Query(ge=1, le=10_000, description="Which later result; none: the first")] = None,
) -> Response:
    """Answer the patient's slip: one page of HTML, or of PDF in A5 to whoever asks for that alone."""
    slip = await render_slip(
        uow, settlement_id=settlement_id, reader=reader, printed_with=context.printed_with, correction=correction
    )
    if not _takes_only_pdf(request.headers.get("accept", "")):
        return HTMLResponse(slip_as_html(slip))
    # Drawing takes a tenth of a second, in which the process would answer nobody.
    return Response(await asyncio.to_thread(_as_pdf, slip), media_type="application/pdf")


def _as_pdf(slip: Slip) -> bytes:
    from services.settlement.adapters.slip_pdf import slip_as_pdf  # noqa: PLC0415 - 20 MB that only printing needs

    return slip_as_pdf(slip)


def _takes_only_pdf(accept: str) -> bool:
    ranges = {each.partition(";")[0].strip().lower() for each in accept.split(",")}
    return bool(ranges & _PDF_RANGES) and not ranges & _HTML_RANGES


def _place(kept: Kept) -> tuple[str, str]:
    return kept.settled_at.isoformat(), str(kept.settlement_id)
