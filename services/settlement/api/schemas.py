"""What a hospital sends (出院结算请求): the form of a discharge, field by field, and how it becomes the domain's.

Room: api of settlement. Next hop: services/settlement/domain/discharge.py
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from common.core.citizen_number import CitizenNumber
from common.core.money import Money
from common.kit.fields import (
    CitizenNumberField,
    CountyField,
    DayField,
    DecimalField,
    FenField,
    FlagField,
    InstitutionField,
    RatioField,
    RecordNoField,
    RequestModel,
    ShortText,
    TownshipField,
)
from services.settlement.domain.bill import Bill, BillLine, CatalogueClass
from services.settlement.domain.discharge import (
    Continues,
    Discharge,
    Insurance,
    Patient,
    Temporary,
)
from services.settlement.domain.vocabulary import (
    Continuation,
    InsuranceState,
    Referral,
    Scheme,
    ThirdParty,
    VisitType,
)

MOST_LINES = 5_000
MOST_DIAGNOSES = 50
_SCHEMES = {"resident": Scheme.RESIDENT, "employee": Scheme.EMPLOYEE, "rural_cooperative": Scheme.RURAL_COOPERATIVE}
_LATER, _LATER_OF_INSURANCE = ("contracted", "third_party", "continues"), ("insured_years", "claim_free_years")
"""Fields that came after the first release: left out of the canonical body where nobody sent them."""


def _icd10(value: object) -> object:
    return unicodedata.normalize("NFKC", value).strip().upper() if isinstance(value, str) else value


Icd10Field = Annotated[
    str,
    BeforeValidator(_icd10),
    # Insurers' own editions go on after the point (I63.900x001); two codes of one illness are marked + and *.
    Field(pattern=r"^[A-Z][0-9]{2}(\.?[0-9A-Z]{1,10})?[+*]?$", description="ICD-10, or an edition of it"),
]


YearsField = Annotated[int, Field(strict=True, ge=0, le=100, description="Whole years without a break")]


class InsuranceIn(RequestModel):
    """Insurance as the card read says."""

    scheme: Literal["rural_cooperative", "resident", "employee"]
    state: Literal["insured", "not_insured", "waiting"]
    insured_years: YearsField | None = None
    claim_free_years: YearsField | None = None

    def insurance(self) -> Insurance:
        """Return the domain's insurance; years that nobody told are none."""
        return Insurance(
            _SCHEMES[self.scheme], InsuranceState(self.state), self.insured_years or 0, self.claim_free_years or 0
        )


class TemporaryIn(RequestModel):
    """A patient without papers (新生儿、无卡患者)."""

    name: ShortText
    birth_date: DayField
    sex: Literal["male", "female"]
    head_citizen_id: CitizenNumberField


class PatientIn(RequestModel):
    """The patient: number and name, or a temporary identity."""

    citizen_id: CitizenNumberField | None = None
    name: ShortText | None = None
    temporary: TemporaryIn | None = None
    insurance: InsuranceIn | None = None
    township: TownshipField | None = None

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        if (self.citizen_id is None) != (self.name is None) or (self.citizen_id is None) == (self.temporary is None):
            raise PydanticCustomError(
                "patient_ambiguous", "a patient has either citizen_id and name, or temporary, and not both"
            )
        return self


class ReferralIn(RequestModel):
    """How the patient came."""

    kind: Literal["none", "referred", "filed", "emergency", "resident_outside", "self_referred"]


class DiagnosisIn(RequestModel):
    """One diagnosis."""

    icd10: Icd10Field
    main: FlagField = False


class ContinuesIn(RequestModel):
    """The settled stay that this one carries on (中途结算、转院)."""

    kind: Literal["mid_stay", "transfer"]
    institution_code: InstitutionField
    record_no: RecordNoField


class BillIn(RequestModel):
    """The stated quantities in fen."""

    total_fen: FenField
    own_expense_fen: FenField
    over_limit_fen: FenField
    first_self_pay_fen: FenField
    in_scope_fen: FenField
    prior_relief_fen: FenField = 0


class LineIn(RequestModel):
    """One line of the bill."""

    item_code: ShortText
    name: ShortText
    category: ShortText
    catalogue_class: Literal["A", "B", "C"]
    quantity: DecimalField
    unit_price: DecimalField
    limit_price: DecimalField | None = None
    amount_fen: FenField
    self_pay_ratio: RatioField | None = None
    occurred_on: DayField


class DischargeIn(RequestModel):
    """The main call's body."""

    record_no: RecordNoField
    institution_code: InstitutionField
    county: CountyField
    patient: PatientIn
    visit_type: Literal["inpatient", "outpatient", "special_outpatient"]
    admitted_on: DayField
    discharged_on: DayField
    referral: ReferralIn
    diagnoses: Annotated[list[DiagnosisIn], Field(min_length=1, max_length=MOST_DIAGNOSES)]
    bill: BillIn | None = None
    lines: Annotated[list[LineIn], Field(max_length=MOST_LINES, default_factory=list)]
    contracted: Annotated[FlagField | None, Field(description="Whether a family doctor is contracted")] = None
    third_party: Annotated[
        Literal["none", "liable", "absent"] | None,
        Field(description="Whether somebody else is liable; absent: liable, does not pay"),
    ] = None
    continues: ContinuesIn | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_lines_are_empty_lines(cls, value: object) -> object:
        if isinstance(value, dict) and value.get("lines", ...) is None:
            return {**value, "lines": []}
        return value

    @model_validator(mode="after")
    def _one_main_diagnosis(self) -> Self:
        if sum(each.main for each in self.diagnoses) != 1:
            raise PydanticCustomError("main_diagnosis", "exactly one diagnosis is the main one")
        return self

    def canonical(self) -> bytes:
        """Return the body in the one form that all equal bodies share, those of clients that know fewer fields too."""
        whole = self.model_dump(mode="json")
        for part, names in ((whole, _LATER), (whole["patient"]["insurance"] or {}, _LATER_OF_INSURANCE)):
            for name in names:
                if part.get(name, ...) is None:
                    del part[name]
        return json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()

    def discharge(self) -> Discharge:
        """Return the domain's discharge."""
        mains = [each.icd10 for each in self.diagnoses if each.main]
        others = [each.icd10 for each in self.diagnoses if not each.main]
        insurance = self.patient.insurance
        return Discharge(
            record_no=self.record_no,
            institution_code=self.institution_code,
            county=self.county,
            patient=_patient(self.patient),
            insurance=insurance.insurance() if insurance else None,
            visit_type=VisitType(self.visit_type),
            referral=Referral(self.referral.kind),
            admitted_on=self.admitted_on,
            discharged_on=self.discharged_on,
            diagnoses=(*mains, *others),
            bill=_bill(self.bill),
            lines=tuple(_line(each) for each in self.lines),
            body_hash=hashlib.sha256(self.canonical()).digest(),
            has_contract=self.contracted is True,
            third_party=ThirdParty(self.third_party or ThirdParty.NONE),
            continues=_continues(self.continues),
        )


class ReasonIn(RequestModel):
    """Why a settlement is undone."""

    reason: ShortText


class RecordReversalIn(RequestModel):
    """Undoing by the hospital's own record number."""

    record_no: RecordNoField
    reason: ShortText


def _patient(given: PatientIn) -> Patient:
    if given.temporary is not None:
        stated = given.temporary
        temporary = Temporary(stated.birth_date, stated.sex, CitizenNumber(stated.head_citizen_id))
        return Patient(stated.name, None, temporary, given.township)
    number = CitizenNumber(given.citizen_id or "")
    return Patient(given.name or "", number, None, given.township)


def _continues(given: ContinuesIn | None) -> Continues | None:
    if given is None:
        return None
    return Continues(Continuation(given.kind), given.institution_code, given.record_no)


def _bill(given: BillIn | None) -> Bill | None:
    if given is None:
        return None
    return Bill(
        total=Money(given.total_fen),
        own_expense=Money(given.own_expense_fen),
        over_limit=Money(given.over_limit_fen),
        first_self_pay=Money(given.first_self_pay_fen),
        in_scope=Money(given.in_scope_fen),
        prior_relief=Money(given.prior_relief_fen),
    )


def _line(given: LineIn) -> BillLine:
    occurred_on: date = given.occurred_on
    return BillLine(
        catalogue_class=CatalogueClass(given.catalogue_class),
        amount=Money(given.amount_fen),
        quantity=given.quantity,
        unit_price=given.unit_price,
        limit_price=given.limit_price,
        self_pay_ratio=given.self_pay_ratio or Decimal(0),
        occurred_on=occurred_on,
        category=given.category,
    )
