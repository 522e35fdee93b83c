"""The household's account for out-patient care (门诊家庭账户): yearly credits, shared by the members, carried over.

It pays out of the patient's share, as far as it reaches: the share is what it was, less of it is cash (policies.md 1.4,
identity 4; switch 2 G). It belongs to the household in which the patient lives on the day of settling.
Room: domain of settlement. Next hop: services/settlement/usecases/draw_family_account.py
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from common.core.money import ZERO, Money
from services.settlement.domain.accumulator import Balances
from services.settlement.domain.calculation import Calculation
from services.settlement.domain.condition import read_of
from services.settlement.domain.ledger import PATIENT, RECEIVABLE, JournalEntry, Posting
from services.settlement.domain.policy import CountyPolicy, FamilyAccount, PolicyVersion
from services.settlement.domain.stay import Stay, facts_of
from services.settlement.domain.vocabulary import Fund
from services.settlement.domain.work import Step

LAYER = "family_account"
KIND = "family_account"


@dataclass(frozen=True, slots=True)
class Credit:
    """What a household is credited for a year."""

    year: int
    amount: Money


@dataclass(frozen=True, slots=True)
class HouseholdAccount:
    """An account on the day it is asked.

    Attributes:
        balance: As booked.
        due: Credits of years that are not booked yet.
    """

    household_id: UUID
    balance: Money
    due: tuple[Credit, ...] = ()

    @property
    def available(self) -> Money:
        """What a member may draw."""
        return self.balance + sum((each.amount for each in self.due), ZERO)


def credits_due(
    *, policy: CountyPolicy, since_year: int, until_year: int, credited: Collection[int]
) -> tuple[Credit, ...]:
    """Return the credits of a household that are not booked yet, oldest first.

    Args:
        policy: The county's; a year's amount is that of its first version with an account that is in force in the year.
        since_year: Year in which the household became known.
        until_year: Year of today.
        credited: Years that are booked.
    """
    years = [year for year in range(since_year, until_year + 1) if year not in credited]
    amounts = ((year, _credit_of(policy, year)) for year in years)
    return tuple(Credit(year, amount) for year, amount in amounts if amount)


def _credit_of(policy: CountyPolicy, year: int) -> Money:
    for version in _versions_of(policy, year):
        if version.family_account is not None:
            return version.family_account.yearly_credit
    return ZERO


def _versions_of(policy: CountyPolicy, year: int) -> list[PolicyVersion]:
    begun = [each for each in policy.versions if each.starts_on <= date(year, 1, 1)][-1:]
    return begun + [each for each in policy.versions if date(year, 1, 1) < each.starts_on <= date(year, 12, 31)]


def account_share(
    *, version: PolicyVersion, stay: Stay, chosen: Calculation, before: Balances, available: Money
) -> Money:
    """Return what the household's account pays of the patient's share; relief already received is nobody's to pay.

    Args:
        version: That ruled.
        stay: Where, how and since when.
        chosen: What the layers paid.
        before: The year's accounts of the patient before the stay.
        available: What the account holds.
    """
    rule = version.family_account
    if rule is None or chosen.nothing_pays is not None:
        return ZERO
    facts = facts_of(version=version, stay=stay, benefit_class=chosen.benefit_class, bill=chosen.bill, before=before)
    if not rule.when.holds(facts):
        return ZERO
    return min(max(chosen.patient_pays - chosen.bill.prior_relief, ZERO), available)


def draw_step(*, rule: FamilyAccount, paid: Money, left: Money) -> Step:
    """Return the step that tells a draw."""
    return Step(
        f"门诊家庭账户支付 {paid} 元，账户余额 {left} 元",
        f"the household's account pays {paid} of the patient's share; {left} is left in it",
        paid,
        (read_of("family_account.yearly_credit", str(rule.yearly_credit), rule.origin),),
    )


def split_of(*, answer: Mapping[str, Any]) -> dict[str, int]:
    """Return how a share is borne: the account pays what it paid, never more than the share; the hospital advances it.

    >>> split_of(answer={"patient_pays_fen": 300, "fund_paid_fen": 700, "family_account_fen": 500})
    {'family_account_fen': 300, 'cash_fen': 0, 'hospital_advances_fen': 1000}
    """
    share = answer["patient_pays_fen"]
    drawn = min(answer.get("family_account_fen", 0), share)
    return {
        "family_account_fen": drawn,
        "cash_fen": share - drawn,
        "hospital_advances_fen": answer["fund_paid_fen"] + drawn,
    }


def cash_of(*, answer: Mapping[str, Any]) -> Money:
    """Return what the patient bears in cash; the whole share where no account says otherwise."""
    return Money(answer.get("cash_fen", answer["patient_pays_fen"]))


def draw_entry(*, entry_id: UUID, amount: Money) -> JournalEntry:
    """Return the entry of a draw: the account owes the hospital what the patient need not pay in cash."""
    return JournalEntry(
        entry_id, KIND, (Posting(f"{RECEIVABLE}:{Fund.FAMILY_ACCOUNT}", amount, LAYER), Posting(PATIENT, -amount))
    )


def cut_kind(ordinal: int) -> str:
    """Return the kind of the entry that gives a draw back because of a settlement's correction of that number."""
    return f"{KIND}_cut_{ordinal}"


def cut_entry(*, entry_id: UUID, kind: str, amount: Money) -> JournalEntry:
    """Return the entry by which the account gets back what a layer turned out to pay after all."""
    return draw_entry(entry_id=entry_id, amount=amount).mirrored(entry_id=entry_id, kind=kind)
