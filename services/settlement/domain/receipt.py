"""What a settlement says: the hospital's answer, the trace, the frozen inputs, the event's layers (结算结果).

Room: domain of settlement. Everything here is made once and kept byte for byte.
Next hop: services/settlement/usecases/settle_discharge.py
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from common.core.money import ZERO, Money
from services.settlement.domain.accumulator import Balances
from services.settlement.domain.assessment import Assessment, Judgement
from services.settlement.domain.bill import Bill
from services.settlement.domain.calculation import ENGINE_VERSION
from services.settlement.domain.family_account import split_of
from services.settlement.domain.layer import LayerResult
from services.settlement.domain.policy import PolicyVersion
from services.settlement.domain.recognition import Recognition
from services.settlement.domain.work import Step

TRACE_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """The ids of one settlement; a preview has none."""

    settlement_id: UUID
    discharge_id: UUID
    attempt: int


def answer_of(*, assessment: Assessment, identity: Identity | None, settled_at: str | None) -> dict[str, Any]:
    """Return the answer of api.md for a settlement, or for a preview when there is no identity."""
    discharge = assessment.admitted.discharge
    outcome = outcome_of(judgement=assessment.judgement, recognition=assessment.recognition)
    if assessment.drawn is not None:
        outcome["explanation"].append({"zh": assessment.drawn.zh, "en": assessment.drawn.en})
    return {
        "settlement_id": str(identity.settlement_id) if identity else None,
        "discharge_id": str(identity.discharge_id) if identity else None,
        "attempt": identity.attempt if identity else None,
        "record_no": discharge.record_no,
        "institution_code": discharge.institution_code,
        "county": discharge.county,
        "state": "settled" if identity else "preview",
        "settled_at": settled_at,
        "person_id": str(assessment.recognition.person_id),
        **outcome,
        **(paid_back(answer=outcome) if discharge.claim else {}),
        **(_borne(assessment, outcome) if assessment.judgement.version.family_account else {}),
    }


def paid_back(*, answer: Mapping[str, Any]) -> dict[str, int]:
    """Return whom the funds' parts go to where the patient has paid everything: no hospital waits for them.

    >>> paid_back(answer={"fund_paid_fen": 700})
    {'hospital_advances_fen': 0, 'patient_receives_fen': 700}
    """
    return {"hospital_advances_fen": 0, "patient_receives_fen": answer["fund_paid_fen"]}


def _borne(assessment: Assessment, outcome: Mapping[str, Any]) -> dict[str, int]:
    """Return how the share is borne, in a county whose households have accounts."""
    return split_of(answer={**outcome, "family_account_fen": assessment.from_account.fen})


def outcome_of(*, judgement: Judgement, recognition: Recognition) -> dict[str, Any]:
    """Return the part of the answer that a judgement decides: class, policy, amounts, explanation."""
    chosen = judgement.chosen
    bill = chosen.bill
    return {
        "entitlement": {
            "benefit_class": chosen.benefit_class,
            "counting_category": recognition.counting_category,
            "categories": list(recognition.categories),
            "list_date": recognition.list_date.isoformat() if recognition.list_date else None,
            "identity_open": recognition.is_open,
        },
        "policy": policy_as_told(version=judgement.version),
        "total_fen": bill.total.fen,
        "own_expense_fen": bill.own_expense.fen,
        "over_limit_fen": bill.over_limit.fen,
        "first_self_pay_fen": bill.first_self_pay.fen,
        "in_scope_fen": bill.in_scope.fen,
        "layers": [_layer(each) for each in chosen.layers],
        "fund_paid_fen": chosen.fund_paid.fen,
        "hospital_borne_fen": chosen.hospital_borne.fen,
        "patient_pays_fen": chosen.patient_pays.fen,
        "hospital_advances_fen": chosen.fund_paid.fen,
        "explanation": [{"zh": each.zh, "en": each.en} for each in judgement.explanation],
    }


def policy_as_told(*, version: PolicyVersion) -> dict[str, str]:
    """Return which version ruled, by county, first day and digest."""
    return {"county": version.county, "version_from": version.starts_on.isoformat(), "digest": version.digest}


def trace_of(*, judgement: Judgement, categories: Collection[str], drawn: Step | None = None) -> dict[str, Any]:
    """Return every step of every class compared, with the parameters it read and their source.

    Args:
        judgement: What was paid and why.
        categories: As what the patient was settled; where the county lets one count before its first day, it is told.
        drawn: What the household's account paid of the share.
    """
    reach = {name: asdict(each) for name, each in sorted(judgement.version.reach.items()) if name in categories}
    return {
        "format": TRACE_FORMAT,
        "engine": ENGINE_VERSION,
        "policy": policy_as_told(version=judgement.version),
        "benefit_class": judgement.chosen.benefit_class,
        **({"reach": reach} if reach else {}),
        "compared": [
            {
                "benefit_class": each.benefit_class,
                "patient_pays_fen": each.patient_pays.fen,
                "preface": _steps(each.preface),
                "layers": [_traced(layer) for layer in (*each.layers, *each.borne)],
                "nothing_pays": _step(each.nothing_pays) if each.nothing_pays else None,
                "gap": {"missing_fen": each.gap.missing.fen, "step": _step(each.gap.step)} if each.gap else None,
            }
            for each in judgement.compared
        ],
        **({"family_account": _step(drawn)} if drawn else {}),
    }


def inputs_of(*, assessment: Assessment) -> dict[str, Any]:
    """Return everything the calculation saw, frozen: an outsider can recompute the settlement from it."""
    admitted, recognition = assessment.admitted, assessment.recognition
    discharge, institution = admitted.discharge, admitted.institution
    return {
        "engine": ENGINE_VERSION,
        "policy": policy_as_told(version=admitted.version),
        "institution": [
            *(institution.code, institution.level, institution.region, institution.kind, institution.is_designated)
        ],
        "visit_type": discharge.visit_type,
        "referral": discharge.referral,
        "admitted_on": discharge.admitted_on.isoformat(),
        "discharged_on": discharge.discharged_on.isoformat(),
        "diagnoses": list(discharge.diagnoses),
        "settled_on": admitted.settled_on.isoformat(),
        "born_on": assessment.stay.born_on.isoformat() if assessment.stay.born_on else None,
        "insurance": [
            *(recognition.insurance.scheme, recognition.insurance.state),
            *(recognition.insurance.insured_years, recognition.insurance.claim_free_years),
        ],
        "has_contract": discharge.has_contract,
        "third_party": discharge.third_party,
        "continuation": assessment.stay.continuation,
        **(
            {"continues": [discharge.continues.institution_code, discharge.continues.record_no]}
            if discharge.continues
            else {}
        ),
        "charged_before_fen": {name: each.fen for name, each in sorted(assessment.stay.charged_before.items())},
        "categories": list(recognition.categories),
        "counting_category": recognition.counting_category,
        "bill_fen": _bill(admitted.bill),
        "before": balances_as_told(balances=assessment.before),
        **({"corrected_by": assessment.corrected_by} if assessment.corrected_by else {}),
        "line_count": len(discharge.lines),
    }


def _bill(bill: Bill) -> dict[str, Any]:
    return {
        "total": bill.total.fen,
        "own_expense": bill.own_expense.fen,
        "over_limit": bill.over_limit.fen,
        "first_self_pay": bill.first_self_pay.fen,
        "in_scope": bill.in_scope.fen,
        "prior_relief": bill.prior_relief.fen,
        **({"items": {item: each.fen for item, each in sorted(bill.items.items())}} if bill.items else {}),
        **({"charged": {item: each.fen for item, each in sorted(bill.charged.items())}} if bill.charged else {}),
    }


def charged_of(*, answer: Mapping[str, Any]) -> dict[str, Money]:
    """Return which start lines an answered stay was charged, layer by layer."""
    charged: dict[str, Money] = {}
    for each in answer["layers"]:
        charged[each["layer"]] = charged.get(each["layer"], ZERO) + Money(each["deductible_fen"])
    return charged


def balances_as_told(*, balances: Balances) -> dict[str, list[int]]:
    """Return account -> base, deductible, paid in fen, count of stays."""
    return {
        account: [each.base.fen, each.deductible.fen, each.paid.fen, each.stay_count]
        for account, each in sorted(balances.items())
    }


def _layer(result: LayerResult) -> dict[str, Any]:
    return {
        "layer": result.layer,
        "fund": result.fund,
        "base_fen": result.base.fen,
        "deductible_fen": result.deductible.fen,
        "paid_fen": result.paid.fen,
        "steps": [{"text": step.zh, "fen": step.amount.fen} for step in result.steps],
    }


def _traced(result: LayerResult) -> dict[str, Any]:
    package = {} if result.package is None else {"package_fen": result.package.fen}
    return {**_layer(result), "rule": result.rule, "account": result.account, **package, "steps": _steps(result.steps)}


def _steps(steps: Iterable[Step]) -> list[dict[str, Any]]:
    return [_step(step) for step in steps]


def _step(step: Step) -> dict[str, Any]:
    return {
        "zh": step.zh,
        "en": step.en,
        "fen": step.amount.fen,
        "reads": [
            {
                "name": read.name,
                "value": read.value,
                "since": read.since.isoformat(),
                "source": read.source,
                "assumed": read.is_assumed,
            }
            for read in step.reads
        ],
    }
