"""Funds (基金): their budgets and statements, for the bureau of the county.

Room: api of settlement. Next hop: services/settlement/usecases/change_budget.py
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response

from common.core.money import Money
from common.kit.auth import require_own
from common.kit.clock import china_date, rfc3339
from common.kit.fields import CodeText, CountyField, DayField, InstitutionField
from common.kit.http import json_answer, secured, secured_router
from common.kit.idempotency import answer_once, require_key
from common.kit.paging import DEFAULT_LIMIT, CursorInvalid, CursorText, Limit, decode_cursor, page_of
from services.settlement.adapters.budgets import BudgetRow
from services.settlement.adapters.statement_sheet import as_csv, as_xlsx, sheet_rows
from services.settlement.adapters.statements import HospitalSums, Place, StatementLine
from services.settlement.api.deps import Context, CurrentCaller, CursorKey, Now, Uow
from services.settlement.api.fund_forms import BudgetChangeIn, BudgetChangeOut, BudgetOut, StatementOut
from services.settlement.domain.budget import BudgetBelowZero, BudgetChangeEmpty, DayOutsideYear, Reservation
from services.settlement.domain.chart import WHOLE, FundUnknown, PurposeMismatch
from services.settlement.domain.policy import CountyUnknown
from services.settlement.usecases.change_budget import WantedChange, change_budget
from services.settlement.usecases.read_budget import BudgetState, read_budget
from services.settlement.usecases.read_statement import (
    AskedStatement,
    Statement,
    StatementPeriodImpossible,
    StatementTooLong,
    read_statement,
    read_whole_statement,
)

router = secured_router(tag="settlement")
_CSV = "text/csv"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHANGING = (CountyUnknown, FundUnknown, PurposeMismatch, BudgetChangeEmpty, DayOutsideYear, BudgetBelowZero)
_STATING = secured(
    "funds", problems=(CountyUnknown, FundUnknown, StatementPeriodImpossible, StatementTooLong, CursorInvalid)
)
_FILES = {"content": {_CSV: {"schema": {"type": "string"}}, _XLSX: {"schema": {"type": "string", "format": "binary"}}}}
Fund = Annotated[CodeText, Path(description="Word of the fund, such as `medical_assistance`")]


@router.post(
    "/v1/funds/{fund}/budgets",
    status_code=201,
    response_model=BudgetChangeOut,
    **secured("funds", problems=_CHANGING, idempotent=True),
)
async def post_budget_change(
    fund: Fund, request: Request, body: BudgetChangeIn, caller: CurrentCaller, context: Context, uow: Uow, now: Now
) -> Response:
    """Give a fund a budget for a year, raise it, or take some back; a change is never edited."""
    require_key(request)
    require_own(caller, county=body.county)
    wanted = WantedChange(
        county=body.county,
        fund=fund,
        year=body.year,
        ledger=body.ledger or WHOLE,
        layer=body.layer,
        effective_on=body.effective_on,
        amount=Money(body.amount_fen),
        source=body.source,
    )

    async def book() -> Response:
        row = await change_budget(uow, wanted=wanted, charts=context.charts, client_id=caller.client_id, now=now)
        return json_answer(_change(row), 201)

    return await answer_once(uow, request, caller, body, book)


@router.get(
    "/v1/funds/{fund}/budgets", response_model=BudgetOut, **secured("funds", problems=(CountyUnknown, FundUnknown))
)
async def get_budget(
    fund: Fund,
    county: Annotated[CountyField, Query()],
    year: Annotated[int, Query(ge=2000, le=2100)],
    caller: CurrentCaller,
    context: Context,
    uow: Uow,
    now: Now,
    on: Annotated[DayField | None, Query(description="Changes that count on this day; today when absent")] = None,
) -> Response:
    """Answer what a fund was given for a year, what settlements booked on it, what is set aside, and what is left."""
    require_own(caller, county=county)
    day = on or china_date(now)
    state = await read_budget(uow, county=county, fund=fund, year=year, on=day, charts=context.charts)
    return json_answer({"county": county, "fund": fund, "year": year, "on": day.isoformat(), **_budget(state)})


async def _asked(
    fund: Fund,
    county: Annotated[CountyField, Query()],
    first: Annotated[DayField, Query(alias="from", description="First China day")],
    last: Annotated[DayField, Query(alias="to", description="Last China day, included")],
    caller: CurrentCaller,
    institution: Annotated[InstitutionField | None, Query()] = None,
) -> AskedStatement:
    require_own(caller, county=county)
    return AskedStatement(county, fund, institution, first, last)


@router.get(
    "/v1/funds/{fund}/statement",
    response_model=StatementOut,
    openapi_extra=_STATING["openapi_extra"],
    responses={200: _FILES, **_STATING["responses"]},
)
async def get_statement(
    asked: Annotated[AskedStatement, Depends(_asked)],
    context: Context,
    uow: Uow,
    key: CursorKey,
    form: Annotated[
        Literal["json", "csv", "xlsx"], Query(alias="format", description="Only JSON comes in pages")
    ] = "json",
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Response:
    """Answer a fund's statement: opening balance, each line, closing balance, totals per hospital."""
    if form != "json":
        whole = await read_whole_statement(uow, asked=asked, charts=context.charts)
        return await _file(whole, form, f"{asked.county}-{asked.fund}-{asked.first}-{asked.last}")
    of = f"statement {asked}"
    after = _place(cursor, key, of)
    found = await read_statement(uow, asked=asked, charts=context.charts, after=after, limit=limit + 1)
    items, next_cursor = page_of(found.lines, limit=limit, position_of=_position, key=key, of=of)
    return json_answer(
        {
            "county": asked.county,
            "fund": asked.fund,
            "institution": asked.institution_code,
            "from": asked.first.isoformat(),
            "to": asked.last.isoformat(),
            **_sums(found),
            "items": [_line(each, found.opening) for each in items],
            "next_cursor": next_cursor,
        }
    )


async def _file(found: Statement, form: Literal["csv", "xlsx"], name: str) -> Response:
    rows = sheet_rows(opening=found.opening, closing=found.closing, lines=found.lines, hospitals=found.hospitals)
    # A workbook of many lines takes a second or two, in which the process would answer nobody.
    content = await asyncio.to_thread(as_csv if form == "csv" else as_xlsx, rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Response(content, headers=headers, media_type=_CSV if form == "csv" else _XLSX)


def _place(cursor: str | None, key: bytes, of: str) -> Place | None:
    if not cursor:
        return None
    booked_at, entry_id, line_no = decode_cursor(cursor, key=key, of=of)
    return datetime.fromisoformat(str(booked_at)), UUID(str(entry_id)), int(line_no)


def _position(line: StatementLine) -> tuple[str, str, int]:
    return line.booked_at.isoformat(), str(line.entry_id), line.line_no


def reservation_told(made: Reservation) -> dict[str, Any]:
    """Return a reservation as it is answered."""
    return {
        "reservation_id": str(made.reservation_id),
        "county": made.county,
        "fund": made.fund,
        "year": made.year,
        "ledger": made.ledger or None,
        "amount_fen": made.amount.fen,
        "purpose": made.purpose,
        "expires_on": made.expires_on.isoformat(),
        "reserved_at": rfc3339(made.reserved_at),
        "released_at": rfc3339(made.released_at) if made.released_at else None,
    }


def _change(row: BudgetRow) -> dict[str, Any]:
    return {
        "change_id": str(row.change_id),
        "county": row.county,
        "fund": row.fund,
        "year": row.year,
        "change_no": row.change_no,
        "ledger": row.ledger or None,
        "layer": row.layer,
        "effective_on": row.effective_on.isoformat(),
        "amount_fen": row.amount_fen,
        "source": row.source,
        "booked_at": rfc3339(row.booked_at),
    }


def _budget(state: BudgetState) -> dict[str, Any]:
    accounts = [
        {
            "ledger": each.account.ledger or None,
            "name": each.account.name,
            "layers": sorted(each.account.layers),
            "origin": each.account.origin or None,
            "purpose": each.account.purpose or None,
            "budget_fen": each.budget.fen,
            "booked_fen": each.booked.fen,
            "reserved_fen": each.reserved.fen,
            "available_fen": each.available.fen,
        }
        for each in state.accounts
    ]
    return {
        "budget_fen": state.budget.fen,
        "booked_fen": state.booked.fen,
        "reserved_fen": state.reserved.fen,
        "available_fen": state.available.fen,
        "accounts": accounts,
        "reservations": [reservation_told(each) for each in state.reservations],
        "changes": [_change(row) for row in state.changes],
    }


def _sums(found: Statement) -> dict[str, Any]:
    return {
        "opening_fen": found.opening.fen,
        "booked_fen": found.booked.fen,
        "reversed_fen": found.reversed.fen,
        "closing_fen": found.closing.fen,
        "line_count": found.line_count,
        "hospitals": [_hospital(each) for each in found.hospitals],
    }


def _hospital(each: HospitalSums) -> dict[str, Any]:
    return {
        "institution_code": each.institution_code,
        "opening_fen": each.before.fen,
        "booked_fen": each.booked.fen,
        "reversed_fen": each.reversed.fen,
        "closing_fen": (each.before + each.booked + each.reversed).fen,
        "line_count": each.line_count,
    }


def _line(line: StatementLine, opening: Money) -> dict[str, Any]:
    return {
        "booked_at": rfc3339(line.booked_at),
        "entry_id": str(line.entry_id),
        "kind": line.kind,
        "institution_code": line.institution_code,
        "record_no": line.record_no,
        "settlement_id": str(line.settlement_id),
        "layer": line.layer,
        "ledger": line.ledger or None,
        "earmarked_fen": line.earmarked.fen,
        "amount_fen": line.amount.fen,
        "balance_fen": (opening + line.running).fen,
    }
