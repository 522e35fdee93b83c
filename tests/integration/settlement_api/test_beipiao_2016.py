"""Beipiao 2016 (policies.md 3.1 and 3.8), every figure worked by hand from the reference values."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import (
    BEIPIAO,
    HOSPITAL,
    Row,
    a_bill,
    a_person,
    a_stay,
    amounts_of,
    expected_of,
    layer_of,
)

POOR, ALLOWANCE, EDGE, DESTITUTE = "registered_poor", "allowance_recipient", "low_income_edge", "destitute"
WORKED = a_bill("50000", own="1500", first="500")

ROWS = [
    # basic (50000 - 300) x 80 %; critical (10240 - 5000) x 70 %; assistance 6572 x 70 %
    Row(
        "worked by hand, on the plan's first day",
        (POOR, ALLOWANCE),
        {"on": "2016-07-01", "bill": WORKED},
        (ALLOWANCE, {"basic": "39760.00", "critical_illness": "3668.00", "medical_assistance": "4600.40"}, "3971.60"),
    ),
    # basic (50000 - 300) x 70 %; critical (15210 - 10000) x 50 %; assistance 12605 x 70 %
    Row(
        "the same stay on the day before",
        (POOR, ALLOWANCE),
        {"on": "2016-06-30", "bill": WORKED},
        (ALLOWANCE, {"basic": "34790.00", "critical_illness": "2605.00", "medical_assistance": "8823.50"}, "5781.50"),
    ),
    Row(
        "the same stay, discharged on the first day but admitted under the old terms",
        (POOR, ALLOWANCE),
        {"on": "2016-07-01", "admitted_on": "2016-05-02", "bill": WORKED},
        (ALLOWANCE, {"basic": "39760.00", "critical_illness": "3668.00", "medical_assistance": "4600.40"}, "3971.60"),
    ),
    Row(
        "nobody's category",
        (),
        {"bill": WORKED},
        ("ordinary", {"basic": "34790.00", "critical_illness": "2605.00"}, "14605.00"),
    ),
    Row(
        "registered poor alone has no assistance",
        (POOR,),
        {"bill": WORKED},
        (POOR, {"basic": "39760.00", "critical_illness": "3668.00"}, "8572.00"),
    ),
    Row(
        "destitute, all of the rest in scope",
        (DESTITUTE,),
        {"bill": WORKED},
        (DESTITUTE, {"basic": "39760.00", "critical_illness": "3668.00", "medical_assistance": "6572.00"}, "2000.00"),
    ),
    Row(
        "low income edge, half of the rest",
        (EDGE,),
        {"bill": WORKED},
        (EDGE, {"basic": "39760.00", "critical_illness": "3668.00", "medical_assistance": "3286.00"}, "5286.00"),
    ),
    Row(
        "of three classes the one that leaves the patient least",
        (EDGE, POOR, DESTITUTE),
        {"bill": WORKED},
        (DESTITUTE, {"basic": "39760.00", "critical_illness": "3668.00", "medical_assistance": "6572.00"}, "2000.00"),
    ),
    # (85 + 10) % of (1000 - 100); 145 x 70 %
    Row(
        "township",
        (ALLOWANCE,),
        {"level": "township", "bill": a_bill("1000")},
        (ALLOWANCE, {"basic": "855.00", "medical_assistance": "101.50"}, "43.50"),
    ),
    # (20000 - 600) x 65 %; (7390 - 5000) x 70 %
    Row(
        "prefecture",
        (POOR,),
        {"level": "prefecture", "bill": a_bill("20000"), "referral": {"kind": "referred"}},
        (POOR, {"basic": "12610.00", "critical_illness": "1673.00"}, "5717.00"),
    ),
    # (100000 - 1000) x 45 %; (55450 - 10000) x 50 %
    Row(
        "province, the ratio does not ask for a referral",
        (),
        {"level": "province", "bill": a_bill("100000"), "referral": {"kind": "self_referred"}},
        ("ordinary", {"basic": "44550.00", "critical_illness": "22725.00"}, "32725.00"),
    ),
    Row("below the start line nothing is paid", (POOR,), {"bill": a_bill("299.99", own="10")}, (POOR, {}, "309.99")),
    Row("on the start line nothing is paid", (), {"bill": a_bill("300")}, ("ordinary", {}, "300.00")),
    # 0.05 x 70 % = 0.035
    Row("just above it", (), {"bill": a_bill("300.05")}, ("ordinary", {"basic": "0.04"}, "300.01")),
    # assistance has no start line of its own
    Row(
        "below the start line assistance still takes the rest",
        (DESTITUTE,),
        {"bill": a_bill("299.99")},
        (DESTITUTE, {"medical_assistance": "299.99"}, "0.00"),
    ),
    # 700.05 x 70 % = 490.035
    Row(
        "half a fen is rounded up",
        (),
        {"bill": a_bill("1000.05")},
        ("ordinary", {"basic": "490.04"}, "510.01"),
    ),
    # 9700 x 80 %; (2240 - 500) x 70 %
    Row(
        "relief already received lowers the base of assistance and is no payment of ours",
        (ALLOWANCE,),
        {"bill": a_bill("10000", prior_relief_fen=50_000)},
        (ALLOWANCE, {"basic": "7760.00", "medical_assistance": "1218.00"}, "1022.00"),
    ),
    # 700 x 80 % = 560, but relief and payments together are never above the total
    Row(
        "relief that leaves no room",
        (POOR,),
        {"bill": a_bill("1000", prior_relief_fen=90_000)},
        (POOR, {"basic": "100.00"}, "900.00"),
    ),
    # 150000 is reached; (65000 - 10000) x 50 %
    Row(
        "basic stops at 150000 and what is above counts for critical illness",
        (),
        {"bill": a_bill("215000")},
        ("ordinary", {"basic": "150000.00", "critical_illness": "27500.00"}, "37500.00"),
    ),
    # 199000 x 55 %; (90550 - 5000) x 70 %; 30665 x 70 % = 21465.50
    Row(
        "assistance stops at 20000",
        (ALLOWANCE,),
        {"level": "province", "bill": a_bill("200000")},
        (
            ALLOWANCE,
            {"basic": "109450.00", "critical_illness": "59885.00", "medical_assistance": "20000.00"},
            "10665.00",
        ),
    ),
    # 30665 x 50 % = 15332.50
    Row(
        "assistance of the low income edge stops at 10000",
        (EDGE,),
        {"level": "province", "bill": a_bill("200000")},
        (EDGE, {"basic": "109450.00", "critical_illness": "59885.00", "medical_assistance": "10000.00"}, "20665.00"),
    ),
    Row(
        "out of scope stays with the patient",
        (DESTITUTE,),
        {"bill": a_bill("0", own="1", over="2", first="3")},
        (DESTITUTE, {}, "6.00"),
    ),
    Row("a bill of nothing", (), {"bill": a_bill("0")}, ("ordinary", {}, "0.00")),
]


async def test_every_row_comes_to_what_was_worked_by_hand(window: Window) -> None:
    paid = await window.pay_rows(ROWS, county=BEIPIAO)

    assert paid == expected_of(ROWS)


async def test_the_worked_example_is_answered_as_the_interface_shows_it(window: Window) -> None:
    window.now = datetime(2016, 9, 12, 2, 11, 9, tzinfo=UTC)
    person = await window.register(a_person(), POOR, ALLOWANCE)

    answer = await window.settle(a_stay(person, record_no="H0001-2016-000123", bill=WORKED))

    made = {answer.pop(name) for name in ("settlement_id", "discharge_id")}
    assert len(made) == 2
    assert answer.pop("policy").items() >= {"county": BEIPIAO, "version_from": "2016-07-01"}.items()
    explanation = answer.pop("explanation")
    assert explanation
    assert all(each["zh"] and each["en"] for each in explanation)
    for layer in answer["layers"]:
        assert all(step["text"] for step in layer.pop("steps"))
    categories = answer["entitlement"].pop("categories")
    assert sorted(categories) == sorted([POOR, ALLOWANCE])
    basic = {"layer": "basic", "fund": "rural_cooperative", "base_fen": 5_000_000, "deductible_fen": 30_000}
    insurer = {"layer": "critical_illness", "fund": "critical_illness_insurer", "base_fen": 1_024_000}
    assisted = {"layer": "medical_assistance", "fund": "medical_assistance", "base_fen": 657_200, "deductible_fen": 0}
    assert answer == {
        "attempt": 1,
        "record_no": "H0001-2016-000123",
        "institution_code": HOSPITAL,
        "county": BEIPIAO,
        "state": "settled",
        "settled_at": "2016-09-12T02:11:09Z",
        "person_id": str(person.person_id),
        "entitlement": {
            "benefit_class": ALLOWANCE,
            "counting_category": POOR,
            "list_date": "2016-09-10",
            "identity_open": False,
        },
        "total_fen": 5_200_000,
        "own_expense_fen": 150_000,
        "over_limit_fen": 0,
        "first_self_pay_fen": 50_000,
        "in_scope_fen": 5_000_000,
        "layers": [
            basic | {"paid_fen": 3_976_000},
            insurer | {"deductible_fen": 500_000, "paid_fen": 366_800},
            assisted | {"paid_fen": 460_040},
        ],
        "fund_paid_fen": 4_802_840,
        "hospital_borne_fen": 0,
        "patient_pays_fen": 397_160,
        "hospital_advances_fen": 4_802_840,
    }


async def test_the_deductible_charged_is_never_more_than_what_is_in_scope(window: Window) -> None:
    low = await window.settle(a_stay(a_person(), bill=a_bill("120.50")))
    full = await window.settle(a_stay(a_person(2), bill=a_bill("120000.50")))

    assert layer_of(low, "basic")["deductible_fen"] == 12_050
    assert layer_of(full, "basic")["deductible_fen"] == 30_000


async def test_outpatient_care_is_paid_by_the_patient_and_the_answer_says_why(window: Window) -> None:
    person = await window.register(a_person(), POOR, DESTITUTE)

    for visit in ("outpatient", "special_outpatient"):
        answer = await window.settle(a_stay(person, visit_type=visit, bill=a_bill("400", own="20")))
        benefit_class, layers, patient = amounts_of(answer)
        # Both classes come to the same: the first in the county's order stands.
        assert (benefit_class, layers, patient) == (POOR, {}, "420.00")
        silent = [each for each in answer["explanation"] if "no rule" in each["en"]]
        assert [each["en"].partition(":")[0] for each in silent] == ["basic", "critical_illness", "medical_assistance"]
    assert await window.accumulated(person.person_id) == {}


async def test_a_category_that_the_county_does_not_tilt_is_settled_as_ordinary(window: Window) -> None:
    person = await window.register(a_person(), "severely_disabled")

    answer = await window.settle(a_stay(person, bill=WORKED))

    assert amounts_of(answer) == ("ordinary", {"basic": "34790.00", "critical_illness": "2605.00"}, "14605.00")
    assert answer["entitlement"]["identity_open"] is False


async def test_the_first_day_of_the_first_version_is_settled(window: Window) -> None:
    first = await window.settle(a_stay(on="2016-01-01", bill=a_bill("1000")))
    last = await window.settle(a_stay(a_person(2), on="2017-05-31", bill=a_bill("1000")))

    assert first["policy"]["version_from"] == "2016-01-01"
    assert last["policy"]["version_from"] == "2016-07-01"
    assert [each["patient_pays_fen"] for each in (first, last)] == [51_000, 51_000]


async def test_the_fund_of_the_basic_layer_follows_the_scheme_of_the_card(window: Window) -> None:
    funds = {}
    for order, scheme in enumerate(("rural_cooperative", "resident", "employee"), start=1):
        card = a_person(order).at_the_counter(insurance={"scheme": scheme, "state": "insured"})
        funds[scheme] = layer_of(await window.settle(a_stay(patient=card)), "basic")["fund"]

    assert funds == {
        "rural_cooperative": "rural_cooperative",
        "resident": "resident_basic",
        "employee": "employee_basic",
    }
