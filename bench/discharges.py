"""Discharges to send: one fresh person and record number each, the grave stay that `make chain` sends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

from common.core.citizen_number import check_character
from common.kit.clock import china_date, utc_now
from local.world_places import BEIPIAO, County

HOSPITAL_CLIENT = f"{BEIPIAO.code}-hospital-1"
_FIRST_BIRTH = date(1930, 1, 1)
_ORDERS = 900
_STAY_DAYS = 11


def discharges(series: str, *, county: County = BEIPIAO, is_one_person: bool = False) -> Iterator[dict[str, Any]]:
    """Yield bodies of the main call without end; another series has other record numbers of the same persons."""
    today = china_date(utc_now())
    for number in count():
        yield {
            "record_no": f"{series}-{number:07d}",
            "institution_code": county.institutions[0].code,
            "county": county.code,
            "patient": {
                "citizen_id": _citizen_id(county, 0 if is_one_person else number),
                "name": "王某某",
                "insurance": {"scheme": "rural_cooperative", "state": "insured"},
            },
            "visit_type": "inpatient",
            "admitted_on": (today - timedelta(days=_STAY_DAYS)).isoformat(),
            "discharged_on": today.isoformat(),
            "referral": {"kind": "none"},
            "diagnoses": [{"icd10": "I63.9", "main": True}, {"icd10": "I10", "main": False}],
            "bill": {
                "total_fen": 5_750_000,
                "own_expense_fen": 700_000,
                "over_limit_fen": 0,
                "first_self_pay_fen": 50_000,
                "in_scope_fen": 5_000_000,
            },
        }


def _citizen_id(county: County, number: int) -> str:
    days, order = divmod(number, _ORDERS)
    seventeen = f"{county.code}{_FIRST_BIRTH + timedelta(days=days):%Y%m%d}{order + 1:03d}"
    return seventeen + check_character(seventeen)
