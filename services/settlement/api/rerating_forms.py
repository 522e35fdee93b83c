"""What re-rating is asked and answers: cases, decisions, lines, corrections of a settlement.

Room: api of settlement. Next hop: services/settlement/api/reratings.py
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from common.kit.fields import CountyField, DayField, RequestModel, ResponseModel, ShortText
from services.settlement.api.answers import SettlementOut
from services.settlement.usecases.open_rerating import Cause


class ReratingIn(RequestModel):
    """Which settled stays to compute again: discharged between two China days, both included; of all or of one."""

    county: CountyField
    discharged_from: DayField
    discharged_to: DayField
    person_id: UUID | None = None
    cause: Cause
    document: ShortText = Field(description="The list, decision or policy that came late")
    proposed_by: ShortText = Field(description="Who at the bureau asks; somebody else decides")


class DecisionIn(RequestModel):
    """The second person's word; what is declined says why."""

    decision: Literal["approved", "declined"]
    decided_by: ShortText = Field(description="Who decides; never the one who proposed")
    reason: ShortText = Field(description="On what it rests, such as the minutes of the leading group")


class OutcomeOut(ResponseModel):
    """So many lines and persons of one outcome and result; `patient_fen` negative: they get money back."""

    outcome: str = Field(description="supplement, recovery, waived, shifted or name_differs")
    result: str = Field(description="open, booked, let_go or outdated")
    lines: int
    persons: int
    patient_fen: int


class FundOut(ResponseModel):
    """What a fund pays more (negative: less) by the lines that are booked or can be, in fen."""

    fund: str
    fen: int


class ReratingOut(ResponseModel):
    """A case. `listing`: the worker still goes through the stays; `booked`: everything approved was gone through."""

    rerating_id: UUID
    county: str
    discharged_from: date
    discharged_to: date
    person_id: UUID | None
    cause: str
    document: str
    proposed_by: str
    opened_at: datetime
    state: str = Field(description="listing, proposed, approved, declined or booked")
    stay_count: int = Field(description="Stays computed again")
    decided_by: str | None
    decided_at: datetime | None
    reason: str
    outcomes: list[OutcomeOut]
    funds: list[FundOut]


class ReratingHead(ResponseModel):
    """A case in a list."""

    rerating_id: UUID
    discharged_from: date
    discharged_to: date
    cause: str
    document: str
    state: str
    opened_at: datetime


class ReratingPage(ResponseModel):
    """A page of cases in the order opened."""

    items: list[ReratingHead]
    next_cursor: str | None


class LayerDifferenceOut(ResponseModel):
    """What a layer pays more from a fund, in fen; negative: less."""

    layer: str
    fund: str
    fen: int


class ReratingLineOut(ResponseModel):
    """A stay whose result is another by today's knowledge; amounts are differences unless they say otherwise."""

    line_no: int
    settlement_id: UUID
    person_id: UUID
    institution_code: str
    record_no: str
    discharged_on: date
    outcome: str
    class_before: str
    class_after: str
    layers: list[LayerDifferenceOut]
    hospital_borne_fen: int
    patient_fen: int
    patient_pays_fen: int = Field(description="The patient's whole share by today's knowledge")
    result: str


class ReratingLinePage(ResponseModel):
    """A page of lines in their order."""

    items: list[ReratingLineOut]
    next_cursor: str | None


class CorrectionOut(ResponseModel):
    """A later result of a settlement; `patient_fen` is what the patient pays more than by the result before it."""

    ordinal: int
    rerating_id: UUID
    booked_at: datetime
    patient_fen: int
    result: SettlementOut


class CorrectionList(ResponseModel):
    """A settlement's corrections, oldest first; the last one stands."""

    items: list[CorrectionOut]
