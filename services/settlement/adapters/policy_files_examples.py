"""The worked examples in a policy file: stays settled by hand, which are the tests of the county's parameters.

Room: adapters of settlement. Next hop: services/settlement/adapters/policy_check.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TypeVar

from common.core.money import ZERO, Money
from services.settlement.adapters.policy_files_text import Entry
from services.settlement.domain.accumulator import Balance
from services.settlement.domain.benefit_class import best_calculation
from services.settlement.domain.bill import Bill
from services.settlement.domain.calculation import Calculation
from services.settlement.domain.policy import CountyPolicy, PolicyVersion
from services.settlement.domain.stay import Stay
from services.settlement.domain.vocabulary import InsuranceState, Referral, Scheme, VisitType

EnumT = TypeVar("EnumT", bound=Enum)
_REQUIRED = ("name", "by_hand", "discharged_on", "institution", "total", "in_scope", "expect")
_OPTIONAL = ("visit_type", "referral", "scheme", "insurance", "categories", "diagnosis", "prior_relief", "before")


@dataclass(frozen=True, slots=True)
class Example:
    """One stay with what a person worked out for it by hand (算例).

    Attributes:
        line: Where it stands in the file.
        expected: Layer -> paid; layers not named pay nothing.
    """

    name: str
    line: int
    discharged_on: date
    institution_code: str
    visit_type: VisitType
    referral: Referral
    scheme: Scheme
    insurance: InsuranceState
    categories: tuple[str, ...]
    diagnosis: str
    bill: Bill
    before: Mapping[str, Balance]
    benefit_class: str
    expected: Mapping[str, Money]
    patient: Money
    gap: Money


def read_examples(version: Entry) -> tuple[Example, ...]:
    """Return the examples of a version; there is at least one."""
    return tuple(_example(entry, version) for entry in version.entries("examples"))


def _example(entry: Entry, version: Entry) -> Example:
    entry.expect(required=_REQUIRED, optional=_OPTIONAL)
    expect = entry.entry("expect").expect(required=["class", "paid", "patient"], optional=["gap"])
    paid = expect.entry("paid")
    total, in_scope = entry.text("total").money(), entry.text("in_scope").money()
    if in_scope > total:
        entry.at("in_scope").refuse("is above the total", "write the part of the total that is in scope")
    relief = entry.text("prior_relief").money() if entry.has("prior_relief") else ZERO
    discharged_on = entry.text("discharged_on").day()
    if discharged_on < version.text("from").day():
        entry.at("discharged_on").refuse("lies before the version begins", "move the example to the version in force")
    return Example(
        name=entry.text("name").plain(),
        line=entry.place.line,
        discharged_on=discharged_on,
        institution_code=entry.text("institution").plain(),
        visit_type=_member(entry, "visit_type", VisitType.INPATIENT),
        referral=_member(entry, "referral", Referral.NONE),
        scheme=_member(entry, "scheme", Scheme.RURAL_COOPERATIVE),
        insurance=_member(entry, "insurance", InsuranceState.INSURED),
        categories=tuple(text.plain() for text in entry.texts("categories")) if entry.has("categories") else (),
        diagnosis=entry.text("diagnosis").plain() if entry.has("diagnosis") else "",
        bill=Bill(total, total - in_scope, ZERO, ZERO, in_scope, relief),
        before=_before(entry),
        benefit_class=expect.text("class").plain(),
        expected={name: paid.text(name).money() for name in paid.names()},
        patient=expect.text("patient").money(),
        gap=expect.text("gap").money() if expect.has("gap") else ZERO,
    )


def _member(entry: Entry, name: str, otherwise: EnumT) -> EnumT:
    return entry.text(name).member(type(otherwise)) if entry.has(name) else otherwise


def _before(entry: Entry) -> dict[str, Balance]:
    if not entry.has("before"):
        return {}
    accounts = entry.entry("before")
    found = {}
    for name in accounts.names():
        each = accounts.entry(name).expect(required=[], optional=["base", "paid"])
        base = each.text("base").money() if each.has("base") else ZERO
        paid = each.text("paid").money() if each.has("paid") else ZERO
        found[name] = Balance(base=base, paid=paid)
    return found


def differences(*, policy: CountyPolicy, version: PolicyVersion, example: Example) -> list[str]:
    """Return what a calculation answers differently from the hand; nothing when they agree to the fen."""
    in_force = policy.version_on(day=example.discharged_on)
    if in_force is not version:
        return [f"version {in_force.starts_on} is in force on that day, move the example there"]
    chosen, _ = best_calculation(
        version=version,
        stay=_stay(policy, example),
        bill=example.bill,
        categories=example.categories,
        before=example.before,
    )
    return _compared(chosen, example)


def _stay(policy: CountyPolicy, example: Example) -> Stay:
    return Stay(
        visit_type=example.visit_type,
        referral=example.referral,
        admitted_on=example.discharged_on,
        discharged_on=example.discharged_on,
        main_diagnosis=example.diagnosis,
        institution=policy.institution_on(code=example.institution_code, day=example.discharged_on),
        scheme=example.scheme,
        insurance=example.insurance,
    )


def _compared(chosen: Calculation, example: Example) -> list[str]:
    found = []
    if chosen.benefit_class != example.benefit_class:
        found.append(f"class {chosen.benefit_class} instead of {example.benefit_class}")
    paid = {layer.layer: layer.paid for layer in (*chosen.layers, *chosen.borne)}
    unknown = sorted(set(example.expected) - set(paid))
    found += [f"{name} is no layer of the version" for name in unknown]
    for name, amount in paid.items():
        if amount != example.expected.get(name, ZERO):
            found.append(f"{name} pays {amount} instead of {example.expected.get(name, ZERO)}")
    if chosen.patient_pays != example.patient:
        found.append(f"the patient pays {chosen.patient_pays} instead of {example.patient}")
    gap = chosen.gap.missing if chosen.gap is not None else ZERO
    if gap != example.gap:
        found.append(f"the gap is {gap} instead of {example.gap}")
    return found
