"""Rongjiang 2015 (policies.md 3.6 and 3.8), every figure worked by hand from the reference values."""

from __future__ import annotations

import pytest

from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import (
    COLD,
    KIDNEY_FAILURE,
    RONGJIANG,
    Row,
    a_bill,
    a_person,
    a_stay,
    expected_of,
    layer_of,
)

POOR, ALLOWANCE, DESTITUTE, ORPHAN = "registered_poor", "allowance_recipient", "destitute", "orphan"
PLANNING, DISABLED = "family_planning_household", "severely_disabled"
DAY = "2015-06-10"
WORKED = {"on": DAY, "bill": a_bill("11000", own="1000")}
PROVINCE = {"on": DAY, "level": "province", "bill": a_bill("50000")}

ROWS = [
    # basic (11000 - 200) x 85 %; critical 1820 < 8000; civil affairs 11000 x 15 %
    Row(
        "worked by hand",
        (ALLOWANCE,),
        WORKED,
        (ALLOWANCE, {"basic": "9180.00", "medical_assistance": "1650.00"}, "1170.00"),
    ),
    Row("others have 5 points less", (), WORKED, ("ordinary", {"basic": "8640.00"}, "3360.00")),
    Row("registered poor", (POOR,), WORKED, (POOR, {"basic": "9180.00", "medical_assistance": "1100.00"}, "1720.00")),
    # 20 % of 11000 is 2200, but 1820 are left
    Row(
        "destitute", (DESTITUTE,), WORKED, (DESTITUTE, {"basic": "9180.00", "medical_assistance": "1820.00"}, "1000.00")
    ),
    Row("orphan", (ORPHAN,), WORKED, (ORPHAN, {"basic": "9180.00", "medical_assistance": "1820.00"}, "1000.00")),
    Row(
        "family planning",
        (PLANNING,),
        WORKED,
        (PLANNING, {"basic": "9180.00", "medical_assistance": "1100.00"}, "1720.00"),
    ),
    Row(
        "civil affairs or family planning: the higher, never both",
        (PLANNING, ALLOWANCE),
        WORKED,
        (ALLOWANCE, {"basic": "9180.00", "medical_assistance": "1650.00"}, "1170.00"),
    ),
    Row(
        "both the same: the first in the county's order, once",
        (PLANNING, POOR),
        WORKED,
        (POOR, {"basic": "9180.00", "medical_assistance": "1100.00"}, "1720.00"),
    ),
    Row("recognised, but not named by civil affairs", (DISABLED,), WORKED, (DISABLED, {"basic": "9180.00"}, "2820.00")),
    # no start line; 1000 x 95 %; 15 % would be 150
    Row(
        "township",
        (ALLOWANCE,),
        {"on": DAY, "level": "township", "bill": a_bill("1000")},
        (ALLOWANCE, {"basic": "950.00", "medical_assistance": "50.00"}, "0.00"),
    ),
    Row(
        "one fen at the township",
        (),
        {"on": DAY, "level": "township", "bill": a_bill("0.01")},
        ("ordinary", {"basic": "0.01"}, "0.00"),
    ),
    # (20000 - 500) x 70 %; 6350 < 8000; 20000 x 15 %
    Row(
        "prefecture",
        (ALLOWANCE,),
        {"on": DAY, "level": "prefecture", "bill": a_bill("20000")},
        (ALLOWANCE, {"basic": "13650.00", "medical_assistance": "3000.00"}, "3350.00"),
    ),
    Row(
        "below the start line of the prefecture",
        (),
        {"on": DAY, "level": "prefecture", "bill": a_bill("499.99")},
        ("ordinary", {}, "499.99"),
    ),
    # 199200 x 50 %; 22000 x 50 % + 50000 x 60 % + 20400 x 70 %
    Row(
        "all bands of critical illness",
        (),
        {"on": DAY, "level": "province", "bill": a_bill("200000")},
        ("ordinary", {"basic": "99600.00", "critical_illness": "55280.00"}, "45120.00"),
    ),
    # 199000 left at the county: 250000 x 85 % is above 150000; rest 100000; 22000 x 50 % + 50000 x 60 % + 20000 x 70 %
    Row(
        "basic stops at 150000",
        (DISABLED,),
        {"on": DAY, "bill": a_bill("250000")},
        (DISABLED, {"basic": "150000.00", "critical_illness": "55000.00"}, "45000.00"),
    ),
    # rest 1820 - 400 = 1420 is below 1650
    Row(
        "relief already received",
        (ALLOWANCE,),
        {"on": DAY, "bill": a_bill("11000", prior_relief_fen=40_000)},
        (ALLOWANCE, {"basic": "9180.00", "medical_assistance": "1420.00"}, "400.00"),
    ),
]

# (50000 - 800) x 65 or 55 %; critical of 18020 or 22940; civil affairs 7500
REFERRED = (ALLOWANCE, {"basic": "31980.00", "critical_illness": "5010.00", "medical_assistance": "7500.00"}, "5510.00")
OTHERWISE = (
    ALLOWANCE,
    {"basic": "27060.00", "critical_illness": "7470.00", "medical_assistance": "7500.00"},
    "7970.00",
)
# the same with 60 or 50 % for who is not recognised
REFERRED_ORDINARY = ("ordinary", {"basic": "29520.00", "critical_illness": "6240.00"}, "14240.00")
OTHERWISE_ORDINARY = ("ordinary", {"basic": "24600.00", "critical_illness": "8700.00"}, "16700.00")

PROVINCE_ROWS = [
    Row(
        f"{kind} {'recognised' if categories else 'ordinary'}",
        categories,
        PROVINCE | {"referral": {"kind": kind}},
        paid,
    )
    for kind, recognised, ordinary in (
        ("referred", REFERRED, REFERRED_ORDINARY),
        ("emergency", REFERRED, REFERRED_ORDINARY),
        ("self_referred", OTHERWISE, OTHERWISE_ORDINARY),
        ("none", OTHERWISE, OTHERWISE_ORDINARY),
        ("filed", OTHERWISE, OTHERWISE_ORDINARY),
        ("resident_outside", OTHERWISE, OTHERWISE_ORDINARY),
    )
    for categories, paid in (((ALLOWANCE,), recognised), ((), ordinary))
]


async def test_every_row_comes_to_what_was_worked_by_hand(window: Window) -> None:
    paid = await window.pay_rows(ROWS, county=RONGJIANG)

    assert paid == expected_of(ROWS)


async def test_the_ratio_at_the_province_asks_how_the_patient_came(window: Window) -> None:
    paid = await window.pay_rows(PROVINCE_ROWS, county=RONGJIANG)

    assert paid == expected_of(PROVINCE_ROWS)


async def test_the_funds_of_assistance_are_those_of_the_department_that_pays(window: Window) -> None:
    funds = {}
    for order, category in enumerate((ALLOWANCE, PLANNING), start=1):
        person = await window.register(a_person(order), category, county=RONGJIANG)
        settled = await window.settle(a_stay(person, county=RONGJIANG, **WORKED))
        funds[category] = layer_of(settled, "medical_assistance")["fund"]

    assert funds == {ALLOWANCE: "civil_affairs", PLANNING: "family_planning"}


async def test_the_outpatient_pool_pays_half_until_it_is_empty(window: Window) -> None:
    recognised = await window.register(a_person(1), POOR, county=RONGJIANG)
    ordinary = await window.register(a_person(2), county=RONGJIANG)

    async def visits(person) -> list[str]:
        return [
            (await window.pay(a_stay(person, county=RONGJIANG, on=DAY, visit_type="outpatient", bill=a_bill(cost))))[2]
            for cost in ("700", "300.01", "1000", "100")
        ]

    # 350 + 150.01 (150.005 half up) + 99.99 = 600; 350 + 50 = 400
    assert await visits(recognised) == ["350.00", "150.00", "900.01", "100.00"]
    assert await visits(ordinary) == ["350.00", "250.01", "1000.00", "100.00"]


async def test_the_pool_is_full_again_in_the_next_year(window: Window) -> None:
    days = ("2015-12-31", "2016-01-01")

    paid = [
        await window.pay(a_stay(county=RONGJIANG, on=day, visit_type="outpatient", bill=a_bill("1000"))) for day in days
    ]

    assert [each[2] for each in paid] == ["600.00", "600.00"]


async def test_a_listed_disease_is_paid_at_80_percent_beside_pool_and_cap(window: Window) -> None:
    poor = await window.register(a_person(), POOR, county=RONGJIANG)
    listed = [{"icd10": KIDNEY_FAILURE, "main": True}]
    second = [{"icd10": COLD, "main": True}, {"icd10": KIDNEY_FAILURE, "main": False}]

    async def visit(visit_type: str, diagnoses: list[dict[str, object]], cost: str) -> tuple[str, dict[str, str]]:
        stay = a_stay(poor, county=RONGJIANG, on=DAY, visit_type=visit_type, diagnoses=diagnoses, bill=a_bill(cost))
        _, layers, patient = await window.pay(stay)
        return patient, layers

    assert await visit("special_outpatient", listed, "1000") == ("200.00", {"basic": "800.00"})
    # above any cap: 200000 x 80 %
    assert await visit("special_outpatient", listed, "200000") == ("40000.00", {"basic": "160000.00"})
    # anything else out-patient goes to the pool: half, at most 600 a year
    assert await visit("special_outpatient", second, "400") == ("200.00", {"basic": "200.00"})
    assert await visit("outpatient", listed, "400") == ("200.00", {"basic": "200.00"})
    assert await visit("outpatient", second, "1000") == ("800.00", {"basic": "200.00"})
    # neither counts against 150000 nor enters critical illness: (11000 - 200) x 85 %; 10 %
    assert await window.pay(a_stay(poor, county=RONGJIANG, **WORKED)) == (
        POOR,
        {"basic": "9180.00", "medical_assistance": "1100.00"},
        "1720.00",
    )


@pytest.mark.parametrize("code", [KIDNEY_FAILURE, "n18.500", "N18.500x001", "N18.5+"])
async def test_a_listed_disease_is_paid_alike_to_everybody_in_every_edition(window: Window, code: str) -> None:
    listed = [{"icd10": code, "main": True}]
    stay = a_stay(county=RONGJIANG, on=DAY, visit_type="special_outpatient", diagnoses=listed, bill=a_bill("1000"))

    assert await window.pay(stay) == ("ordinary", {"basic": "800.00"}, "200.00")
