"""The shapes of settlement's answers, for the OpenAPI document; the bytes themselves are made once and kept.

Room: api of settlement.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from common.kit.fields import ResponseModel


class StepOut(ResponseModel):
    """One step of a layer in words, with the amount it gave."""

    text: str
    fen: int


class LayerOut(ResponseModel):
    """What one layer counted and paid."""

    layer: str
    fund: str
    base_fen: int
    deductible_fen: int
    paid_fen: int
    steps: list[StepOut]


class EntitlementOut(ResponseModel):
    """Under which class and categories a stay was settled."""

    benefit_class: str
    counting_category: str | None
    categories: list[str]
    list_date: date | None
    identity_open: bool


class PolicyOut(ResponseModel):
    """Which version of the county's policy ruled."""

    county: str
    version_from: date
    digest: str


class SentenceOut(ResponseModel):
    """One sentence of the explanation in both languages."""

    zh: str
    en: str


class SettlementOut(ResponseModel):
    """A settlement, or a preview with ids null."""

    settlement_id: UUID | None
    discharge_id: UUID | None
    attempt: int | None
    record_no: str
    institution_code: str
    county: str
    state: Literal["settled", "reversed", "preview"]
    settled_at: datetime | None
    person_id: UUID
    entitlement: EntitlementOut
    policy: PolicyOut
    total_fen: int
    own_expense_fen: int
    over_limit_fen: int
    first_self_pay_fen: int
    in_scope_fen: int
    layers: list[LayerOut]
    fund_paid_fen: int
    hospital_borne_fen: int
    patient_pays_fen: int
    hospital_advances_fen: int
    patient_receives_fen: Annotated[
        int | None, Field(description="What the funds pay the patient, who has paid everything; only of a claim")
    ] = None
    family_account_fen: Annotated[
        int,
        Field(description="Part of the share that the household's account pays (家庭账户支付); absent: no accounts"),
    ] = 0
    cash_fen: Annotated[int | None, Field(description="Rest of the share; absent: all of it")] = None
    explanation: list[SentenceOut]


class ReversalOut(ResponseModel):
    """A reversal."""

    reversal_id: UUID
    settlement_id: UUID
    state: Literal["reversed"]
    reversed_at: datetime
