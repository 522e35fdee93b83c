"""The words a test of the outside interface speaks: people, stays, yuan, and what an answer comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx

from common.core.citizen_number import CitizenNumber, check_character, name_check_of, person_id_of

PERSON_KEY = bytes(range(32))
BEIPIAO, RONGJIANG, UNKNOWN_COUNTY = "211381", "522632", "999999"
HOSPITALS = {
    (BEIPIAO, "township"): "H21138100002",
    (BEIPIAO, "county"): "H21138100001",
    (BEIPIAO, "prefecture"): "H21130000001",
    (BEIPIAO, "province"): "H21010000001",
    (RONGJIANG, "township"): "H52263200002",
    (RONGJIANG, "county"): "H52263200001",
    (RONGJIANG, "prefecture"): "H52260000001",
    (RONGJIANG, "province"): "H52010000001",
}
HOSPITAL, OTHER_HOSPITAL = HOSPITALS[BEIPIAO, "county"], "H21138100003"
UNLISTED = "H21138199999"
STROKE, COLD, KIDNEY_FAILURE = "I63.9", "J06.9", "N18.5"

Amounts = tuple[str, dict[str, str], str]
"""Benefit class, layer -> yuan paid (layers that pay nothing left out), yuan the patient pays."""


def a_number(order: int = 1, *, born: str = "19650315", region: str = "211381") -> str:
    seventeen = f"{region}{born}{order:03d}"
    return seventeen + check_character(seventeen)


@dataclass(frozen=True, slots=True)
class Person:
    number: str
    name: str = "王某某"

    @property
    def person_id(self) -> UUID:
        return person_id_of(CitizenNumber(self.number), person_key=PERSON_KEY)

    @property
    def name_check(self) -> str:
        return name_check_of(
            person_id_of(CitizenNumber(self.number), person_key=PERSON_KEY), self.name, person_key=PERSON_KEY
        )

    def at_the_counter(self, **fields: Any) -> dict[str, Any]:
        return {"citizen_id": self.number, "name": self.name} | fields


def a_person(order: int = 1) -> Person:
    return Person(a_number(order))


def fen(yuan: str) -> int:
    amount = Decimal(yuan) * 100
    assert amount == amount.to_integral_value(), f"{yuan} has fractions of a fen"
    return int(amount)


def yuan(amount_fen: int) -> str:
    return f"{Decimal(amount_fen) / 100:.2f}"


def a_bill(
    in_scope: str = "50000", *, own: str = "0", over: str = "0", first: str = "0", **fields: Any
) -> dict[str, Any]:
    parts = {"own_expense_fen": fen(own), "over_limit_fen": fen(over), "first_self_pay_fen": fen(first)}
    whole = parts | {"in_scope_fen": fen(in_scope)}
    return {"total_fen": sum(whole.values())} | whole | fields


def a_line(**fields: Any) -> dict[str, Any]:
    usual = {
        "item_code": "XA01",
        "name": "床位费",
        "category": "床位费",
        "catalogue_class": "A",
        "quantity": "1",
        "unit_price": "100",
        "amount_fen": 10_000,
        "occurred_on": "2016-09-02",
    }
    return usual | fields


def a_stay(
    person: Person | None = None, *, level: str = "county", on: str = "2016-09-12", **fields: Any
) -> dict[str, Any]:
    """Return the body of the main call; keywords replace the usual fields, None leaves one out."""
    county = fields.get("county", BEIPIAO)
    usual = {
        "record_no": f"R-{uuid4().hex[:12]}",
        "institution_code": HOSPITALS.get((county, level), HOSPITAL),
        "county": county,
        "patient": (person or a_person()).at_the_counter(),
        "visit_type": "inpatient",
        "admitted_on": (date.fromisoformat(on) - timedelta(days=5)).isoformat(),
        "discharged_on": on,
        "referral": {"kind": "none"},
        "diagnoses": [{"icd10": STROKE, "main": True}],
        "bill": a_bill(),
    }
    return {name: value for name, value in (usual | fields).items() if value is not None}


def amounts_of(answer: dict[str, Any]) -> Amounts:
    """Return what an answer comes to, after holding it to the identities that always hold (policies.md 1.4)."""
    parts = ("own_expense_fen", "over_limit_fen", "first_self_pay_fen", "in_scope_fen")
    paid = [layer["paid_fen"] for layer in answer["layers"]]
    assert answer["total_fen"] == sum(answer[part] for part in parts)
    assert answer["total_fen"] == sum(paid) + answer["hospital_borne_fen"] + answer["patient_pays_fen"]
    assert answer["fund_paid_fen"] == answer["hospital_advances_fen"] == sum(paid) <= answer["in_scope_fen"]
    assert answer["patient_pays_fen"] >= 0
    for layer in answer["layers"]:
        assert 0 <= layer["paid_fen"] <= layer["base_fen"], layer
        assert layer["deductible_fen"] >= 0, layer
    layers = {layer["layer"]: yuan(layer["paid_fen"]) for layer in answer["layers"] if layer["paid_fen"]}
    return answer["entitlement"]["benefit_class"], layers, yuan(answer["patient_pays_fen"])


def layer_of(answer: dict[str, Any], name: str) -> dict[str, Any]:
    return next(layer for layer in answer["layers"] if layer["layer"] == name)


def refusal_of(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a refusal, after holding it to RFC 9457 and the promises of api.md."""
    assert 400 <= answer.status_code < 500, f"{answer.status_code}: {answer.text[:500]}"
    assert answer.headers["content-type"].partition(";")[0] == "application/problem+json"
    told = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= told.keys()
    assert told["status"] == answer.status_code
    if told["code"] == "malformed_body":
        assert told["errors"], told
        assert all({"pointer", "code", "detail"} <= each.keys() for each in told["errors"]), told
    return answer.status_code, told["code"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table of amounts: the lists a person stands on, the stay, and what it comes to by hand."""

    name: str
    categories: tuple[str, ...]
    stay: dict[str, Any]
    expected: Amounts


def expected_of(rows: Sequence[Row]) -> dict[str, Amounts]:
    return {row.name: row.expected for row in rows}
