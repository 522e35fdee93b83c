"""Facts told by contracts: family-doctor contracts, follow-ups, treatment files."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from common.published.base import PublishedEvent, TownshipText


class ContractSigned(PublishedEvent):
    """A person signed with a family-doctor team (签约)."""

    contract_id: UUID
    person_id: UUID
    team_id: UUID
    package_codes: list[str] = Field(default_factory=list)
    valid_from: date
    valid_to: date


class ContractEnded(PublishedEvent):
    """A contract ended before or at its last day (解约)."""

    contract_id: UUID
    person_id: UUID
    team_id: UUID
    ended_on: date
    reason_code: str


class TreatmentFileOpened(PublishedEvent):
    """A listed major disease got its one plan (大病专项救治)."""

    treatment_file_id: UUID
    person_id: UUID
    care_path_code: str
    institution_code: str | None = None
    opened_on: date


class FollowUpPlanned(PublishedEvent):
    """A follow-up task was planned (随访计划)."""

    follow_up_id: UUID
    person_id: UUID
    township: TownshipText | None = None
    team_id: UUID | None = None
    kind: str
    disease: str
    window_from: date
    window_to: date
    settlement_id: UUID | None = None


class FollowUpDone(PublishedEvent):
    """A planned follow-up was carried out (随访完成)."""

    follow_up_id: UUID
    person_id: UUID
    kind: str
    disease: str
    done_on: date
    outcome_code: str


class FollowUpOverdue(PublishedEvent):
    """A follow-up window ended without a visit (随访超期)."""

    follow_up_id: UUID
    person_id: UUID
    kind: str
    disease: str
    overdue_since: date
