"""The check at admission, opening balances, and the patient behind an open discharge for identity alone."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from common.kit.testing import bearer
from tests.integration.settlement_api.conftest import Window, an_entitlement, an_insurance
from tests.integration.settlement_api.vocabulary import (
    BEIPIAO,
    HOSPITAL,
    OTHER_HOSPITAL,
    RONGJIANG,
    UNLISTED,
    Person,
    a_bill,
    a_person,
    a_stay,
    refusal_of,
)

CHECK, OPENINGS = "/v1/entitlements/check", "/v1/openings"
POOR, ALLOWANCE = "registered_poor", "allowance_recipient"
FUNDS = bearer("funds", client_id="bureau", county=BEIPIAO)


def a_question(person: Person | None = None, **fields: Any) -> dict[str, Any]:
    who = (person or a_person()).at_the_counter()
    return who | {"county": BEIPIAO, "institution_code": HOSPITAL, "on": "2016-09-12"} | fields


def an_opening(person: Person | None = None, *, account: str = "critical_illness", **fields: Any) -> dict[str, Any]:
    layer = {"account": account, "base_fen": 400_000, "deductible_fen": 0, "paid_fen": 0, "stay_count": 1}
    layer |= {name: fields.pop(name) for name in list(fields) if name in layer}
    usual = {"county": BEIPIAO, "year": 2016, "source": "合作医疗办公室台账", "layers": [layer]}
    return (person or a_person()).at_the_counter() | usual | fields


async def test_the_check_answers_categories_class_list_date_and_deposit(window: Window) -> None:
    poor = await window.register(a_person(1), POOR)
    uninsured = await window.register(a_person(2), POOR)
    await window.tell(an_insurance(uninsured, state="not_insured", version=2))
    late = await window.register(a_person(3))
    await window.tell(an_entitlement(late, POOR, since="2016-09-13"))
    stored = await window.row_counts()
    known = {"benefit_class": POOR, "categories": [POOR], "list_date": "2016-09-10", "identity_open": False}
    plain = {"benefit_class": "ordinary", "categories": [], "list_date": None, "identity_open": False}
    cases = [
        (a_question(poor), known | {"deposit_waived": True}),
        (a_question(uninsured), {"deposit_waived": False}),
        (a_question(late), plain | {"deposit_waived": False}),
        (a_question(late, on="2016-09-13"), known | {"deposit_waived": True}),
        (a_question(a_person(9)), plain | {"identity_open": True, "deposit_waived": False}),
        (a_question(Person(poor.number, "李四")), plain | {"identity_open": True, "deposit_waived": False}),
    ]

    for body, expected in cases:
        answer = await window.post(CHECK, body, window.hospital(HOSPITAL), key="")
        assert answer.status_code == 200, answer.text
        assert {name: answer.json()[name] for name in expected} == expected, body
        assert answer.json()["deposit_reason"]
        assert body["citizen_id"] not in answer.text
    assert await window.row_counts() == stored


async def test_the_check_refuses_what_it_cannot_judge(window: Window) -> None:
    stored = await window.row_counts()
    cases = [
        (a_question(institution_code=OTHER_HOSPITAL), HOSPITAL, (403, "not_yours")),
        (a_question(institution_code=UNLISTED), UNLISTED, (409, "institution_not_listed")),
        (a_question(county="999999"), HOSPITAL, (409, "county_unknown")),
        (a_question(on="2015-12-31"), HOSPITAL, (409, "policy_not_in_force")),
        (a_question(citizen_id="211381196503150010"), HOSPITAL, (422, "citizen_id_invalid")),
        (a_question(on="2016-02-30"), HOSPITAL, (422, "malformed_body")),
        (a_question(colour="red"), HOSPITAL, (422, "malformed_body")),
        (a_question(name=None), HOSPITAL, (422, "malformed_body")),
    ]

    for body, code, expected in cases:
        assert refusal_of(await window.post(CHECK, body, window.hospital(code), key="")) == expected, body
    assert await window.row_counts() == stored


async def test_an_opening_shifts_the_accounts_once_per_person_and_year(window: Window) -> None:
    person = await window.register(a_person(), POOR)
    stay = a_stay(person, bill=a_bill("10000"))
    alone = (await window.preview(stay)).json()

    first = await window.post(OPENINGS, an_opening(person), FUNDS)
    again = await window.post(OPENINGS, an_opening(person, base_fen=1), FUNDS)
    next_year = await window.post(OPENINGS, an_opening(person, year=2017), FUNDS)

    assert [first.status_code, next_year.status_code] == [201, 201]
    assert refusal_of(again)[0] == 409
    # 9700 x 80 %; 2240 alone is below 5000, (4000 + 2240 - 5000) x 70 % = 868 with the opening
    assert alone["patient_pays_fen"] == 224_000
    assert (await window.settle(stay))["patient_pays_fen"] == 137_200


async def test_an_opening_uses_up_the_yearly_caps(window: Window) -> None:
    person = await window.register(a_person(), ALLOWANCE)
    body = an_opening(person, account="basic", paid_fen=14_999_000, base_fen=20_000_000)
    body["layers"] += an_opening(account="medical_assistance", paid_fen=1_999_000)["layers"]

    booked = await window.post(OPENINGS, body, FUNDS)

    assert booked.status_code == 201, booked.text
    # basic 10 of 150000 left; 9990 x 70 % of what is above 5000 = 3493; assistance 10 of 20000 left
    _, layers, patient = await window.pay(a_stay(person, bill=a_bill("10000")))
    assert (layers, patient) == (
        {"basic": "10.00", "critical_illness": "3493.00", "medical_assistance": "10.00"},
        "6487.00",
    )


async def test_an_opening_is_corrected_by_a_mirrored_entry(window: Window) -> None:
    person = await window.register(a_person(), POOR)
    first = (await window.post(OPENINGS, an_opening(person), FUNDS)).json()

    fixed = await window.post(OPENINGS, an_opening(person, base_fen=100_000, replaces=first["opening_id"]), FUNDS)

    assert fixed.status_code == 201
    assert await window.accumulated(person.person_id) == {(2016, "critical_illness"): (100_000, 0, 0, 1)}


async def test_openings_refuse_foreign_counties_other_scopes_and_ill_formed_figures(window: Window) -> None:
    stored = await window.row_counts()
    cases = [
        (an_opening(county=RONGJIANG), FUNDS, (403, "not_yours")),
        (an_opening(), window.hospital(HOSPITAL), (403, "scope_missing")),
        (an_opening(year=2015), FUNDS, (409, "policy_not_in_force")),
        (an_opening(base_fen=-1), FUNDS, (422, "malformed_body")),
        (an_opening(base_fen=1.0), FUNDS, (422, "malformed_body")),
        (an_opening(paid_fen=10**18), FUNDS, (422, "malformed_body")),
        (an_opening(year="2016"), FUNDS, (422, "malformed_body")),
        (an_opening(layers=[]), FUNDS, (422, "malformed_body")),
        (an_opening(source=None), FUNDS, (422, "malformed_body")),
        (an_opening(citizen_id="1"), FUNDS, (422, "citizen_id_invalid")),
    ]

    for body, headers, expected in cases:
        assert refusal_of(await window.post(OPENINGS, body, headers)) == expected, body
    assert refusal_of(await window.post(OPENINGS, an_opening(), FUNDS, key="")) == (400, "idempotency_key_missing")
    assert await window.row_counts() == stored


async def test_only_identity_s_own_token_reads_the_patient_of_a_discharge(window: Window) -> None:
    person = a_person()
    settled = await window.settle(a_stay(patient=person.at_the_counter(township="211381101")))
    path = f"/internal/discharges/{settled['discharge_id']}/patient"
    identity = bearer("service:identity", client_id="identity")
    audited = (await window.row_counts())["read_audit"]

    answer = await window.get(path, identity)

    assert answer.status_code == 200
    assert answer.json() == {"citizen_id": person.number, "name": person.name, "township": "211381101"}
    assert (await window.row_counts())["read_audit"] == audited + 1
    assert refusal_of(await window.get(path.replace(settled["discharge_id"], str(uuid4())), identity)) == (
        404,
        "not_found",
    )
    for scope in ("his", "funds", "operator", "identity:read", "service:contracts"):
        headers = bearer(scope, county=BEIPIAO, institution_code=HOSPITAL)
        assert refusal_of(await window.get(path, headers)) == (403, "scope_missing"), scope
    assert refusal_of(await window.get(path, {})) == (401, "token_invalid")
    stored = await window.sql("SELECT encode(patient_sealed, 'escape') FROM discharge")
    assert not any(person.number in row[0] or person.name in row[0] for row in stored)
