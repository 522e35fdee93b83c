"""One drawn case, told to the engine and to the second calculator in their own words, and where they differ."""

from dataclasses import dataclass
from datetime import date

from common.core.money import Money
from services.settlement.domain.accumulator import Balance
from services.settlement.domain.benefit_class import best_calculation
from services.settlement.domain.bill import Bill
from services.settlement.domain.stay import Stay
from services.settlement.domain.vocabulary import Continuation, InsuranceState, Referral, Scheme, ThirdParty, VisitType
from tests.second import calculator

WORDS = {"base": "base", "deductible": "deductible", "paid": "paid", "stays": "stay_count"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One stay of one person in one year: plain words and fen."""

    stay: dict
    bill: dict
    categories: list
    before: dict


def engine(policy, version, case, before=None):
    """The engine's calculation of the chosen class, on the case's own balances or on others."""
    stay = engine_stay(policy, case.stay)
    if before is None:
        before = {account: balance(each) for account, each in case.before.items()}
    bill = engine_bill(case)
    chosen, _ = best_calculation(version=version, stay=stay, bill=bill, categories=case.categories, before=before)
    return chosen


def engine_bill(case):
    parts = {part: Money(amount) for part, amount in case.bill.items() if part != "items"}
    return Bill(**parts, items={name: Money(amount) for name, amount in case.bill["items"].items()})


def engine_stay(policy, told):
    words = {
        "visit_type": VisitType,
        "referral": Referral,
        "scheme": Scheme,
        "insurance": InsuranceState,
        "third_party": ThirdParty,
        "continuation": Continuation,
    }
    same = ("admitted_on", "discharged_on", "settled_on", "born_on", "insured_years", "claim_free_years")
    return Stay(
        **{word: kind(told[word]) for word, kind in words.items()},
        **{word: told[word] for word in same},
        main_diagnosis=told["diagnosis"],
        institution=next(each for each in policy.institutions if each.code == told["institution"]),
        has_contract=told["contract"],
        charged_before={layer: Money(amount) for layer, amount in told["charged_before"].items()},
    )


def balance(told):
    money = {WORDS[word]: Money(told[word]) for word in ("base", "deductible", "paid")}
    return Balance(**money, stay_count=told["stays"])


def plain(each):
    fen = {word: getattr(each, WORDS[word]).fen for word in ("base", "deductible", "paid")}
    return fen | {"stays": each.stay_count}


def told_by(calculation):
    """The engine's calculation in the second calculator's words."""
    changes = {account: plain(each) for account, each in calculation.changes.items()}
    paid = {}
    for each in calculation.layers:
        paid[each.layer, each.fund] = paid.get((each.layer, each.fund), 0) + each.paid.fen
    return {
        "class": calculation.benefit_class,
        "paid": {place: amount for place, amount in paid.items() if amount},
        "hospital": calculation.hospital_borne.fen,
        "patient": calculation.patient_pays.fen,
        "changes": {account: each for account, each in changes.items() if any(each.values())},
    }


def differences(file, told_version, policy, version, case):
    """Word -> (engine, second) where the two say otherwise; empty when they agree."""
    first = told_by(engine(policy, version, case))
    second = calculator.answer(file, told_version, case.stay, case.bill, case.categories, case.before)
    return {word: (first[word], second[word]) for word in first if first[word] != second[word]}


def on(text):
    return date.fromisoformat(text)
