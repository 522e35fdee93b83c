"""A second calculation, written from policies.md 1.2, 1.3 and 3.8 alone: what the service's answer must agree with.

It knows nothing of the service's files and code; its figures are yuan as exact decimals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from tests.integration.settlement_api.vocabulary import BEIPIAO, RONGJIANG

D = Decimal
TILTED = ("registered_poor", "destitute", "allowance_recipient", "low_income_edge")
ORDER = {
    BEIPIAO: TILTED,
    RONGJIANG: (*TILTED[:2], "orphan", *TILTED[2:], "severely_disabled", "family_planning_household"),
}
START = {
    BEIPIAO: {"township": D(100), "county": D(300), "prefecture": D(600), "province": D(1000)},
    RONGJIANG: {"township": D(0), "county": D(200), "prefecture": D(500), "province": D(800)},
}
RATIO = {
    BEIPIAO: {"township": D("0.85"), "county": D("0.70"), "prefecture": D("0.55"), "province": D("0.45")},
    RONGJIANG: {"township": D("0.90"), "county": D("0.80"), "prefecture": D("0.65"), "province": D("0.50")},
}
CIVIL = {
    "destitute": D("0.20"),
    "orphan": D("0.20"),
    "allowance_recipient": D("0.15"),
    "registered_poor": D("0.10"),
    "family_planning_household": D("0.10"),
}
BEIPIAO_ASSISTANCE = {
    "destitute": (D(1), None),
    "allowance_recipient": (D("0.70"), D(20000)),
    "low_income_edge": (D("0.50"), D(10000)),
}
BASIC_CAP = D(150000)
PLAN = date(2016, 7, 1)


@dataclass(frozen=True, slots=True)
class Case:
    """One stay: amounts in yuan, the rest in the words of the interface."""

    county: str
    level: str
    referral: str
    visit_type: str
    is_listed_disease: bool
    discharged_on: date
    in_scope: Decimal
    prior_relief: Decimal


@dataclass(slots=True)
class SecondCalculation:
    """One person's years, stay after stay."""

    used: Counter[tuple[str, int, str]] = field(default_factory=Counter)

    def settle(self, case: Case, categories: Iterable[str]) -> tuple[str, dict[str, Decimal]]:
        """Return benefit class and what each layer pays, and book it."""
        held = [each for each in ORDER[case.county] if each in set(categories)] or ["ordinary"]
        benefit_class, layers, kept = min(
            ((each, *self._paid(case, each)) for each in held), key=lambda one: -sum(one[1].values())
        )
        for account, amount in kept.items():
            self.used[case.county, case.discharged_on.year, account] += amount
        return benefit_class, {name: paid for name, paid in layers.items() if paid}

    def _paid(self, case: Case, benefit_class: str) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        if case.visit_type != "inpatient":
            return self._outpatient(case, benefit_class)
        is_tilted = benefit_class != "ordinary" and (case.county == RONGJIANG or case.discharged_on >= PLAN)
        start, ratio = START[case.county][case.level], RATIO[case.county][case.level]
        if case.county == RONGJIANG and case.level == "province" and case.referral in {"referred", "emergency"}:
            ratio += D("0.10")
        if is_tilted:
            ratio += D("0.05") if case.county == RONGJIANG else D("0.10")
        basic = rounded(max(case.in_scope - start, D(0)) * min(ratio, D(1)))
        # Relief and all payments together never pass the total (policies.md 1.4, 12).
        room = case.in_scope - case.prior_relief
        basic = min(basic, max(BASIC_CAP - self._used(case, "basic"), D(0)), room)
        rest = case.in_scope - basic
        before = self._used(case, "critical")
        critical = rounded(_critical(case, before + rest, is_tilted) - _critical(case, before, is_tilted))
        critical = min(critical, room - basic)
        assistance = self._assistance(case, benefit_class, max(rest - critical - case.prior_relief, D(0)))
        layers = {"basic": basic, "critical_illness": critical, "medical_assistance": assistance}
        return layers, {"basic": basic, "critical": rest, "assistance": assistance}

    def _outpatient(self, case: Case, benefit_class: str) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        room = case.in_scope - case.prior_relief
        if case.county == BEIPIAO:
            return {}, {}
        if case.visit_type == "special_outpatient" and case.is_listed_disease:
            return {"basic": min(rounded(case.in_scope * D("0.80")), room)}, {}
        cap = D(400) if benefit_class == "ordinary" else D(600)
        pool = min(rounded(case.in_scope * D("0.50")), max(cap - self._used(case, "pool"), D(0)), room)
        return {"basic": pool}, {"pool": pool}

    def _assistance(self, case: Case, benefit_class: str, rest: Decimal) -> Decimal:
        if case.county == RONGJIANG:
            return min(rounded(case.in_scope * CIVIL.get(benefit_class, D(0))), rest)
        ratio, cap = BEIPIAO_ASSISTANCE.get(benefit_class, (D(0), None))
        paid = rounded(rest * ratio)
        return paid if cap is None else min(paid, max(cap - self._used(case, "assistance"), D(0)))

    def _used(self, case: Case, account: str) -> Decimal:
        return D(self.used[case.county, case.discharged_on.year, account])


def _critical(case: Case, base: Decimal, is_tilted: bool) -> Decimal:  # noqa: FBT001 - one formula, two sets of figures
    """Return F(x) of the year, exact."""
    if case.county == BEIPIAO:
        start, ratio = (D(5000), D("0.70")) if is_tilted else (D(10000), D("0.50"))
        return max(base - start, D(0)) * ratio
    bands = ((D(8000), D(30000), D("0.50")), (D(30000), D(80000), D("0.60")), (D(80000), base, D("0.70")))
    return sum((max(min(base, end) - begin, D(0)) * ratio for begin, end, ratio in bands), D(0))


def rounded(amount: Decimal) -> Decimal:
    """Return the amount to the fen, half up."""
    return amount.quantize(D("0.01"), ROUND_HALF_UP)
