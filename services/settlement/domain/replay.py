"""A settlement is computed again from its frozen inputs (复算), as settling computed it.

Room: domain of settlement. The inputs are those that `inputs_of` froze.
Next hop: services/settlement/domain/assessment.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from common.core.money import Money
from common.core.period import Period
from services.settlement.domain.accumulator import Balance, Balances
from services.settlement.domain.benefit_class import best_calculation
from services.settlement.domain.bill import Bill
from services.settlement.domain.policy import CountyPolicy, Institution, PolicyVersion
from services.settlement.domain.stay import Stay
from services.settlement.domain.vocabulary import (
    Continuation,
    InsuranceState,
    Referral,
    Region,
    Scheme,
    ThirdParty,
    VisitType,
)

_OF_LAYER = ("layer", "fund", "base_fen", "deductible_fen", "paid_fen")


@dataclass(frozen=True, slots=True)
class Frozen:
    """Everything that a settlement read.

    Attributes:
        digest: Of the version that ruled.
        version_from: Its first day.
        before: The year's accounts before the stay.
        corrected_by: Number of the newest correction in them (0: none).
    """

    digest: str
    version_from: date
    stay: Stay
    bill: Bill
    categories: tuple[str, ...]
    before: Balances
    corrected_by: int


def frozen_of(*, inputs: Mapping[str, Any]) -> Frozen:
    """Return the frozen inputs of a settlement as the calculation takes them."""
    bill = inputs["bill_fen"]
    return Frozen(
        digest=inputs["policy"]["digest"],
        version_from=date.fromisoformat(inputs["policy"]["version_from"]),
        stay=_stay(inputs),
        bill=Bill(
            total=Money(bill["total"]),
            own_expense=Money(bill["own_expense"]),
            over_limit=Money(bill["over_limit"]),
            first_self_pay=Money(bill["first_self_pay"]),
            in_scope=Money(bill["in_scope"]),
            prior_relief=Money(bill["prior_relief"]),
            items={item: Money(fen) for item, fen in bill.get("items", {}).items()},
        ),
        categories=tuple(inputs["categories"]),
        before=balances_from(told=inputs["before"]),
        corrected_by=inputs.get("corrected_by", 0),
    )


def balances_from(*, told: Mapping[str, Sequence[int]]) -> dict[str, Balance]:
    """Return the balances frozen with a settlement or an opening: base, deductible, paid in fen, count of stays."""
    return {account: Balance(Money(b), Money(d), Money(p), n) for account, (b, d, p, n) in told.items()}


def frozen_version(*, frozen: Frozen, policies: Mapping[str, CountyPolicy], county: str) -> PolicyVersion | None:
    """Return the version that ruled; None when the county's file no longer holds it as it was."""
    policy = policies.get(county)
    versions = policy.versions if policy is not None else ()
    return next((each for each in versions if each.digest == frozen.digest), None)


def replayed_difference(
    *, inputs: Mapping[str, Any], answer: Mapping[str, Any], policies: Mapping[str, CountyPolicy], county: str
) -> str | None:
    """Return what comes out otherwise than it was answered: empty when nothing does, None when the policy is gone."""
    frozen = frozen_of(inputs=inputs)
    version = frozen_version(frozen=frozen, policies=policies, county=county)
    if version is None:
        return None
    chosen, _ = best_calculation(
        version=version, stay=frozen.stay, bill=frozen.bill, categories=frozen.categories, before=frozen.before
    )
    told = {
        "benefit_class": answer["entitlement"]["benefit_class"],
        "layers": [[each[name] for name in _OF_LAYER] for each in answer["layers"]],
        "hospital_borne_fen": answer["hospital_borne_fen"],
        "patient_pays_fen": answer["patient_pays_fen"],
    }
    now = {
        "benefit_class": chosen.benefit_class,
        "layers": [
            [each.layer, each.fund, each.base.fen, each.deductible.fen, each.paid.fen] for each in chosen.layers
        ],
        "hospital_borne_fen": chosen.hospital_borne.fen,
        "patient_pays_fen": chosen.patient_pays.fen,
    }
    return "; ".join(f"{name} was {told[name]}, is {now[name]}" for name in told if told[name] != now[name])


def _stay(inputs: Mapping[str, Any]) -> Stay:
    code, level, region, kind, is_designated = inputs["institution"]
    scheme, state, insured_years, claim_free_years = inputs["insurance"]
    discharged_on = date.fromisoformat(inputs["discharged_on"])
    return Stay(
        visit_type=VisitType(inputs["visit_type"]),
        referral=Referral(inputs["referral"]),
        admitted_on=date.fromisoformat(inputs["admitted_on"]),
        discharged_on=discharged_on,
        main_diagnosis=inputs["diagnoses"][0],
        institution=Institution(
            code, code, level, Region(region), kind, is_designated=is_designated, period=Period(discharged_on, None)
        ),
        scheme=Scheme(scheme),
        insurance=InsuranceState(state),
        settled_on=date.fromisoformat(inputs["settled_on"]),
        born_on=date.fromisoformat(inputs["born_on"]) if inputs["born_on"] else None,
        insured_years=insured_years,
        claim_free_years=claim_free_years,
        has_contract=inputs["has_contract"],
        third_party=ThirdParty(inputs["third_party"]),
        continuation=Continuation(inputs["continuation"]),
        charged_before={layer: Money(fen) for layer, fen in inputs["charged_before_fen"].items()},
    )
