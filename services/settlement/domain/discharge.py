"""One discharge (出院) as a hospital sends it, and the checks that need nothing but itself.

Room: domain of settlement. Next hop: services/settlement/domain/assessment.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from common.core.citizen_number import CitizenNumber
from services.settlement.domain.bill import Bill, BillLine
from services.settlement.domain.vocabulary import (
    Continuation,
    InsuranceState,
    Referral,
    Region,
    Scheme,
    ThirdParty,
    VisitType,
)

PAID_BY_PATIENT = "patient"
"""Stands where a hospital's code stands else, for stays that their patients paid: in batches, statements, boards."""


@dataclass(frozen=True, slots=True)
class Temporary:
    """Who a newborn or somebody without papers is said to be (临时身份)."""

    birth_date: date
    sex: str
    head_number: CitizenNumber


@dataclass(frozen=True, slots=True)
class Patient:
    """The patient as the hospital names them: by number, or by a temporary identity.

    Attributes:
        township: Where an unknown person's tasks go, nine digits; None: the county desk.
    """

    name: str
    number: CitizenNumber | None
    temporary: Temporary | None
    township: str | None

    @property
    def born_on(self) -> date | None:
        """Birth date as number or temporary identity say."""
        if self.number is not None:
            return self.number.born_on
        return self.temporary.birth_date if self.temporary is not None else None


@dataclass(frozen=True, slots=True)
class Insurance:
    """Kind and state of the insurance on the day of discharge (参保信息).

    Attributes:
        insured_years: Years of insurance without a break (连续参保年数); 0 when nobody told.
        claim_free_years: Years without a payment (零报销年数); 0 when nobody told.
    """

    scheme: Scheme
    state: InsuranceState
    insured_years: int = 0
    claim_free_years: int = 0


@dataclass(frozen=True, slots=True)
class Continues:
    """The stay that this one carries on (中途结算、转院), by the record of the hospital that settled it."""

    kind: Continuation
    institution_code: str
    record_no: str


@dataclass(frozen=True, slots=True)
class StatedInstitution:
    """A hospital that no table of the county lists, as the home office describes it."""

    name: str
    level: str
    region: Region
    kind: str
    is_designated: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """The patient has paid elsewhere and claims at the home office (异地就医回乡报销): the funds owe the patient.

    Attributes:
        document: Number of the office's file with invoice and papers.
        institution: What counts where the county's table lacks the hospital.
    """

    document: str
    institution: StatedInstitution | None


@dataclass(frozen=True, slots=True)
class Discharge:
    """The whole request.

    Attributes:
        insurance: As the card read said; None leaves it to the registry.
        diagnoses: ICD-10 codes, the main one first.
        bill: As stated; None when only lines are given.
        has_contract: Whether a family doctor is contracted (家庭医生签约).
        third_party: Whether somebody else is liable for the cost (第三人责任).
        continues: The settled stay that this one carries on.
        body_hash: SHA-256 of the canonical request, by which equal bodies are known.
        claim: Where the patient paid everything and claims it now; None at a hospital's window.
    """

    record_no: str
    institution_code: str
    county: str
    patient: Patient
    insurance: Insurance | None
    visit_type: VisitType
    referral: Referral
    admitted_on: date
    discharged_on: date
    diagnoses: tuple[str, ...]
    bill: Bill | None
    lines: tuple[BillLine, ...]
    body_hash: bytes
    has_contract: bool = False
    third_party: ThirdParty = ThirdParty.NONE
    continues: Continues | None = None
    claim: Claim | None = None

    @property
    def payee(self) -> str:
        """Whom the funds owe their parts: the hospital that advanced them, or the patient."""
        return self.institution_code if self.claim is None else PAID_BY_PATIENT
