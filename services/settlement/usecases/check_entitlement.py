"""At admission: who is this, what do they hold, and is a deposit asked (入院身份核验、先诊疗后付费).

Room: use cases of settlement. Next hop: services/settlement/domain/recognition.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from common.core.citizen_number import CitizenNumber, name_check_of, person_id_of
from common.core.ids import PersonId, named_id
from common.core.money import ZERO
from common.kit.db import UnitOfWork
from services.settlement.adapters import persons
from services.settlement.domain.benefit_class import candidate_classes
from services.settlement.domain.bill import Bill
from services.settlement.domain.condition import Row
from services.settlement.domain.explanation import Sentence, class_label
from services.settlement.domain.policy import Institution, PolicyVersion, policy_of
from services.settlement.domain.recognition import Recognition, recognise
from services.settlement.domain.stay import Stay, facts_of
from services.settlement.domain.vocabulary import InsuranceState, Referral, VisitType
from services.settlement.usecases.assess_discharge import Rules

NO_BILL = Bill(ZERO, ZERO, ZERO, ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Admission:
    """Who stands at the counter of which hospital, insured in which county, on which China day."""

    number: CitizenNumber
    name: str
    county: str
    institution_code: str
    on: date


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What the person holds on the day, and whether a deposit (押金) is waived."""

    version: PolicyVersion
    benefit_class: str
    categories: Sequence[str]
    counting_category: str | None
    list_date: date | None
    is_open: bool
    is_deposit_waived: bool
    deposit_reason: Sentence


async def check_entitlement(uow: UnitOfWork, *, admission: Admission, rules: Rules) -> Entitlement:
    """Return what the person holds on the day.

    Raises:
        CountyUnknown: If the county has no policy file.
        PolicyNotInForce: If none of its versions has begun on the day.
        InstitutionNotListed: If the county's table lacks the institution.
        PersonDeceased: If the registry says that the person died before the day.
    """
    policy = policy_of(policies=rules.policies, county=admission.county)
    version = policy.version_on(day=admission.on)
    institution = policy.institution_on(code=admission.institution_code, day=admission.on)
    person_id = person_id_of(admission.number, person_key=rules.person_key)
    recognition = recognise(
        own_id=person_id,
        name_check=name_check_of(person_id, admission.name, person_key=rules.person_key),
        known=await persons.known_person(
            uow.connection, person_id=person_id, county=admission.county, on=admission.on, reach=version.reach
        ),
        provisional_id=PersonId(named_id("admission", admission.institution_code, person_id)),
        stated=None,
        on=admission.on,
    )
    classes = candidate_classes(version=version, categories=recognition.categories)
    is_waived, reason = _deposit(version, _stay(admission, institution, recognition), classes)
    return Entitlement(
        version=version,
        benefit_class=classes[0],
        categories=recognition.categories,
        counting_category=recognition.counting_category,
        list_date=recognition.list_date,
        is_open=recognition.is_open,
        is_deposit_waived=is_waived,
        deposit_reason=reason,
    )


def _stay(admission: Admission, institution: Institution, recognition: Recognition) -> Stay:
    """Return the stay that begins: in a bed, not yet diagnosed."""
    return Stay(
        visit_type=VisitType.INPATIENT,
        referral=Referral.NONE,
        admitted_on=admission.on,
        discharged_on=admission.on,
        main_diagnosis="",
        institution=institution,
        scheme=recognition.insurance.scheme,
        insurance=recognition.insurance.state,
    )


def _deposit(version: PolicyVersion, stay: Stay, classes: Sequence[str]) -> tuple[bool, Sentence]:
    """Return whether any class waives the deposit, and why or why not."""
    if stay.insurance is not InsuranceState.INSURED:
        return False, Sentence("当前未处于参保有效状态，需交押金", "the insurance does not pay on this day")
    for name in classes:
        row = _row(version, stay, name)
        if row is not None and row.value:
            label = class_label(version=version, name=name)
            return True, Sentence(
                f"{label}在本机构住院先诊疗后付费，免交押金{_basis(row)}",
                f"{name}: no deposit at this institution (policy since {row.origin.since})",
            )
    row = _row(version, stay, classes[0])
    label = class_label(version=version, name=classes[0])
    basis = _basis(row) if row is not None else "（政策未规定先诊疗后付费）"
    return False, Sentence(
        f"{label}在本机构住院不适用先诊疗后付费，需交押金{basis}",
        f"{classes[0]}: the county's policy waives no deposit at this institution",
    )


def _row(version: PolicyVersion, stay: Stay, benefit_class: str) -> Row[bool] | None:
    facts = facts_of(version=version, stay=stay, benefit_class=benefit_class, bill=NO_BILL, before={})
    return version.deposit_waived.find(facts)


def _basis(row: Row[bool]) -> str:
    pending = "，待确认" if row.origin.is_assumed else ""
    return f"（依据：{row.origin.source}{pending}）"
