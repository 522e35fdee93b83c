"""What a settlement says: the hospital's answer, the trace, the frozen inputs, the event's layers (结算结果).

Room: domain of settlement. Everything here is made once and kept byte for byte.
Next hop: services/settlement/usecases/settle_discharge.py
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.settlement.domain.accumulator import Balances
from services.settlement.domain.assessment import Assessment
from services.settlement.domain.calculation import ENGINE_VERSION
from services.settlement.domain.layer import LayerResult, Step
from services.settlement.domain.policy import PolicyVersion

TRACE_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Identity:
    """The ids of one settlement; a preview has none."""

    settlement_id: UUID
    discharge_id: UUID
    attempt: int


def answer_of(*, assessment: Assessment, identity: Identity | None, settled_at: str | None) -> dict[str, Any]:
    """Return the answer of api.md for a settlement, or for a preview when there is no identity."""
    discharge, chosen = assessment.admitted.discharge, assessment.chosen
    bill = chosen.bill
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
        "entitlement": entitlement_of(assessment=assessment),
        "policy": policy_as_told(version=assessment.admitted.version),
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
        "explanation": [{"zh": each.zh, "en": each.en} for each in assessment.explanation],
    }


def entitlement_of(*, assessment: Assessment) -> dict[str, Any]:
    """Return under which class and categories the stay was settled."""
    recognition = assessment.recognition
    return {
        "benefit_class": assessment.chosen.benefit_class,
        "counting_category": recognition.counting_category,
        "categories": list(recognition.categories),
        "list_date": recognition.list_date.isoformat() if recognition.list_date else None,
        "identity_open": recognition.is_open,
    }


def policy_as_told(*, version: PolicyVersion) -> dict[str, str]:
    """Return which version ruled, by county, first day and digest."""
    return {"county": version.county, "version_from": version.starts_on.isoformat(), "digest": version.digest}


def trace_of(*, assessment: Assessment) -> dict[str, Any]:
    """Return every step of every class compared, with the parameters it read and their source."""
    return {
        "format": TRACE_FORMAT,
        "engine": ENGINE_VERSION,
        "policy": policy_as_told(version=assessment.admitted.version),
        "benefit_class": assessment.chosen.benefit_class,
        "compared": [
            {
                "benefit_class": each.benefit_class,
                "patient_pays_fen": each.patient_pays.fen,
                "layers": [_traced(layer) for layer in (*each.layers, *each.borne)],
                "nothing_pays": _step(each.nothing_pays) if each.nothing_pays else None,
                "gap": {"missing_fen": each.gap.missing.fen, "step": _step(each.gap.step)} if each.gap else None,
            }
            for each in assessment.compared
        ],
    }


def inputs_of(*, assessment: Assessment) -> dict[str, Any]:
    """Return everything the calculation saw, frozen: an outsider can recompute the settlement from it."""
    admitted, recognition = assessment.admitted, assessment.recognition
    discharge, bill, institution = admitted.discharge, admitted.bill, admitted.institution
    return {
        "engine": ENGINE_VERSION,
        "policy": policy_as_told(version=admitted.version),
        "institution": [institution.code, institution.level, institution.region, institution.is_designated],
        "visit_type": discharge.visit_type,
        "referral": discharge.referral,
        "admitted_on": discharge.admitted_on.isoformat(),
        "discharged_on": discharge.discharged_on.isoformat(),
        "diagnoses": list(discharge.diagnoses),
        "insurance": [recognition.insurance.scheme, recognition.insurance.state],
        "categories": list(recognition.categories),
        "counting_category": recognition.counting_category,
        "bill_fen": {
            "total": bill.total.fen,
            "own_expense": bill.own_expense.fen,
            "over_limit": bill.over_limit.fen,
            "first_self_pay": bill.first_self_pay.fen,
            "in_scope": bill.in_scope.fen,
            "prior_relief": bill.prior_relief.fen,
        },
        "before": balances_as_told(balances=assessment.before),
        "line_count": len(discharge.lines),
    }


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
    return {**_layer(result), "rule": result.rule, "account": result.account, "steps": _steps(result.steps)}


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
