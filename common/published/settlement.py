"""Facts told by settlement: what was settled, undone or paid afterwards."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.published.base import Fen, PublishedEvent, TownshipText


class LayerPaid(BaseModel):
    """What one layer (待遇层) paid from its fund."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    layer: str
    fund: str
    paid_fen: Fen


class DischargeSettled(PublishedEvent):
    """A discharge was settled and booked (出院结算)."""

    settlement_id: UUID
    discharge_id: UUID
    attempt: int = Field(ge=1)
    person_id: UUID
    institution_code: str
    visit_type: str
    referral_kind: str
    admitted_on: date
    discharged_on: date
    diagnoses: list[str] = Field(description="ICD-10 codes, the main one first; outward only with events:diagnosis")
    total_fen: Fen
    own_expense_fen: Fen
    over_limit_fen: Fen
    first_self_pay_fen: Fen
    in_scope_fen: Fen
    layers: list[LayerPaid]
    hospital_borne_fen: Fen
    patient_pays_fen: Fen
    benefit_class: str
    identity_open: bool
    provisional: bool = Field(default=False, description="person_id stands for one stay only, not for a known number")
    township: TownshipText | None = Field(default=None, description="Township named by the request, for unknown people")
    policy_digest: str


class SettlementReversed(PublishedEvent):
    """A settlement was undone by exact mirror entries (冲正)."""

    reversal_id: UUID
    settlement_id: UUID
    discharge_id: UUID
    person_id: UUID
    institution_code: str
    discharged_on: date
    reversed_on: date
    total_fen: Fen = Field(description="Mirrored: the negative of the settled total")
    patient_pays_fen: Fen = Field(description="Mirrored: the negative of the settled share")
    layers: list[LayerPaid] = Field(description="Mirrored, each negative")
    reason_code: str


class SupplementBooked(PublishedEvent):
    """A later correction paid more, or took back, on a settled stay (补差)."""

    supplement_id: UUID
    settlement_id: UUID
    person_id: UUID
    booked_on: date
    layers: list[LayerPaid]
    patient_pays_fen: Fen = Field(description="Change of the patient's share, negative when they get money back")
    reason_code: str


class ClearingClosed(PublishedEvent):
    """A clearing batch of one institution and fund was closed (清算)."""

    clearing_id: UUID
    fund: str
    institution_code: str
    line_count: int
    sum_fen: Fen
    lines_hash: str
    closed_on: date
