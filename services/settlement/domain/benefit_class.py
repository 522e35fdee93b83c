"""Which benefit class (待遇类别) a patient is paid as: each candidate is calculated, the one that leaves least is kept.

Room: domain of settlement. Best class, never two at once (就高不重复; policies.md 2 E).
Next hop: services/settlement/domain/calculation.py
"""

from __future__ import annotations

from collections.abc import Collection

from services.settlement.domain.accumulator import Balances
from services.settlement.domain.bill import Bill
from services.settlement.domain.calculation import Calculation, calculate
from services.settlement.domain.policy import PolicyVersion
from services.settlement.domain.stay import Stay
from services.settlement.domain.vocabulary import ORDINARY


def candidate_classes(*, version: PolicyVersion, categories: Collection[str]) -> tuple[str, ...]:
    """Return the classes a person's categories give, in the county's order; `ordinary` when they give none."""
    held = frozenset(categories)
    found = tuple(each.name for each in version.classes if each.categories & held)
    return found or (ORDINARY,)


def best_calculation(
    *, version: PolicyVersion, stay: Stay, bill: Bill, categories: Collection[str], before: Balances
) -> tuple[Calculation, tuple[Calculation, ...]]:
    """Return the calculation with the lowest share of the patient, and all that were compared.

    Equal shares: the first class in the county's order.
    """
    compared = tuple(
        calculate(version=version, stay=stay, bill=bill, benefit_class=name, before=before)
        for name in candidate_classes(version=version, categories=categories)
    )
    return min(compared, key=lambda calculation: calculation.patient_pays), compared
