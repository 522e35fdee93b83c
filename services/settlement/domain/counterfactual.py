"""What the patient would have paid had they behaved otherwise (未转诊、未签约的影响): told, never booked.

Room: domain of settlement. Next hop: services/settlement/domain/benefit_class.py
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from common.core.money import ZERO, Money
from services.settlement.domain.accumulator import Balances
from services.settlement.domain.benefit_class import best_calculation
from services.settlement.domain.bill import Bill
from services.settlement.domain.policy import PolicyVersion
from services.settlement.domain.stay import Stay
from services.settlement.domain.vocabulary import Fact, Referral

_WITHOUT_REFERRAL = frozenset({Referral.NONE, Referral.SELF_REFERRED})


@dataclass(frozen=True, slots=True)
class Missed:
    """A way of behaving that the county rewards and the patient did not take.

    Attributes:
        less: What they would have paid less, above zero.
    """

    zh: str
    en: str
    less: Money


def missed_ways(
    *, version: PolicyVersion, stay: Stay, bill: Bill, categories: Collection[str], before: Balances, pays: Money
) -> tuple[Missed, ...]:
    """Return what would have cost the patient less: a referral, a contract with a family doctor, each by itself.

    Args:
        version: In force; ways that no condition of it asks for are not tried.
        stay: As it was.
        bill: Of the stay.
        categories: What the person is recognised as.
        before: The year's accounts before the stay.
        pays: What the patient pays for the stay as it was.
    """
    found = []
    for zh, en, otherwise in _ways(version, stay):
        chosen, _ = best_calculation(version=version, stay=otherwise, bill=bill, categories=categories, before=before)
        less = pays - chosen.patient_pays
        if less > ZERO:
            found.append(Missed(f"{zh}，本次可少付 {less} 元", f"{en} you would have paid {less} less", less))
    return tuple(found)


def _ways(version: PolicyVersion, stay: Stay) -> Iterator[tuple[str, str, Stay]]:
    if Fact.REFERRAL in version.asked and stay.referral in _WITHOUT_REFERRAL:
        yield "如经基层医疗机构转诊", "with a referral", replace(stay, referral=Referral.REFERRED)
    if Fact.CONTRACT in version.asked and not stay.has_contract:
        yield "如已签约家庭医生", "with a family doctor's contract", replace(stay, has_contract=True)
