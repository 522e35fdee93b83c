"""A stay as the national messages tell it (入院办理、出院办理), and the discharge that settlement makes of it.

The record number is the stay's `mdtrt_id`: hospitals give one 住院号 to all stays of a patient
(docs/decisions/0014-the-national-interface.md). Room: domain of settlement.
Next hop: services/settlement/domain/discharge.py
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from common.core.errors import Conflict, Refused
from services.settlement.domain.bill import Bill
from services.settlement.domain.discharge import Discharge, Insurance
from services.settlement.domain.his_codes import CodeLists
from services.settlement.domain.his_node import FieldWrong, Node
from services.settlement.domain.his_person import NamedPatient
from services.settlement.domain.vocabulary import VisitType

ADMITTED, DISCHARGED, CANCELLED = "admitted", "discharged", "cancelled"
MOST_DIAGNOSES = 50
_ICD10 = re.compile(r"[A-Z][0-9]{2}(\.?[0-9A-Z]{1,10})?[+*]?")
_WESTERN = frozenset({"", "1"})
_ORDINARY_WAY = frozenset({"", "01"})
_NO = frozenset({"", "0"})


class StayOutOfOrder(Conflict):
    """The stay is not where this transaction needs it to be."""

    code = "his_stay_out_of_order"
    zh = "就诊登记的状态不允许该交易"


class DiagnosesWrong(Refused):
    """The diagnoses of the discharge are none, have no single main one, or hold what is no ICD-10 code."""

    code = "his_diagnoses_wrong"
    zh = "出院诊断不正确"


class NotServed(Refused):
    """The transaction asks for something that this interface does not do."""

    code = "his_not_served"
    zh = "暂不支持"


@dataclass(frozen=True, slots=True)
class HisStay:
    """One stay between its admission and its settlement.

    Attributes:
        mdtrt_id: 就诊ID, made by us.
        psn_no: 人员编号, as 1101 gave it.
        ipt_no: 住院号, the hospital's own.
        county: 参保地.
        insutype: 险种类型, as stated at admission.
        med_type: 医疗类别.
        mdtrt_cert_type: 就诊凭证类型.
        diagnoses: ICD-10, the main one first; none before the discharge is told.
    """

    mdtrt_id: str
    institution_code: str
    psn_no: str
    ipt_no: str
    county: str
    insutype: str
    med_type: str
    mdtrt_cert_type: str
    admitted_on: date
    discharged_on: date | None
    diagnoses: tuple[str, ...]
    patient: NamedPatient
    state: str

    def ended_on(self) -> date:
        """Return the day of discharge of a stay that may be settled.

        Raises:
            StayOutOfOrder: If the admission was taken back, or no discharge was told.
        """
        if self.state == CANCELLED:
            raise StayOutOfOrder("the admission was taken back", zh="入院登记已冲正，请重新办理入院")
        if self.discharged_on is None:
            raise StayOutOfOrder("no discharge was told", zh="尚未办理出院登记（2402），不能结算")
        return self.discharged_on


def diagnoses_of(*, rows: Sequence[Node]) -> tuple[str, ...]:
    """Return the ICD-10 codes of a discharge, the main one first; traditional Chinese diagnoses are passed over.

    Raises:
        DiagnosesWrong: If not exactly one is the main one, there are too many, or a code is no ICD-10.
    """
    western = [row for row in rows if row.optional("diag_type") in _WESTERN]
    mains = [row for row in western if row.text("maindiag_flag") == "1"]
    if len(mains) != 1:
        raise DiagnosesWrong("not exactly one main diagnosis", zh="主诊断须有且只能有一条")
    if len(western) > MOST_DIAGNOSES:
        raise DiagnosesWrong(f"more than {MOST_DIAGNOSES} diagnoses", zh=f"诊断超过 {MOST_DIAGNOSES} 条")
    others = [row for row in western if row is not mains[0]]
    return tuple(_icd10(row) for row in (*mains, *others))


def _icd10(row: Node) -> str:
    code = unicodedata.normalize("NFKC", row.text("diag_code")).strip().upper()
    if not _ICD10.fullmatch(code):
        raise DiagnosesWrong("a diagnosis is no ICD-10 code", zh=f"{row.place}.diag_code 不是 ICD-10 编码")
    return code


def check_kind(*, node: Node, codes: CodeLists) -> None:
    """Let an admission pass whose kind of care and of insurance we know.

    Raises:
        NotServed: If either code is none of ours.
    """
    if node.text("med_type") not in codes.referrals:
        raise NotServed("med_type is not an in-patient one of the list", zh=f"不支持的医疗类别 {node.text('med_type')}")
    if node.text("insutype") not in codes.schemes:
        raise NotServed("insutype is not in the list", zh=f"不支持的险种类型 {node.text('insutype')}")


def check_person(*, node: Node, stay: HisStay, insured_in: str) -> None:
    """Let a message pass that names the stay's own person, county, and insurance where it names one.

    Raises:
        FieldWrong: If any of them is another.
    """
    if node.text("psn_no") != stay.psn_no:
        raise FieldWrong("psn_no is not the stay's", zh="人员编号与就诊登记不一致")
    if insured_in != stay.county:
        raise FieldWrong("insuplc_admdvs is not the stay's", zh="参保地医保区划 insuplc_admdvs 与入院登记不一致")
    if node.optional("insutype") not in {"", stay.insutype}:
        raise FieldWrong("insutype is not the stay's", zh="险种类型与入院登记不一致")


def check_way(*, node: Node, stay: HisStay) -> None:
    """Let a settlement pass that asks for nothing beyond an ordinary one at the end of the stay.

    Raises:
        NotServed: If it is one in mid-stay, or by another way of settling.
        FieldWrong: If it names another day of discharge than 2402 did.
    """
    if node.optional("mid_setl_flag") not in _NO:
        raise NotServed("settlements in mid-stay are not served", zh="暂不支持中途结算")
    if node.optional("psn_setlway") not in _ORDINARY_WAY:
        raise NotServed("only the ordinary way of settling is served", zh="暂只支持普通结算方式（01）")
    if node.optional("dscgTime") and node.day("dscgTime") != stay.ended_on():
        raise FieldWrong("dscgTime is not the day of 2402", zh="出院时间与出院登记不一致")


def bill_of(*, node: Node) -> Bill:
    """Return the bill of the five totals (费用汇总)."""
    return Bill(
        total=node.money("medfee_sumamt"),
        own_expense=node.money("fulamt_ownpay_amt"),
        over_limit=node.money("overlmt_selfpay"),
        first_self_pay=node.money("preselfpay_amt"),
        in_scope=node.money("inscp_scp_amt"),
    )


def discharge_of(*, stay: HisStay, bill: Bill, insurance: Insurance | None, codes: CodeLists) -> Discharge:
    """Return the discharge to settle.

    Args:
        stay: With its discharge told.
        bill: As the settling message states it.
        insurance: None lets the registry decide.
        codes: The lists.
    """
    return Discharge(
        record_no=stay.mdtrt_id,
        institution_code=stay.institution_code,
        county=stay.county,
        patient=stay.patient.patient(),
        insurance=insurance,
        visit_type=VisitType.INPATIENT,
        referral=codes.referrals[stay.med_type],
        admitted_on=stay.admitted_on,
        discharged_on=stay.ended_on(),
        diagnoses=stay.diagnoses,
        bill=bill,
        lines=(),
        body_hash=_body_hash(stay, bill),
    )


def _body_hash(stay: HisStay, bill: Bill) -> bytes:
    amounts = (bill.total, bill.own_expense, bill.over_limit, bill.first_self_pay, bill.in_scope)
    days = (stay.admitted_on, stay.discharged_on)
    said = [
        *(stay.mdtrt_id, stay.institution_code, stay.county, stay.psn_no, stay.med_type, stay.insutype),
        *(str(day) for day in days),
        *(amount.fen for amount in amounts),
        *stay.diagnoses,
    ]
    return hashlib.sha256(json.dumps(said).encode()).digest()
