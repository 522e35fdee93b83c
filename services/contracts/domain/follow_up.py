"""The follow-up task (随访任务) and what may become of it: open, done, withdrawn; overdue is a matter of the day.

Room: domain of contracts. Next hop: services/contracts/domain/visit.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from common.core.ids import FollowUpId, PersonId, SettlementId, TeamId, named_id


class Kind(StrEnum):
    """What a task asks for: a visit (随访), a contract (签约), or who the patient is (身份核实)."""

    FOLLOW_UP = "follow_up"
    SIGN_CONTRACT = "sign_contract"
    VERIFY = "verify"


class State(StrEnum):
    """How a task stands."""

    OPEN = "open"
    OVERDUE = "overdue"
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Visit:
    """What was done (随访记录): the day, the outcome's code, and a note that never leaves this service."""

    visited_on: date
    outcome_code: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One task.

    Attributes:
        township: Who works on it; None is the county desk. A closed task keeps the township that closed it.
        rule: `<disease>.<visit>`, `sign_contract` or `verify`; one live task per person, rule and last day.
        settlement_id: The settlement that asked for it first.
        closed: Why no more work is to be done; None while it is open.
    """

    follow_up_id: FollowUpId
    person_id: PersonId
    county: str
    township: str | None
    team_id: TeamId | None
    kind: Kind
    rule: str
    disease: str
    window_from: date
    window_to: date
    settlement_id: SettlementId
    discharged_on: date
    planned_at: datetime
    closed: State | None = None
    visit: Visit | None = None

    def state_on(self, *, day: date) -> State:
        """Return the state on a day: an open task is overdue (超期) from the day after its window."""
        if self.closed is not None:
            return self.closed
        return State.OVERDUE if day > self.window_to else State.OPEN


def follow_up_id_of(*, settlement_id: SettlementId, rule: str, window_to: date) -> FollowUpId:
    """Return the id of the task a settlement asks for: a repeat makes the same one, a later settlement another."""
    return FollowUpId(named_id("follow_up", settlement_id, rule, window_to))
