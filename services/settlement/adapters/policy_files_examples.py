"""The worked examples in a policy file: stays settled by hand, which are the tests of the county's parameters.

Room: adapters of settlement. Next hop: services/settlement/adapters/policy_check.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from functools import partial
from typing import Any, TypeVar

from common.core.money import ZERO, Money
from services.settlement.adapters.policy_files_text import Entry
from services.settlement.domain.accumulator import Balance
from services.settlement.domain.benefit_class import best_calculation
from services.settlement.domain.bill import Bill
from services.settlement.domain.calculation import Calculation
from services.settlement.domain.family_account import account_share
from services.settlement.domain.policy import CountyPolicy, Institution, PolicyVersion
from services.settlement.domain.stay import Stay
from services.settlement.domain.vocabulary import (
    Continuation,
    DecidingDay,
    InsuranceState,
    Referral,
    Scheme,
    ThirdParty,
    VisitType,
)

EnumT = TypeVar("EnumT", bound=Enum)
_REQUIRED = ("name", "by_hand", "discharged_on", "institution", "total", "in_scope", "expect")
_OUTSIDE = ("own_expense", "over_limit", "first_self_pay")
_OPTIONAL = (
    *("visit_type", "referral", "scheme", "insurance", "categories", "diagnosis", "prior_relief", "before"),
    *("admitted_on", "settled_on", "age", "age_days", "insured_years", "claim_free_years", "contract", "third_party"),
    *("continuation", "charged_before", "items", "family_account", *_OUTSIDE),
)
LEAP_DAY = (2, 29)


@dataclass(frozen=True, slots=True)
class Example:
    """One stay with what a person worked out for it by hand (算例).

    Attributes:
        line: Where it stands in the file.
        stay: Makes the stay once the institution is known.
        decided_on: Day that chooses the version.
        in_account: What the household's account holds.
        expected: Layer -> paid; layers not named pay nothing.
        from_account: What that account pays of the patient's share.
    """

    name: str
    line: int
    institution_code: str
    stay: Callable[[Institution], Stay]
    decided_on: date
    categories: tuple[str, ...]
    bill: Bill
    before: Mapping[str, Balance]
    benefit_class: str
    expected: Mapping[str, Money]
    patient: Money
    gap: Money
    in_account: Money
    from_account: Money


def read_examples(version: Entry, version_day: DecidingDay) -> tuple[Example, ...]:
    """Return the examples of a version; there is at least one."""
    return tuple(_example(entry, version, version_day) for entry in version.entries("examples"))


def _example(entry: Entry, version: Entry, version_day: DecidingDay) -> Example:
    entry.expect(required=_REQUIRED, optional=_OPTIONAL)
    expect = entry.entry("expect").expect(required=["class", "paid", "patient"], optional=["gap", "family_account"])
    paid = expect.entry("paid")
    discharged_on = entry.text("discharged_on").day()
    days = {
        DecidingDay.DISCHARGE: discharged_on,
        DecidingDay.ADMISSION: _day(entry, "admitted_on", discharged_on),
        DecidingDay.SETTLEMENT: _day(entry, "settled_on", discharged_on),
    }
    if days[version_day] < version.text("from").day():
        entry.at("discharged_on").refuse("lies before the version begins", "move the example to the version in force")
    return Example(
        name=entry.text("name").plain(),
        line=entry.place.line,
        institution_code=entry.text("institution").plain(),
        stay=partial(_stay, _stay_values(entry, days)),
        decided_on=days[version_day],
        categories=tuple(text.plain() for text in entry.texts("categories")) if entry.has("categories") else (),
        bill=_bill(entry),
        before=_before(entry),
        benefit_class=expect.text("class").plain(),
        expected={name: paid.text(name).money() for name in paid.names()},
        patient=expect.text("patient").money(),
        gap=_money(expect, "gap"),
        in_account=_money(entry, "family_account"),
        from_account=_money(expect, "family_account"),
    )


def _money(entry: Entry, name: str) -> Money:
    return entry.text(name).money() if entry.has(name) else ZERO


def _stay_values(entry: Entry, days: Mapping[DecidingDay, date]) -> dict[str, Any]:
    admitted_on = days[DecidingDay.ADMISSION]
    charged = entry.entry("charged_before") if entry.has("charged_before") else None
    return {
        "visit_type": _member(entry, "visit_type", VisitType.INPATIENT),
        "referral": _member(entry, "referral", Referral.NONE),
        "admitted_on": admitted_on,
        "discharged_on": days[DecidingDay.DISCHARGE],
        "settled_on": days[DecidingDay.SETTLEMENT],
        "main_diagnosis": entry.text("diagnosis").plain() if entry.has("diagnosis") else "",
        "scheme": _member(entry, "scheme", Scheme.RURAL_COOPERATIVE),
        "insurance": _member(entry, "insurance", InsuranceState.INSURED),
        "born_on": _born_on(entry, admitted_on),
        "insured_years": entry.text("insured_years").count() if entry.has("insured_years") else 0,
        "claim_free_years": entry.text("claim_free_years").count() if entry.has("claim_free_years") else 0,
        "has_contract": entry.has("contract") and entry.text("contract").flag(),
        "third_party": _member(entry, "third_party", ThirdParty.NONE),
        "continuation": _member(entry, "continuation", Continuation.NONE),
        "charged_before": {name: charged.text(name).money() for name in charged.names()} if charged else {},
    }


def _born_on(entry: Entry, admitted_on: date) -> date | None:
    if entry.has("age") and entry.has("age_days"):
        entry.at("age_days").refuse("stands beside age", "keep one of the two")
    if entry.has("age_days"):
        return admitted_on - timedelta(days=entry.text("age_days").days())
    return _birthday(admitted_on, entry.text("age").count()) if entry.has("age") else None


def _birthday(on: date, age: int) -> date:
    """Return the birth date of somebody who becomes that old on a day."""
    is_leap_day = (on.month, on.day) == LEAP_DAY
    return on.replace(year=on.year - age, day=28 if is_leap_day else on.day)


def _bill(entry: Entry) -> Bill:
    """Return the bill; what is out of scope counts as own expense where the example does not split it."""
    total, in_scope = entry.text("total").money(), entry.text("in_scope").money()
    if in_scope > total:
        entry.at("in_scope").refuse("is above the total", "write the part of the total that is in scope")
    over_limit, first_self_pay = _money(entry, "over_limit"), _money(entry, "first_self_pay")
    rest = total - in_scope - over_limit - first_self_pay
    own_expense = entry.text("own_expense").money() if entry.has("own_expense") else rest
    if own_expense != rest or rest < ZERO:
        entry.at("total").refuse(
            "is not the sum of its parts", "total = in_scope + own_expense + over_limit + first_self_pay"
        )
    relief = _money(entry, "prior_relief")
    items = _items(entry, in_scope)
    return Bill(total, own_expense, over_limit, first_self_pay, in_scope, relief, items)


def _items(entry: Entry, in_scope: Money) -> Mapping[str, Money]:
    if not entry.has("items"):
        return {}
    told = entry.entry("items")
    items = {name: told.text(name).money() for name in told.names()}
    if sum(items.values(), ZERO) > in_scope:
        entry.at("items").refuse("are above in_scope", "write what of each category is in scope")
    return items


def _day(entry: Entry, name: str, otherwise: date) -> date:
    return entry.text(name).day() if entry.has(name) else otherwise


def _member(entry: Entry, name: str, otherwise: EnumT) -> EnumT:
    return entry.text(name).member(type(otherwise)) if entry.has(name) else otherwise


def _before(entry: Entry) -> dict[str, Balance]:
    if not entry.has("before"):
        return {}
    accounts = entry.entry("before")
    found = {}
    for name in accounts.names():
        each = accounts.entry(name).expect(required=[], optional=["base", "deductible", "paid", "stays"])
        base, deductible, paid = (
            each.text(part).money() if each.has(part) else ZERO for part in ("base", "deductible", "paid")
        )
        found[name] = Balance(base, deductible, paid, each.text("stays").count() if each.has("stays") else 0)
    return found


def differences(*, policy: CountyPolicy, version: PolicyVersion, example: Example) -> list[str]:
    """Return what a calculation answers differently from the hand; nothing when they agree to the fen."""
    in_force = policy.version_on(day=example.decided_on)
    if in_force is not version:
        return [f"version {in_force.starts_on} is in force on that day, move the example there"]
    stay = example.stay(policy.institution_on(code=example.institution_code, day=example.decided_on))
    chosen, _ = best_calculation(
        version=version, stay=stay, bill=example.bill, categories=example.categories, before=example.before
    )
    paid = account_share(version=version, stay=stay, chosen=chosen, before=example.before, available=example.in_account)
    found = _compared(chosen, example)
    if paid != example.from_account:
        found.append(f"the household's account pays {paid} instead of {example.from_account}")
    return found


def _stay(values: Mapping[str, Any], institution: Institution) -> Stay:
    return Stay(institution=institution, **values)


def _compared(chosen: Calculation, example: Example) -> list[str]:
    found = []
    if chosen.benefit_class != example.benefit_class:
        found.append(f"class {chosen.benefit_class} instead of {example.benefit_class}")
    paid: dict[str, Money] = {}
    for layer in (*chosen.layers, *chosen.borne):
        paid[layer.layer] = paid.get(layer.layer, ZERO) + layer.paid
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
