"""What clearing is asked and answers: batches, lines, verdicts, repayments, the exposure board.

Room: api of settlement. Next hop: services/settlement/api/clearings.py
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from common.kit.fields import (
    CodeText,
    CountField,
    CountyField,
    DayField,
    InstitutionField,
    RecordNoField,
    RequestModel,
    ResponseModel,
    ShortText,
    SignedFenField,
)
from services.settlement.domain.clearing import Verdict

MOST_VERDICTS = 5_000
MOST_RECORDS = 20_000


class DeclarationIn(RequestModel):
    """What the hospital asks for; a batch of other count or sum is refused."""

    line_count: CountField
    sum_fen: SignedFenField


class DeclaredRecordIn(RequestModel):
    """What the hospital asks of the fund for one record, everything of it together."""

    record_no: RecordNoField
    amount_fen: SignedFenField


class ClearingIn(RequestModel):
    """Which batch; `until` is the last China day of the county's month or quarter.

    Declared as count and sum, a difference stops the batch; declared record by record, what differs is postponed and
    listed, the rest goes on.
    """

    county: CountyField
    institution_code: InstitutionField
    fund: CodeText
    until: DayField
    declared: DeclarationIn | None = None
    declared_records: Annotated[list[DeclaredRecordIn], Field(min_length=1, max_length=MOST_RECORDS)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        records = self.declared_records or []
        if len({each.record_no for each in records}) != len(records):
            raise PydanticCustomError("record_repeated", "a record stands twice")
        if self.declared is not None and self.declared_records is not None:
            raise PydanticCustomError("declared_twice", "declare count and sum, or record by record")
        return self


class ClearingOut(ResponseModel):
    """A batch, in fen; the sums by verdict are null until it is closed.

    `lines_hash` is the SHA-256 over its lines in order, each `line_no settlement_id kind amount_fen` and a line feed.
    """

    clearing_id: UUID
    county: str
    institution_code: str
    fund: str
    until: date
    state: str = Field(description="open or closed")
    line_count: int
    sum_fen: int
    lines_hash: str
    opened_at: datetime
    closed_at: datetime | None
    accepted_fen: int | None
    refused_fen: int | None
    postponed_fen: int | None


class DifferenceOut(ResponseModel):
    """A record on which hospital and county disagree, in fen; null: that side does not have it."""

    record_no: str
    ours_fen: int | None
    declared_fen: int | None
    reason: str = Field(description="amount_differs, not_declared or not_owed")


class ClearingWhole(ClearingOut):
    """A batch with what the hospital declared otherwise, by record number."""

    differences: list[DifferenceOut]


class ClearingPage(ResponseModel):
    """A page of batches in the order opened."""

    items: list[ClearingOut]
    next_cursor: str | None


class LineOut(ResponseModel):
    """A stay's part, in fen; `reversal` takes back what an earlier batch paid. Verdict null: not judged."""

    line_no: int
    settlement_id: UUID
    record_no: str
    kind: str
    amount_fen: int
    verdict: str | None
    reason: str


class LinePage(ResponseModel):
    """A page of lines in their order."""

    items: list[LineOut]
    next_cursor: str | None


class VerdictIn(RequestModel):
    """What the auditor says of a line; anything but accepted says why."""

    line_no: CountField
    verdict: Verdict
    reason: ShortText | None = None

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if self.verdict is not Verdict.ACCEPTED and self.reason is None:
            raise PydanticCustomError("reason_missing", "a line that is not accepted says why")
        return self


class VerdictsIn(RequestModel):
    """Verdicts, each line once; lines not named are accepted when the batch is closed."""

    verdicts: Annotated[list[VerdictIn], Field(min_length=1, max_length=MOST_VERDICTS)]

    @model_validator(mode="after")
    def _each_line_once(self) -> Self:
        if len({each.line_no for each in self.verdicts}) != len(self.verdicts):
            raise PydanticCustomError("line_repeated", "a line stands twice")
        return self


class RepaymentIn(RequestModel):
    """Which payer repays the centre; `until` is the last China day of a quarter."""

    county: CountyField
    fund: CodeText
    until: DayField


class RepaymentOut(ResponseModel):
    """What was repaid, in fen, for how many batches."""

    repayment_id: UUID
    batch_count: int
    amount_fen: int


class ExposureOut(ResponseModel):
    """What a fund owes a hospital, in fen: all, and by days since the stays were settled."""

    institution_code: str
    fund: str
    stay_count: int
    owed_fen: int
    oldest_on: date
    to_30_days_fen: int
    to_90_days_fen: int
    to_180_days_fen: int
    beyond_fen: int


class ExposureBoard(ResponseModel):
    """Everything not yet paid, by hospital and fund."""

    items: list[ExposureOut]
    owed_fen: int
