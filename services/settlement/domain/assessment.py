"""The whole judgement of one discharge: checks, policy in force, recognition, best class, explanation.

Preview and settlement both run this, so that a preview can never name another amount. Room: domain of settlement.
Next hop: services/settlement/domain/benefit_class.py
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from common.core.money import ZERO, Money
from common.core.period import Period
from services.settlement.domain.accumulator import Balances
from services.settlement.domain.benefit_class import best_calculation
from services.settlement.domain.bill import Bill, consistent_bill
from services.settlement.domain.calculation import Calculation
from services.settlement.domain.counterfactual import missed_ways
from services.settlement.domain.discharge import Discharge
from services.settlement.domain.explanation import Sentence, explanation
from services.settlement.domain.policy import CountyPolicy, Institution, LevelUnknown, PolicyVersion, policy_of
from services.settlement.domain.recognition import Recognition
from services.settlement.domain.stay import Stay, check_dates
from services.settlement.domain.vocabulary import Continuation, DecidingDay
from services.settlement.domain.work import Step


@dataclass(frozen=True, slots=True)
class Admitted:
    """A discharge that may be settled: its bill adds up, a policy is in force, the institution is listed."""

    discharge: Discharge
    version: PolicyVersion
    institution: Institution
    bill: Bill
    settled_on: date

    @property
    def status_day(self) -> date:
        """Day on which the categories must be held (待遇认定日)."""
        return day_of(self.version.days.status, discharge=self.discharge, settled_on=self.settled_on)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a stay is paid by a version, which classes were compared, and why."""

    version: PolicyVersion
    chosen: Calculation
    compared: tuple[Calculation, ...]
    explanation: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a discharge is paid, for whom, and why.

    Attributes:
        corrected_by: Number of the newest correction in the accounts before the stay (0: none).
        drawn: What the household's account pays of the patient's share (家庭账户支付); None where nothing.
    """

    admitted: Admitted
    recognition: Recognition
    stay: Stay
    before: Balances
    judgement: Judgement
    corrected_by: int = 0
    drawn: Step | None = None

    @property
    def chosen(self) -> Calculation:
        """The calculation that was kept."""
        return self.judgement.chosen

    @property
    def from_account(self) -> Money:
        """What the household's account pays."""
        return ZERO if self.drawn is None else self.drawn.amount

    @property
    def year(self) -> int:
        """The year whose accounts the stay meets (年度)."""
        return self.stay.on(self.admitted.version.days.year).year


def admit(*, discharge: Discharge, policies: Mapping[str, CountyPolicy], today: date) -> Admitted:
    """Return the discharge with the policy and the institution of its day.

    Raises:
        DatesImpossible: If discharge lies before admission or in the future.
        BillInconsistent: If the amounts contradict each other.
        CountyUnknown: If the county has no policy file.
        PolicyNotInForce: If none of its versions has begun on the day of discharge.
        InstitutionNotListed: If the county's table lacks the institution, and no claim describes it.
        LevelUnknown: If the claim describes it by a level that the county does not have.
    """
    day = discharge.discharged_on
    check_dates(admitted_on=discharge.admitted_on, discharged_on=day, today=today)
    bill = consistent_bill(stated=discharge.bill, lines=discharge.lines)
    policy = policy_of(policies=policies, county=discharge.county)
    version = policy.version_on(day=day_of(policy.version_day, discharge=discharge, settled_on=today))
    return Admitted(
        discharge=discharge,
        version=version,
        institution=_institution(policy, version, discharge),
        bill=bill,
        settled_on=today,
    )


def _institution(policy: CountyPolicy, version: PolicyVersion, discharge: Discharge) -> Institution:
    """Return the institution as listed; one that nobody listed as the claim describes it."""
    code, day = discharge.institution_code, discharge.discharged_on
    stated = None if discharge.claim is None else discharge.claim.institution
    if stated is None or policy.lists(code=code, day=day):
        return policy.institution_on(code=code, day=day)
    if stated.level not in version.levels:
        raise LevelUnknown(f"no level {stated.level}", level=stated.level, known=list(version.levels))
    return Institution(
        code, stated.name, stated.level, stated.region, stated.kind, stated.is_designated, Period(day, None)
    )


def day_of(kind: DecidingDay, *, discharge: Discharge, settled_on: date) -> date:
    """Return one of the days that may decide."""
    if kind is DecidingDay.SETTLEMENT:
        return settled_on
    return discharge.admitted_on if kind is DecidingDay.ADMISSION else discharge.discharged_on


def stay_of(*, admitted: Admitted, recognition: Recognition, charged_before: Mapping[str, Money]) -> Stay:
    """Return the stay as the calculation sees it.

    Args:
        admitted: The discharge with its policy.
        recognition: Who the patient is.
        charged_before: Layer -> start line that the stay carried on was charged.
    """
    discharge, insurance = admitted.discharge, recognition.insurance
    return Stay(
        visit_type=discharge.visit_type,
        referral=discharge.referral,
        admitted_on=discharge.admitted_on,
        discharged_on=discharge.discharged_on,
        main_diagnosis=discharge.diagnoses[0],
        institution=admitted.institution,
        scheme=insurance.scheme,
        insurance=insurance.state,
        settled_on=admitted.settled_on,
        born_on=discharge.patient.born_on,
        insured_years=insurance.insured_years,
        claim_free_years=insurance.claim_free_years,
        has_contract=discharge.has_contract,
        third_party=discharge.third_party,
        continuation=discharge.continues.kind if discharge.continues else Continuation.NONE,
        charged_before=charged_before,
    )


def assess(
    *, admitted: Admitted, recognition: Recognition, stay: Stay, before: Balances, corrected_by: int = 0
) -> Assessment:
    """Return the assessment on the year's accounts as they stand before the stay."""
    judgement = judge(
        version=admitted.version, stay=stay, bill=admitted.bill, categories=recognition.categories, before=before
    )
    return Assessment(admitted, recognition, stay, before, judgement, corrected_by)


def judge(
    *, version: PolicyVersion, stay: Stay, bill: Bill, categories: Collection[str], before: Balances
) -> Judgement:
    """Return what a stay is paid; equal arguments give equal fen, whether previewed, settled or computed again."""
    chosen, compared = best_calculation(version=version, stay=stay, bill=bill, categories=categories, before=before)
    missed = missed_ways(
        version=version, stay=stay, bill=bill, categories=categories, before=before, pays=chosen.patient_pays
    )
    told = explanation(version=version, chosen=chosen, compared=compared, missed=missed)
    return Judgement(version, chosen, compared, told)
