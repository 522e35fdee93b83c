"""The whole judgement of one discharge: checks, policy in force, recognition, best class, explanation.

Preview and settlement both run this, so that a preview can never name another amount. Room: domain of settlement.
Next hop: services/settlement/domain/benefit_class.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.settlement.domain.accumulator import Balances
from services.settlement.domain.benefit_class import best_calculation
from services.settlement.domain.bill import Bill, consistent_bill
from services.settlement.domain.calculation import Calculation
from services.settlement.domain.discharge import Discharge
from services.settlement.domain.explanation import Sentence, explanation
from services.settlement.domain.policy import CountyPolicy, Institution, PolicyVersion, policy_of
from services.settlement.domain.recognition import Recognition
from services.settlement.domain.stay import Stay, check_dates


@dataclass(frozen=True, slots=True)
class Admitted:
    """A discharge that may be settled: its bill adds up, a policy is in force, the institution is listed."""

    discharge: Discharge
    version: PolicyVersion
    institution: Institution
    bill: Bill

    @property
    def year(self) -> int:
        """The year whose accumulators the stay meets (年度): that of the discharge day."""
        return self.discharge.discharged_on.year


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a discharge is paid, for whom, and why."""

    admitted: Admitted
    recognition: Recognition
    before: Balances
    chosen: Calculation
    compared: tuple[Calculation, ...]
    explanation: tuple[Sentence, ...]


def admit(*, discharge: Discharge, policies: Mapping[str, CountyPolicy], today: date) -> Admitted:
    """Return the discharge with the policy and the institution of its day.

    Raises:
        DatesImpossible: If discharge lies before admission or in the future.
        BillInconsistent: If the amounts contradict each other.
        CountyUnknown: If the county has no policy file.
        PolicyNotInForce: If none of its versions has begun on the day of discharge.
        InstitutionNotListed: If the county's table lacks the institution.
    """
    day = discharge.discharged_on
    check_dates(admitted_on=discharge.admitted_on, discharged_on=day, today=today)
    bill = consistent_bill(stated=discharge.bill, lines=discharge.lines)
    policy = policy_of(policies=policies, county=discharge.county)
    return Admitted(
        discharge=discharge,
        version=policy.version_on(day=day),
        institution=policy.institution_on(code=discharge.institution_code, day=day),
        bill=bill,
    )


def assess(*, admitted: Admitted, recognition: Recognition, before: Balances) -> Assessment:
    """Return the assessment on the year's accounts as they stand before the stay."""
    discharge = admitted.discharge
    stay = Stay(
        visit_type=discharge.visit_type,
        referral=discharge.referral,
        admitted_on=discharge.admitted_on,
        discharged_on=discharge.discharged_on,
        main_diagnosis=discharge.diagnoses[0],
        institution=admitted.institution,
        scheme=recognition.insurance.scheme,
        insurance=recognition.insurance.state,
    )
    chosen, compared = best_calculation(
        version=admitted.version, stay=stay, bill=admitted.bill, categories=recognition.categories, before=before
    )
    told = explanation(version=admitted.version, chosen=chosen, compared=compared)
    return Assessment(admitted, recognition, before, chosen, compared, told)
