"""The national code lists (国家医保码表) in settlement's words: which code means what, and which one an answer names.

Room: domain of settlement; the values come from services/settlement/codes/national.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.settlement.domain.vocabulary import InsuranceState, Referral, Scheme, VisitType


@dataclass(frozen=True, slots=True)
class FundCode:
    """One row of the kinds of fund (基金支付类型); an empty layer or fund meets any."""

    code: str
    name: str
    layer: str
    fund: str

    def meets(self, *, layer: str, fund: str) -> bool:
        """Say whether the row names what this layer paid out of this fund."""
        return self.layer in {"", layer} and self.fund in {"", fund}


@dataclass(frozen=True, slots=True)
class CodeLists:
    """All lists that the messages need.

    Attributes:
        schemes: Code of 险种类型 -> scheme; the first of a scheme is the one that answers name.
        referrals: Code of 医疗类别, in-patient ones only -> how the patient came.
        states: State of the insurance -> code of 人员参保状态.
        categories: Category -> code and name of 人员身份类别.
        clearings: Code of 清算类别 -> the kinds of care it counts.
        results: Whether two sides agree -> code and name of 对账结果.
        funds: Kinds of fund in the order in which they are tried; the last meets all.
    """

    schemes: Mapping[str, Scheme]
    referrals: Mapping[str, Referral]
    states: Mapping[InsuranceState, str]
    categories: Mapping[str, tuple[str, str]]
    clearings: Mapping[str, frozenset[VisitType]]
    results: Mapping[bool, tuple[str, str]]
    funds: tuple[FundCode, ...]

    def insurance_code(self, scheme: Scheme) -> str:
        """Return the code of a scheme."""
        return next(code for code, meant in self.schemes.items() if meant is scheme)

    def category_code(self, category: str) -> tuple[str, str]:
        """Return code and name of a category; one without a national code keeps our own word, so none is lost."""
        return self.categories.get(category, (category, category))

    def fund_code(self, *, layer: str, fund: str) -> FundCode:
        """Return how a layer's payment out of a fund is called."""
        return next(row for row in self.funds if row.meets(layer=layer, fund=fund))
