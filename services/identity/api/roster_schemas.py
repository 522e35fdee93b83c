"""What the roster routes take and answer.

Room: api of identity.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import UploadFile
from pydantic import Field

from common.kit.fields import CountyField, DayField, RequestModel, ResponseModel
from services.identity.domain.staging import RosterReport

Source = Literal["poverty_relief", "civil_affairs"]
VerdictName = Literal["accepted", "changed", "unchanged", "rejected"]


class RosterForm(RequestModel):
    """A bureau's list (名单) as multipart form."""

    source: Source = Field(description="Whose list: 扶贫 or 民政")
    kind: Literal["full", "changes"] = Field(description="Everybody, or only what changed")
    county: CountyField
    as_of: DayField = Field(description="China day the list speaks of")
    file: UploadFile = Field(description="CSV in UTF-8 or GB18030, or XLSX")


class ReasonAnswer(ResponseModel):
    """Why a row was not taken."""

    code: str
    field: str
    detail: str
    detail_zh: str


class RosterAnswer(ResponseModel):
    """A list with the totals of its rows; once compared, the four verdicts together equal `row_count`."""

    roster_id: UUID
    source: str
    kind: str
    county: str
    as_of: date
    state: Literal["comparing", "staged", "publishing", "published"]
    received_at: datetime
    published_at: datetime | None
    digest: str = Field(description="sha256 of the file")
    same_file_as: UUID | None = Field(description="Published before with the same content and terms")
    row_count: int
    verdicts: dict[str, int]
    reasons: dict[str, int] = Field(description="Reason code -> rows rejected for it")
    proposed_end_count: int = Field(description="Categories of persons a full list no longer names; none is ended")


class RosterRowAnswer(ResponseModel):
    """One row of a list with its verdict; the number is masked."""

    row_no: int = Field(description="Line of the file, the header being 1")
    household_no: str
    name: str
    citizen_id: str
    person_id: UUID | None
    category: str | None
    relation: str | None
    township: str | None
    village: str | None
    recognised_on: date | None
    verdict: VerdictName | None = Field(description="None while a long list is still being compared")
    reasons: list[ReasonAnswer]


class EndProposalAnswer(ResponseModel):
    """A category whose person a full list no longer names: proposed to end, not ended."""

    entitlement_id: UUID
    person_id: UUID
    category: str
    proposed_at: datetime
    state: Literal["open", "lapsed"]


def roster_answer(report: RosterReport) -> RosterAnswer:
    """Return the answer about a list."""
    listed = report.roster
    return RosterAnswer(
        roster_id=listed.roster_id,
        source=listed.terms.source,
        kind=listed.terms.kind,
        county=listed.terms.county,
        as_of=listed.terms.as_of,
        state=listed.state,
        received_at=listed.received_at,
        published_at=listed.published_at,
        digest=f"sha256:{listed.digest}",
        same_file_as=listed.same_file_as,
        row_count=listed.row_count,
        verdicts=report.verdicts,
        reasons=report.reasons,
        proposed_end_count=report.proposed_end_count,
    )


def roster_row_answer(row: Any) -> RosterRowAnswer:  # noqa: ANN401 - a row of the table
    """Return the answer about one row."""
    return RosterRowAnswer(
        row_no=row.row_no,
        household_no=row.household_no,
        name=row.name,
        citizen_id=row.number_masked,
        person_id=row.person_id,
        category=row.category,
        relation=row.relation,
        township=row.township,
        village=row.village,
        recognised_on=row.recognised_on,
        verdict=row.verdict,
        reasons=[ReasonAnswer(**reason) for reason in row.reasons],
    )
