"""What the routes of funds take and answer.

Room: api of settlement.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from common.kit.fields import (
    CodeText,
    CountyField,
    DayField,
    FenField,
    RequestModel,
    ResponseModel,
    ShortText,
    SignedFenField,
)

YearField = Annotated[int, Field(strict=True, ge=2000, le=2100)]


class BudgetChangeIn(RequestModel):
    """One change of a fund's budget with the document that grants it."""

    county: CountyField
    year: YearField
    ledger: Annotated[CodeText | None, Field(description="Earmarked sub-ledger; absent for the fund itself")] = None
    layer: Annotated[CodeText | None, Field(description="Layer that the money is for; must be the account's")] = None
    effective_on: Annotated[DayField, Field(description="China day of the year from which it counts")]
    amount_fen: Annotated[SignedFenField, Field(description="Added to the budget; negative takes away")]
    source: ShortText


class BudgetChangeOut(ResponseModel):
    """A change as booked; `change_no` counts those of the fund's year."""

    change_id: UUID
    county: str
    fund: str
    year: int
    change_no: int
    ledger: str | None
    layer: str | None
    effective_on: str
    amount_fen: int
    source: str
    booked_at: str


class BudgetAccountOut(ResponseModel):
    """The fund (`ledger` null) or a sub-ledger, what it may pay and what it was given, in fen."""

    ledger: str | None
    name: str
    layers: list[str]
    origin: str | None
    purpose: str | None
    budget_fen: int
    booked_fen: int
    reserved_fen: int
    available_fen: int


class ReservationIn(RequestModel):
    """Money of an account that is set aside until a day, that day included."""

    county: CountyField
    year: YearField
    ledger: Annotated[CodeText | None, Field(description="Earmarked sub-ledger; absent for the fund itself")] = None
    amount_fen: Annotated[FenField, Field(gt=0)]
    purpose: ShortText
    expires_on: Annotated[DayField, Field(description="Last China day on which it counts")]


class ReservationOut(ResponseModel):
    """A reservation; it counts until `expires_on` unless it was given free before."""

    reservation_id: UUID
    county: str
    fund: str
    year: int
    ledger: str | None
    amount_fen: int
    purpose: str
    expires_on: str
    reserved_at: str
    released_at: str | None


class BudgetOut(ResponseModel):
    """A fund's year: available = budget - booked - reserved, below zero where the fund is overdrawn."""

    county: str
    fund: str
    year: int
    on: str
    budget_fen: int
    booked_fen: int
    reserved_fen: int
    available_fen: int
    accounts: list[BudgetAccountOut]
    reservations: list[ReservationOut]
    changes: list[BudgetChangeOut]


class StatementLineOut(ResponseModel):
    """What one entry books on the fund for a layer; the balance is the one after it."""

    booked_at: str
    entry_id: UUID
    kind: str
    institution_code: str
    record_no: str
    settlement_id: UUID
    layer: str
    ledger: Annotated[str | None, Field(description="Sub-ledger that bears `earmarked_fen` of the amount")]
    earmarked_fen: int
    amount_fen: int
    balance_fen: int


class HospitalTotalOut(ResponseModel):
    """One hospital's part of the statement, in fen."""

    institution_code: str
    opening_fen: int
    booked_fen: int
    reversed_fen: int
    closing_fen: int
    line_count: int


class StatementOut(ResponseModel):
    """A fund's period; balances and totals are those of the whole period, `items` are one page of its lines."""

    county: str
    fund: str
    institution: str | None
    first: Annotated[str, Field(serialization_alias="from")]
    last: Annotated[str, Field(serialization_alias="to")]
    opening_fen: int
    booked_fen: int
    reversed_fen: int
    closing_fen: int
    line_count: int
    hospitals: list[HospitalTotalOut]
    items: list[StatementLineOut]
    next_cursor: str | None
