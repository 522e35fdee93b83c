"""What a calculation knows of a stay (就诊) besides its bill, and the facts it makes for the policy's conditions.

Room: domain of settlement. Next hop: services/settlement/domain/calculation.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from common.core.errors import Refused
from services.settlement.domain.condition import Facts
from services.settlement.domain.policy import Institution, PolicyVersion
from services.settlement.domain.vocabulary import NO, YES, Fact, InsuranceState, Referral, Scheme, VisitType


class DatesImpossible(Refused):
    """The dates of the stay contradict each other or the calendar."""

    code = "dates_impossible"
    zh = "日期前后矛盾"


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay or visit.

    Attributes:
        main_diagnosis: ICD-10 code (主要诊断); empty when none was given.
        institution: As the county's table lists it on the day of discharge.
        insurance: State of the insurance on that day (参保状态).
    """

    visit_type: VisitType
    referral: Referral
    admitted_on: date
    discharged_on: date
    main_diagnosis: str
    institution: Institution
    scheme: Scheme
    insurance: InsuranceState


def check_dates(*, admitted_on: date, discharged_on: date, today: date) -> None:
    """Let possible dates pass; a discharge today is allowed.

    Raises:
        DatesImpossible: If discharge lies before admission or in the future.
    """
    if discharged_on < admitted_on:
        raise DatesImpossible("discharged_on lies before admitted_on", zh="出院日期早于入院日期")
    if discharged_on > today:
        raise DatesImpossible("discharged_on lies in the future", zh="出院日期在将来")


def facts_of(*, version: PolicyVersion, stay: Stay, benefit_class: str) -> Facts:
    """Return what the conditions of a version may ask about a stay paid as one class."""
    lists = [
        each.name
        for each in version.disease_lists
        if each.period.covers(stay.discharged_on) and stay.main_diagnosis and each.has(stay.main_diagnosis)
    ]
    return {
        Fact.VISIT_TYPE: frozenset({stay.visit_type.value}),
        Fact.BENEFIT_CLASS: frozenset({benefit_class}),
        Fact.LEVEL: frozenset({stay.institution.level.value}),
        Fact.REGION: frozenset({stay.institution.region.value}),
        Fact.DESIGNATED: frozenset({YES if stay.institution.is_designated else NO}),
        Fact.REFERRAL: frozenset({stay.referral.value}),
        Fact.SCHEME: frozenset({stay.scheme.value}),
        Fact.DISEASE_LIST: frozenset(lists),
    }
