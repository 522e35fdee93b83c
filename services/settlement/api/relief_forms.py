"""What relief is asked and answers: gap cases, plans with their grants, what is published of them.

Room: api of settlement. Next hop: services/settlement/api/reliefs.py
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from common.kit.fields import CodeText, CountyField, LongText, RequestModel, ResponseModel, ShortText
from services.settlement.domain.relief import ReliefClass, Weighed

_MOST_GRANTS = 500
_MOST_FEN = 10**12
AmountField = Annotated[
    int, Field(strict=True, gt=0, le=_MOST_FEN, description="Money in whole fen, more than nothing")
]


class GapCaseIn(RequestModel):
    """A settled stay of the county that is too heavy although settling found no gap."""

    settlement_id: UUID
    document: ShortText = Field(description="On what the stay is named, such as a verified alert")
    named_by: ShortText


class GapCaseOut(ResponseModel):
    """A stay whose share is looked at by itself."""

    settlement_id: UUID
    person_id: UUID
    institution_code: str
    record_no: str
    discharged_on: date
    found_at: datetime
    missing_fen: int | None = Field(description="To the county's target ratio as the stay stands; null: no target")
    document: str | None = Field(description="On what a bureau named it; null: settling found it")
    named_by: str | None
    patient_pays_fen: int = Field(description="The share as corrected, before relief")
    plan_id: UUID | None
    granted_fen: int
    state: str = Field(
        description="open, proposed, waiting, relieved, filled (a correction reached the target) or void"
    )


class GapCasePage(ResponseModel):
    """A page of cases in the order found."""

    items: list[GapCaseOut]
    next_cursor: str | None


class GrantIn(RequestModel):
    """What one stay is to get."""

    settlement_id: UUID
    relief_class: ReliefClass
    weighed: list[Weighed] = Field(min_length=1, max_length=len(Weighed), description="What was weighed; is published")
    amount_fen: AmountField
    note: LongText | None = Field(default=None, description="For the group alone, never published")


class ReliefPlanIn(RequestModel):
    """A plan for the leading group: the money, the stays, the amounts."""

    county: CountyField
    fund: CodeText
    ledger: CodeText | None = Field(default=None, description="Earmarked sub-ledger; absent for the fund itself")
    document: ShortText
    proposed_by: ShortText = Field(description="Who puts it forward; somebody else decides")
    grants: list[GrantIn] = Field(min_length=1, max_length=_MOST_GRANTS)

    @model_validator(mode="after")
    def _once(self) -> ReliefPlanIn:
        if len({each.settlement_id for each in self.grants}) != len(self.grants):
            raise ValueError("a settlement stands twice among the grants; keep one")
        return self


class GrantOut(ResponseModel):
    """What one stay gets. `waiting`: approved, the account has not enough yet; `outdated`: it can no longer be."""

    line_no: int
    settlement_id: UUID
    relief_class: str
    weighed: list[str]
    note: str
    amount_fen: int
    result: str = Field(description="open, waiting, booked, declined, outdated or taken_back (by a reversal)")
    booked_at: datetime | None
    cut_fen: int = Field(description="Taken back because a layer paid after all")


class ReliefPlanHead(ResponseModel):
    """A plan in a list."""

    plan_id: UUID
    county: str
    fund: str
    ledger: str | None
    document: str
    proposed_by: str
    opened_at: datetime
    state: str = Field(description="proposed, approved or declined")
    decided_by: str | None
    decided_at: datetime | None
    reason: str


class ReliefPlanOut(ReliefPlanHead):
    """A plan with what it grants, in its order."""

    grants: list[GrantOut]


class ReliefPlanPage(ResponseModel):
    """A page of plans in the order opened."""

    items: list[ReliefPlanHead]
    next_cursor: str | None


class NamedCode(ResponseModel):
    """A code with its Chinese words."""

    code: str
    zh: str


class PublishedGrant(ResponseModel):
    """A grant as it hangs on the village's board: nothing in it says who, where or when was ill."""

    line_no: int
    relief_class: NamedCode
    weighed: list[NamedCode]
    amount_fen: int
    result: str


class PublishedPlan(ResponseModel):
    """What is made public of an approved plan (公示), without personal data."""

    county: str
    fund: NamedCode
    document: str
    decided_on: date
    grant_count: int
    amount_fen: int
    booked_fen: int
    grants: list[PublishedGrant]


class ReliefOut(ResponseModel):
    """What was given of a settlement's share; the hospital pays it back and has it from the fund's next batch."""

    settlement_id: UUID
    fund: str
    document: str
    relief_class: str
    amount_fen: int
    cut_fen: int
    result: str = Field(description="booked, or taken_back with the reversed settlement")
    booked_at: datetime
