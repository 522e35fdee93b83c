"""Bodies and answers of contracts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from common.kit.fields import (
    CodeText,
    CountyField,
    DayField,
    LongText,
    RequestModel,
    ResponseModel,
    ShortText,
    TownshipField,
)
from common.kit.paging import Page
from services.contracts.domain.contract import Contract
from services.contracts.domain.follow_up import FollowUp
from services.contracts.domain.team import Team
from services.contracts.domain.visit import Outcome

ReasonText = Literal["lost", "moved_away", "died", "own_wish", "changed_team", "invoice_void", "other"]


class TeamIn(RequestModel):
    """A family-doctor team (家庭医生团队) to be opened in a township."""

    township: TownshipField
    county: CountyField | None = Field(None, description="Where given, the first six digits of the township")
    name: ShortText

    @model_validator(mode="after")
    def _township_in_county(self) -> TeamIn:
        if self.county is not None and not self.township.startswith(self.county):
            raise PydanticCustomError("township_outside_county", "the township's code begins with the county's")
        return self


class TeamOut(ResponseModel):
    """A family-doctor team."""

    team_id: UUID
    county: str
    township: str
    name: str

    @classmethod
    def of(cls, team: Team) -> TeamOut:
        """Return the answer's form of a team."""
        return cls(team_id=team.team_id, county=team.county, township=team.township, name=team.name)


class ContractIn(RequestModel):
    """A person signs with a team (签约); both days are included and cover at least one year."""

    person_id: UUID
    team_id: UUID
    package_codes: Annotated[list[CodeText], Field(max_length=20)] = Field(default_factory=list)
    valid_from: DayField
    valid_to: DayField


class ContractOut(ResponseModel):
    """A family-doctor contract."""

    contract_id: UUID
    person_id: UUID
    team_id: UUID
    county: str
    township: str | None
    package_codes: list[str]
    valid_from: date
    valid_to: date
    state: Literal["live", "ended"]
    signed_at: datetime
    ended_on: date | None
    reason_code: str | None

    @classmethod
    def of(cls, contract: Contract) -> ContractOut:
        """Return the answer's form of a contract."""
        return cls(
            contract_id=contract.contract_id,
            person_id=contract.person_id,
            team_id=contract.terms.team_id,
            county=contract.county,
            township=contract.township,
            package_codes=list(contract.terms.package_codes),
            valid_from=contract.terms.valid_from,
            valid_to=contract.terms.valid_to,
            state="ended" if contract.is_ended else "live",
            signed_at=contract.signed_at,
            ended_on=contract.ended_on,
            reason_code=contract.reason,
        )


class ContractEndIn(RequestModel):
    """A contract ends (解约) on a day, for a reason of the code list."""

    ended_on: DayField
    reason_code: ReasonText


class VisitIn(RequestModel):
    """A visit that was done (随访记录); the note stays in this service."""

    visited_on: DayField
    outcome_code: Outcome
    note: LongText | None = None


class VisitOut(ResponseModel):
    """A recorded visit."""

    visited_on: date
    outcome_code: str
    note: str | None


class FollowUpOut(ResponseModel):
    """A task of the worklist."""

    follow_up_id: UUID
    person_id: UUID
    team_id: UUID | None
    county: str
    township: str | None = Field(description="Who works on it; null is the county desk")
    disease: str
    kind: Literal["follow_up", "sign_contract", "verify"]
    rule: str
    window_from: date
    window_to: date
    state: Literal["open", "overdue", "done", "withdrawn"]
    settlement_id: UUID
    visit: VisitOut | None

    @classmethod
    def of(cls, task: FollowUp, *, day: date) -> FollowUpOut:
        """Return the answer's form of a task as it stands on a day."""
        visit = task.visit
        return cls(
            follow_up_id=task.follow_up_id,
            person_id=task.person_id,
            team_id=task.team_id,
            county=task.county,
            township=task.township,
            disease=task.disease,
            kind=task.kind.value,
            rule=task.rule,
            window_from=task.window_from,
            window_to=task.window_to,
            state=task.state_on(day=day).value,
            settlement_id=task.settlement_id,
            visit=VisitOut(visited_on=visit.visited_on, outcome_code=visit.outcome_code, note=visit.note)
            if visit
            else None,
        )


class TeamPage(Page[TeamOut]):
    """Teams in order of township and name."""


class ContractPage(Page[ContractOut]):
    """Contracts in the order of signing."""


class FollowUpPage(Page[FollowUpOut]):
    """Tasks, the one due first before the others."""
