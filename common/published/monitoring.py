"""Facts told by monitoring: alerts and cases."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from common.published.base import Fen, PublishedEvent, TownshipText


class AlertRaised(PublishedEvent):
    """A household's own share crossed the county's warning line (风险预警)."""

    alert_id: UUID
    household_id: UUID | None = Field(default=None, description="None for a person whose household is unknown")
    subject_id: UUID = Field(description="The household, or the person where no household is known")
    person_id: UUID
    township: TownshipText | None = None
    rule: str
    window_from: date
    window_to: date
    amount_fen: Fen
    line_fen: Fen
    settlement_id: UUID


class CaseOpened(PublishedEvent):
    """A verified alert became a case (立案)."""

    case_id: UUID
    household_id: UUID
    alert_id: UUID
    opened_on: date


class CaseDecided(PublishedEvent):
    """The verdict on a case (个案裁定)."""

    case_id: UUID
    household_id: UUID
    verdict_code: str
    decided_on: date
