"""The payment chain (待遇计算): layer after layer, each meeting what the ones before left, rounded half up to the fen.

Preview, settlement and replay all run this. Room: domain of settlement. Formulas: policies.md 1.2 and 1.3.
Next hop: services/settlement/domain/layer.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from common.core.money import ZERO, Money, round_half_up
from services.settlement.domain.accumulator import Balance, Balances
from services.settlement.domain.bill import Bill
from services.settlement.domain.condition import Facts, percent, read_of
from services.settlement.domain.layer import LayerResult, added, layer_results, unpaid
from services.settlement.domain.policy import PolicyVersion
from services.settlement.domain.stay import Stay, facts_of, place_of
from services.settlement.domain.vocabulary import Fund, InsuranceState, Measure, VisitType
from services.settlement.domain.work import LayerCase, Step

ENGINE_VERSION = "1"
_NOT_PAYING: Mapping[InsuranceState, tuple[str, str]] = {
    InsuranceState.NOT_INSURED: ("患者未参保，各项待遇均不支付", "the patient is not insured, so no layer pays"),
    InsuranceState.WAITING: (
        "患者在等待期内，各项待遇均不支付",
        "the patient is in the waiting period, so no layer pays",
    ),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A stay whose real ratio stays below the county's target (个案处理): the amount missing, decided elsewhere."""

    missing: Money
    step: Step


@dataclass(frozen=True, slots=True)
class Calculation:
    """What one stay is paid as one benefit class.

    Attributes:
        layers: Every layer of the county in payer order, those that pay nothing included; once for every fund it pays
            from.
        borne: What the hospital bears itself (医院减免); never among the layers.
        preface: What happened to the bill before the first layer.
        changes: What the stay adds to the yearly accounts.
        nothing_pays: Why no layer pays at all; None when layers may pay.
    """

    benefit_class: str
    bill: Bill
    layers: tuple[LayerResult, ...]
    borne: tuple[LayerResult, ...]
    changes: Balances
    preface: tuple[Step, ...] = ()
    nothing_pays: Step | None = None
    gap: Gap | None = None

    @property
    def fund_paid(self) -> Money:
        """All that funds pay (基金支付总额)."""
        return sum((layer.paid for layer in self.layers), ZERO)

    @property
    def hospital_borne(self) -> Money:
        """All that the hospital bears (医院负担)."""
        return sum((layer.paid for layer in self.borne), ZERO)

    @property
    def patient_pays(self) -> Money:
        """What is left for the patient (个人负担), relief already received included."""
        return self.bill.total - self.fund_paid - self.hospital_borne


def calculate(*, version: PolicyVersion, stay: Stay, bill: Bill, benefit_class: str, before: Balances) -> Calculation:
    """Return what a stay is paid when its patient counts as the given class.

    Args:
        version: In force on the day that chooses it.
        stay: Where, how and since when.
        bill: Consistent quantities.
        benefit_class: One of the version's classes, or `ordinary`.
        before: The year's accounts before this stay; an absent account is empty.
    """
    facts = facts_of(version=version, stay=stay, benefit_class=benefit_class, bill=bill, before=before)
    refusal = _refusal(version, stay, facts)
    if refusal is not None:
        nothing = [unpaid(layer=layer, facts=facts, step=refusal) for layer in version.layers]
        return _calculation(benefit_class, bill, nothing, {}, nothing_pays=refusal)
    bill, preface = _after_first_share(version, facts, bill)
    case = _case(version, stay, facts, bill, before)
    results: list[LayerResult] = []
    for layer in version.layers:
        results += layer_results(layer=layer, case=case, earlier=results)
    changes = added([result.changes for result in results])
    if version.counts_stays and stay.visit_type is VisitType.INPATIENT:
        changes |= {account: Balance(stay_count=1) for account in case.place.stay_accounts()}
    return _with_gap(_calculation(benefit_class, bill, results, changes, preface=preface), case, version)


def _calculation(
    benefit_class: str,
    bill: Bill,
    results: Sequence[LayerResult],
    changes: Balances,
    *,
    preface: tuple[Step, ...] = (),
    nothing_pays: Step | None = None,
) -> Calculation:
    return Calculation(
        benefit_class=benefit_class,
        bill=bill,
        layers=tuple(each for each in results if each.fund != Fund.HOSPITAL),
        borne=tuple(each for each in results if each.fund == Fund.HOSPITAL),
        changes=changes,
        preface=preface,
        nothing_pays=nothing_pays,
    )


def _case(version: PolicyVersion, stay: Stay, facts: Facts, bill: Bill, before: Balances) -> LayerCase:
    return LayerCase(
        facts=facts.having({}, {Measure.IN_SCOPE: bill.in_scope.fen}),
        bill=bill,
        before=before,
        figures={each.name: each for each in version.figures if each.period.covers(stay.discharged_on)},
        place=place_of(version=version, stay=stay),
        continued=stay.continuation,
        charged_before=stay.charged_before,
    )


def _after_first_share(version: PolicyVersion, facts: Facts, bill: Bill) -> tuple[Bill, tuple[Step, ...]]:
    """Return the bill after the first share for going outside (转外先行自付) has left the scope."""
    row = version.first_share.find(facts)
    if row is None:
        return bill, ()
    share = round_half_up(bill.in_scope.fen * row.value)
    step = Step(
        f"转外先行自付 {percent(row.value)}，{share} 元不进入报销范围",
        f"{percent(row.value)} of the cost in scope is first self-pay: {share}",
        share,
        (version.first_share.as_read(row),),
    )
    return bill.with_first_self_pay(row.value), (step,)


def _refusal(version: PolicyVersion, stay: Stay, facts: Facts) -> Step | None:
    """Return why nothing is paid: no insurance, or an exclusion of the county."""
    if stay.insurance in _NOT_PAYING:
        zh, en = _NOT_PAYING[stay.insurance]
        return Step(zh, en, ZERO)
    for exclusion in version.exclusions:
        if exclusion.when.holds(facts):
            return Step(exclusion.zh, exclusion.en, ZERO, (read_of("exclusion", exclusion.en, exclusion.origin),))
    return None


def _with_gap(calculation: Calculation, case: LayerCase, version: PolicyVersion) -> Calculation:
    """Return the calculation with its gap to the county's target ratio of the total, where there is one."""
    row = version.gap_target.find(case.facts)
    if row is None:
        return calculation
    missing = round_half_up(calculation.bill.total.fen * row.value) - calculation.fund_paid - calculation.hospital_borne
    if missing <= ZERO:
        return calculation
    step = Step(
        f"实际补偿比低于 {percent(row.value)}，差额 {missing} 元转个案处理，本次不支付",
        f"the real ratio is below {percent(row.value)}: {missing} yuan go to a case-by-case decision, not paid now",
        missing,
        (version.gap_target.as_read(row),),
    )
    return replace(calculation, gap=Gap(missing, step))
