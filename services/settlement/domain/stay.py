"""What a calculation knows of a stay (就诊) besides its bill, and the facts it makes for the policy's conditions.

Room: domain of settlement. Next hop: services/settlement/domain/calculation.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from common.core.errors import Refused
from common.core.money import Money
from services.settlement.domain.accounts import StayPlace, level_account
from services.settlement.domain.accumulator import EMPTY, Balances
from services.settlement.domain.bill import Bill
from services.settlement.domain.condition import Facts
from services.settlement.domain.policy import Institution, PolicyVersion
from services.settlement.domain.vocabulary import (
    NO,
    YES,
    Continuation,
    DecidingDay,
    Fact,
    InsuranceState,
    Measure,
    Referral,
    Scheme,
    ThirdParty,
    VisitType,
)


class DatesImpossible(Refused):
    """The dates of the stay contradict each other or the calendar."""

    code = "dates_impossible"
    zh = "日期前后矛盾"


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay or visit.

    Attributes:
        settled_on: China day of the settling.
        main_diagnosis: ICD-10 code (主要诊断); empty when none was given.
        institution: As the county's table lists it on the day of discharge.
        insurance: State of the insurance on that day (参保状态).
        born_on: None when nobody told; no rule that asks for the age holds then.
        insured_years: Years of insurance without a break (连续参保年数), as the card read said.
        claim_free_years: Years without a payment (零报销年数), as the card read said.
        has_contract: Whether a family doctor is contracted (家庭医生签约).
        charged_before: Layer -> start line that the stay carried on was charged.
    """

    visit_type: VisitType
    referral: Referral
    admitted_on: date
    discharged_on: date
    main_diagnosis: str
    institution: Institution
    scheme: Scheme
    insurance: InsuranceState
    settled_on: date | None = None
    born_on: date | None = None
    insured_years: int = 0
    claim_free_years: int = 0
    has_contract: bool = False
    third_party: ThirdParty = ThirdParty.NONE
    continuation: Continuation = Continuation.NONE
    charged_before: Mapping[str, Money] = field(default_factory=dict)

    def on(self, day: DecidingDay) -> date:
        """Return one of the days that may decide; a trial that was not settled takes the discharge day."""
        if day is DecidingDay.ADMISSION:
            return self.admitted_on
        if day is DecidingDay.SETTLEMENT:
            return self.settled_on or self.discharged_on
        return self.discharged_on

    def age_days_on(self, day: DecidingDay) -> int | None:
        """Return the age in days (日龄) on a deciding day; the day of birth is 0."""
        return None if self.born_on is None else (self.on(day) - self.born_on).days

    @property
    def days(self) -> int:
        """Length of the stay in days (住院天数); in and out on one day is 1."""
        return max((self.discharged_on - self.admitted_on).days, 1)

    def age_on(self, day: DecidingDay) -> int | None:
        """Return the age in full years on a deciding day."""
        if self.born_on is None:
            return None
        on, born = self.on(day), self.born_on
        return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def check_dates(*, admitted_on: date, discharged_on: date, today: date) -> None:
    """Let possible dates pass; a discharge today is allowed.

    Raises:
        DatesImpossible: If discharge lies before admission or in the future.
    """
    if discharged_on < admitted_on:
        raise DatesImpossible("discharged_on lies before admitted_on", zh="出院日期早于入院日期")
    if discharged_on > today:
        raise DatesImpossible("discharged_on lies in the future", zh="出院日期在将来")


def place_of(*, version: PolicyVersion, stay: Stay) -> StayPlace:
    """Return the parts of yearly accounts the stay belongs to."""
    institution, month = stay.institution, stay.on(version.days.year).month
    return StayPlace(institution.code, institution.level, month, tuple(_lists(version, stay)))


def facts_of(*, version: PolicyVersion, stay: Stay, benefit_class: str, bill: Bill, before: Balances) -> Facts:
    """Return what the conditions of a version may ask about a stay paid as one class."""
    institution = stay.institution
    words = {
        Fact.VISIT_TYPE: frozenset({stay.visit_type.value}),
        Fact.BENEFIT_CLASS: frozenset({benefit_class}),
        Fact.LEVEL: frozenset({institution.level}),
        Fact.REGION: frozenset({institution.region.value}),
        Fact.KIND: frozenset({institution.kind}),
        Fact.INSTITUTION: frozenset({institution.code}),
        Fact.DESIGNATED: frozenset({YES if institution.is_designated else NO}),
        Fact.REFERRAL: frozenset({stay.referral.value}),
        Fact.SCHEME: frozenset({stay.scheme.value}),
        Fact.DISEASE_LIST: frozenset(_lists(version, stay)),
        Fact.CONTRACT: frozenset({YES if stay.has_contract else NO}),
        Fact.CONTINUATION: frozenset({stay.continuation.value}),
        Fact.THIRD_PARTY: frozenset({stay.third_party.value}),
        Fact.PAID_BY: frozenset[str](),
    }
    numbers = {
        Measure.INSURED_YEARS: stay.insured_years,
        Measure.CLAIM_FREE_YEARS: stay.claim_free_years,
        Measure.STAY_DAYS: stay.days,
        Measure.TOTAL: bill.total.fen,
        Measure.IN_SCOPE: bill.in_scope.fen,
        Measure.REST_IN_SCOPE: bill.in_scope.fen,
        Measure.REST: bill.total.fen,
    }
    age = stay.age_on(version.days.age)
    age_days = stay.age_days_on(version.days.age)
    if age is not None and age_days is not None:
        numbers |= {Measure.AGE: age, Measure.AGE_DAYS: age_days}
    if version.counts_stays:
        _count_stays(version, stay, before, words, numbers)
    return Facts(words, numbers)


def _count_stays(
    version: PolicyVersion,
    stay: Stay,
    before: Balances,
    words: dict[Fact, frozenset[str]],
    numbers: dict[Measure, int],
) -> None:
    """Tell the how-manieth stay of the year this is, and the highest level used (最高就诊级别)."""
    whole, level, hospital = place_of(version=version, stay=stay).stay_accounts()
    numbers[Measure.STAY] = before.get(whole, EMPTY).stay_count + 1
    numbers[Measure.STAY_AT_LEVEL] = before.get(level, EMPTY).stay_count + 1
    numbers[Measure.STAY_AT_HOSPITAL] = before.get(hospital, EMPTY).stay_count + 1
    used = [name for name in version.levels if before.get(level_account(name), EMPTY).stay_count]
    highest = max([*used, stay.institution.level], key=version.levels.index)
    words[Fact.HIGHEST_LEVEL] = frozenset({highest})


def _lists(version: PolicyVersion, stay: Stay) -> list[str]:
    if not stay.main_diagnosis:
        return []
    age = stay.age_on(version.days.age)
    return [
        each.name
        for each in version.disease_lists
        if each.period.covers(stay.discharged_on) and each.has(stay.main_diagnosis, age=age)
    ]
