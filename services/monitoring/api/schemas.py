"""Answers of monitoring."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from common.kit.fields import ResponseModel
from common.kit.paging import Page
from services.monitoring.domain.alert import Alert


class AlertOut(ResponseModel):
    """An alert (风险预警)."""

    alert_id: UUID
    household_id: UUID | None = Field(description="Null for a person whose household is unknown")
    person_id: UUID = Field(description="Whose stay brought the sum to the line")
    county: str
    township: str | None = Field(description="The head's township; null is the county desk")
    rule: str
    window_from: date
    window_to: date = Field(description="The day of discharge on which the line was crossed")
    amount_fen: int
    line_fen: int
    raised_at: datetime
    state: Literal["open", "withdrawn"]
    reason: Literal["fell_below", "corrected"] | None = Field(description="Why it was withdrawn")
    settlement_id: UUID

    @classmethod
    def of(cls, alert: Alert) -> AlertOut:
        """Return the answer's form of an alert."""
        return cls(
            alert_id=alert.alert_id,
            household_id=alert.household_id,
            person_id=alert.person_id,
            county=alert.county,
            township=alert.township,
            rule=alert.rule,
            window_from=alert.window_from,
            window_to=alert.window_to,
            amount_fen=alert.amount_fen,
            line_fen=alert.line_fen,
            raised_at=alert.raised_at,
            state=alert.state.value,
            reason=alert.reason.value if alert.reason else None,
            settlement_id=alert.settlement_id,
        )


class AlertPage(Page[AlertOut]):
    """Alerts, the newest first."""
