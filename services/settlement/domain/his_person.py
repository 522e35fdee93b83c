"""What 1101 tells about a person (人员基本信息): who they say they are, how they are insured, which categories count.

Room: domain of settlement. Next hop: services/settlement/domain/his_stay.py
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from common.core.citizen_number import CitizenNumber, CitizenNumberInvalid, parse_citizen_number
from common.core.errors import Refused
from common.core.ids import PersonId, named_id
from services.settlement.domain.discharge import Insurance, Patient
from services.settlement.domain.his_codes import CodeLists
from services.settlement.domain.his_id import national_id
from services.settlement.domain.his_node import Node
from services.settlement.domain.recognition import KnownPerson

BY_CITIZEN_NUMBER = "02"
CITIZEN_CARD = "01"
_GENDER = {"male": "1", "female": "2"}
_MONTHS, _TENTHS = 12, 10


class IdentityNotRead(Refused):
    """Who is meant cannot be read: another kind of certificate, no citizen number, or two that differ."""

    code = "his_identity_not_read"
    zh = "无法识别人员身份"


@dataclass(frozen=True, slots=True)
class NamedPatient:
    """Somebody named by citizen number and name; the interface knows no other patients."""

    number: CitizenNumber
    name: str

    def patient(self) -> Patient:
        """Return the patient as every settlement knows one."""
        return Patient(self.name, self.number, None, None)


@dataclass(frozen=True, slots=True)
class HeldCategory:
    """A category with the period for which it was stated; `ends_before` is None for an open one."""

    name: str
    begins_on: date
    ends_before: date | None


def psn_no_of(*, person_id: PersonId, name_check: str) -> str:
    """Return the 人员编号 of a number under a name; the same number under another name has another one."""
    return national_id(named_id("his_person", person_id, name_check))


def named_patient(*, node: Node, today: date) -> NamedPatient:
    """Return whom 1101 asks about: number and name.

    Raises:
        IdentityNotRead: If the certificate is not a citizen number, it is none, or certno is another.
    """
    kinds = node.text("mdtrt_cert_type"), node.optional("psn_cert_type") or CITIZEN_CARD
    if kinds != (BY_CITIZEN_NUMBER, CITIZEN_CARD):
        raise IdentityNotRead(
            "only citizen numbers are read", zh="暂只支持按身份证号查询（mdtrt_cert_type 02、psn_cert_type 01）"
        )
    number = citizen_number(text=node.text("mdtrt_cert_no"), today=today)
    if node.optional("certno") and citizen_number(text=node.text("certno"), today=today) != number:
        raise IdentityNotRead("certno is another number", zh="人证不一致：certno 与 mdtrt_cert_no 不同")
    return NamedPatient(number, node.text("psn_name"))


def citizen_number(*, text: str, today: date) -> CitizenNumber:
    """Return a checked number.

    Raises:
        IdentityNotRead: If it is none.
    """
    try:
        return parse_citizen_number(text, today=today)
    except CitizenNumberInvalid as refusal:
        raise IdentityNotRead(f"not a citizen number: {refusal.reason}", zh="身份证号码不正确") from refusal


def insurance_told(*, known: KnownPerson | None, name_check: str) -> Insurance | None:
    """Return the registry's entry for the person; None without one, and for somebody of another name."""
    if known is None or known.name_check not in {None, name_check}:
        return None
    return known.insurance


def base_info(*, patient: NamedPatient, psn_no: str, on: date) -> dict[str, Any]:
    """Return the node `baseinfo`; what nobody told us, such as the nationality, is empty."""
    number = patient.number
    return {
        "psn_no": psn_no,
        "psn_cert_type": CITIZEN_CARD,
        "certno": number.value,
        "psn_name": patient.name,
        "gend": _GENDER[number.sex],
        "naty": "",
        "brdy": number.born_on.isoformat(),
        "age": age_text(born_on=number.born_on, on=on),
    }


def age_text(*, born_on: date, on: date) -> str:
    """Return the age in years with one decimal, rounded down, as the interface writes it.

    >>> age_text(born_on=date(2016, 3, 15), on=date(2016, 9, 14))
    '0.4'
    """
    months = (on.year - born_on.year) * _MONTHS + on.month - born_on.month - (on.day < born_on.day)
    whole, tenth = divmod(max(months, 0) * _TENTHS // _MONTHS, _TENTHS)
    return f"{whole}.{tenth}"


def insurance_info(*, insurance: Insurance, county: str, codes: CodeLists) -> list[dict[str, Any]]:
    """Return the node `insuinfo`; there are no personal accounts here, so the balance is none."""
    return [
        {
            "balc": "0.00",
            "insutype": codes.insurance_code(insurance.scheme),
            "psn_type": "",
            "psn_insu_stas": codes.states[insurance.state],
            "psn_insu_date": "",
            "paus_insu_date": "",
            "cvlserv_flag": "0",
            "insuplc_admdvs": county,
            "emp_name": "",
        }
    ]


def identity_info(*, held: Iterable[HeldCategory], codes: CodeLists) -> list[Mapping[str, str]]:
    """Return the node `idetinfo`: one row per category that counts on the day; an empty `endtime` is open-ended."""
    return [_category(each, codes) for each in held]


def _category(held: HeldCategory, codes: CodeLists) -> Mapping[str, str]:
    code, name = codes.category_code(held.name)
    return {
        "psn_idet_type": code,
        "psn_type_lv": "",
        "memo": name,
        "begntime": held.begins_on.isoformat(),
        "endtime": held.ends_before.isoformat() if held.ends_before else "",
    }
