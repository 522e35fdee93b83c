"""What a discharge asks for: visits by disease from the signed team, else a task to sign; and who the patient is.

Room: domain of contracts. Next hop: services/contracts/domain/follow_up.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.contracts.domain.contract import Contract
from services.contracts.domain.follow_up import Kind
from services.contracts.domain.follow_up_rule import RuleVersion, VisitWindow
from services.contracts.domain.person import Person
from services.contracts.domain.stay import Stay

NO_DISEASE = "none"


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A task to be filed for the person of a stay."""

    kind: Kind
    rule: str
    disease: str
    window_from: date
    window_to: date


def tasks_after(
    *, stay: Stay, person: Person, contract: Contract | None, version: RuleVersion
) -> tuple[PlannedTask, ...]:
    """Return what is to be done after a discharge, in the order of the rule file.

    A person who died or left is followed up no more. A provisional person stands for one stay: only who it is can be
    found out. Whoever has no live contract (签约) on the day of discharge is first to be signed.

    Args:
        stay: The settled discharge.
        person: Its patient as known now.
        contract: The patient's live contract, if any.
        version: Rules in force on the day of discharge.
    """
    if person.ended_on is not None or stay.is_reversed:
        return ()
    found: list[PlannedTask] = []
    if stay.identity_open:
        found.append(_task(stay, Kind.VERIFY, Kind.VERIFY.value, NO_DISEASE, version.verify))
    if stay.is_provisional or not stay.diseases:
        return tuple(found)
    if contract is None:
        found.append(_task(stay, Kind.SIGN_CONTRACT, Kind.SIGN_CONTRACT.value, NO_DISEASE, version.sign_contract))
        return tuple(found)
    return (*found, *visits_after(stay=stay, version=version, not_before=contract.terms.valid_from))


def visits_after(*, stay: Stay, version: RuleVersion, not_before: date) -> tuple[PlannedTask, ...]:
    """Return the visits of a stay's diseases whose windows are not over before a day.

    Someone who signs weeks after the discharge is visited from then on; what is past is not made up for.
    """
    tasks = [
        _task(stay, Kind.FOLLOW_UP, f"{disease}.{window.name}", disease, window)
        for disease in stay.diseases
        for window in version.visits_of(disease=disease)
    ]
    return tuple(task for task in tasks if task.window_to >= not_before)


def _task(stay: Stay, kind: Kind, rule: str, disease: str, window: VisitWindow) -> PlannedTask:
    first, last = window.dates(discharged_on=stay.discharged_on)
    return PlannedTask(kind, rule, disease, first, last)
