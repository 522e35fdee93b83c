"""The family-doctor contract (家庭医生签约): at least one year, one at a time, ended once.

Room: domain of contracts. Rules after the national standard of 2018 (conventions.md 4.1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from common.core.errors import Conflict, Refused
from common.core.ids import ContractId, PersonId, TeamId, named_id
from services.contracts.domain.person import Person

LONGEST_YEARS_AHEAD = 1


class EndReason(StrEnum):
    """Why a contract ended (解约原因), after the code list of conventions.md 4.2; the last three are our own doing."""

    LOST = "lost"
    MOVED_AWAY = "moved_away"
    DIED = "died"
    OWN_WISH = "own_wish"
    CHANGED_TEAM = "changed_team"
    INVOICE_VOID = "invoice_void"
    OTHER = "other"
    EXPIRED = "expired"
    MERGED = "merged"
    PERSON_ENDED = "person_ended"


GIVEN_REASONS = frozenset(EndReason) - {EndReason.EXPIRED, EndReason.MERGED, EndReason.PERSON_ENDED}


class DatesImpossible(Refused):
    """The days contradict each other or today."""

    code = "dates_impossible"
    zh = "日期不合理"


class ContractTooShort(Refused):
    """A contract runs for at least one year."""

    code = "contract_too_short"
    zh = "签约期不得少于一年"


class ContractAlreadyLive(Conflict):
    """The person has a contract that is still running; one team at a time."""

    code = "contract_already_live"
    zh = "该人员已有有效签约"


class ContractAlreadyEnded(Conflict):
    """The contract was ended before, on another day or for another reason."""

    code = "contract_already_ended"
    zh = "签约已解除"


class PersonIsEnded(Refused):
    """The person died or left the county."""

    code = "person_ended"
    zh = "该人员已去世或迁出"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed: team, packages (服务包), first and last day."""

    team_id: TeamId
    package_codes: tuple[str, ...]
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract; `terms.valid_to` is its last day, `ended_on` the day it ended."""

    contract_id: ContractId
    person_id: PersonId
    county: str
    township: str | None
    terms: Terms
    signed_at: datetime
    ended_on: date | None = None
    reason: EndReason | None = None

    @property
    def is_ended(self) -> bool:
        """Whether it was ended, on its last day too."""
        return self.ended_on is not None

    def ran_out_by(self, *, day: date) -> bool:
        """Say whether its last day lies before a day."""
        return self.terms.valid_to < day


def running(*, contract: Contract | None, day: date) -> Contract | None:
    """Return the contract if it still runs on a day, else None; nothing is said about its first day."""
    return None if contract is None or contract.is_ended or contract.ran_out_by(day=day) else contract


def check_terms(*, terms: Terms, today: date) -> None:
    """Let only sound terms pass.

    Raises:
        DatesImpossible: If it would end before it begins, or begin more than a year from now.
        ContractTooShort: If it covers less than one year.
    """
    if terms.valid_to < terms.valid_from or terms.valid_from > _years_after(today, LONGEST_YEARS_AHEAD):
        raise DatesImpossible("a contract ends after it begins and begins within a year from today")
    # A year from 1 March ends on the last day of February; the last day itself counts.
    if terms.valid_to < _years_after(terms.valid_from, 1) - timedelta(days=1):
        raise ContractTooShort("a contract runs for at least one year")


def sign(
    *, person: Person, terms: Terms, live: Contract | None, earlier_count: int, signed_at: datetime, today: date
) -> Contract:
    """Return the contract a person signs.

    Args:
        person: Who signs.
        terms: What is agreed.
        live: The person's contract that is not ended.
        earlier_count: How many contracts the person ever had.
        signed_at: The instant of signing.
        today: Its China day.

    Raises:
        PersonIsEnded: If the person died or left.
        ContractAlreadyLive: If another contract still runs.
        DatesImpossible: See `check_terms`.
        ContractTooShort: See `check_terms`.
    """
    check_terms(terms=terms, today=today)
    if person.ended_on is not None:
        raise PersonIsEnded("the person died or left the county")
    if live is not None:
        raise ContractAlreadyLive("the person has a live contract; end it first", contract_id=str(live.contract_id))
    contract_id = ContractId(named_id("contract", person.person_id, earlier_count + 1))
    return Contract(contract_id, person.person_id, person.county, person.township, terms, signed_at)


def end(*, contract: Contract, ended_on: date, reason: EndReason, today: date) -> Contract:
    """Return the contract ended; ending it again alike changes nothing.

    Raises:
        ContractAlreadyEnded: If it was ended on another day or for another reason.
        DatesImpossible: If the day lies in the future or outside the contract.
    """
    if contract.is_ended:
        if (contract.ended_on, contract.reason) == (ended_on, reason):
            return contract
        raise ContractAlreadyEnded("the contract was ended before", ended_on=str(contract.ended_on))
    if not contract.terms.valid_from <= ended_on <= min(today, contract.terms.valid_to):
        raise DatesImpossible("a contract ends on a day it covers, not in the future")
    return replace(contract, ended_on=ended_on, reason=reason)


def end_by_rule(*, contract: Contract, on: date, reason: EndReason) -> Contract:
    """Return the contract ended by what happened elsewhere: it ran out, its person died or became another."""
    return replace(contract, ended_on=min(max(on, contract.terms.valid_from), contract.terms.valid_to), reason=reason)


def _years_after(day: date, years: int) -> date:
    """Return the same day some years later; 1 March stands for a 29 February that does not exist.

    The calendar's last years are left as they are: nothing lies behind them.
    """
    try:
        return day.replace(year=min(day.year + years, date.max.year))
    except ValueError:
        return date(day.year + years, 3, 1)
