"""Well-formed discharges that contradict themselves, the policy or the calendar, and bills made of lines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import (
    RONGJIANG,
    UNKNOWN_COUNTY,
    UNLISTED,
    a_bill,
    a_line,
    a_number,
    a_stay,
    amounts_of,
    refusal_of,
)

DATES, BILL = (422, "dates_impossible"), (422, "bill_inconsistent")


async def test_what_contradicts_itself_or_the_policy_is_refused_and_nothing_is_stored(window: Window) -> None:
    window.now = datetime(2017, 6, 1, 15, 59, 59, tzinfo=UTC)
    stored = await window.row_counts()
    lines = [a_line(amount_fen=10_000), a_line(amount_fen=5_000)]
    cases = {
        "discharged before admitted": (a_stay(admitted_on="2016-09-13", discharged_on="2016-09-12"), DATES),
        "discharged tomorrow": (a_stay(on="2017-06-02"), DATES),
        "discharged in a far future": (a_stay(discharged_on="9999-12-31"), DATES),
        "admitted and discharged in the future": (a_stay(admitted_on="2017-06-02", discharged_on="2017-06-03"), DATES),
        "total one fen too high": (a_stay(bill=a_bill("500", total_fen=50_001)), BILL),
        "total one fen too low": (a_stay(bill=a_bill("500", total_fen=49_999)), BILL),
        "in scope above the total": (a_stay(bill=a_bill("500", total_fen=0)), BILL),
        "lines one fen above the bill": (a_stay(bill=a_bill("149.99"), lines=lines), BILL),
        "lines one fen below the bill": (a_stay(bill=a_bill("150.01"), lines=lines), BILL),
        "same total, other parts": (a_stay(bill=a_bill("149.99", own="0.01"), lines=lines), BILL),
        "the day before the first version": (a_stay(on="2015-12-31"), (409, "policy_not_in_force")),
        "the other county's day before": (a_stay(county=RONGJIANG, on="2014-12-31"), (409, "policy_not_in_force")),
        "year one": (a_stay(admitted_on="0001-01-01", discharged_on="0001-01-01"), (409, "policy_not_in_force")),
        "unknown county": (a_stay(county=UNKNOWN_COUNTY), (409, "county_unknown")),
        "unlisted institution": (a_stay(institution_code=UNLISTED), (409, "institution_not_listed")),
        "the other county's institution": (
            a_stay(county=RONGJIANG, institution_code="H21138100001"),
            (409, "institution_not_listed"),
        ),
    }
    told = {}

    for name, (body, _) in cases.items():
        answers = {refusal_of(await window.discharge(body)), refusal_of(await window.preview(body))}
        told[name] = answers.pop() if len(answers) == 1 else answers

    assert told == {name: expected for name, (_, expected) in cases.items()}
    assert await window.row_counts() == stored


async def test_a_discharge_today_is_settled_by_the_china_day(window: Window) -> None:
    window.now = datetime(2017, 6, 1, 16, 0, tzinfo=UTC)

    today = await window.discharge(a_stay(on="2017-06-02"))
    tomorrow = await window.discharge(a_stay(on="2017-06-03"))

    assert today.status_code == 201
    assert refusal_of(tomorrow) == DATES


async def test_a_stay_of_one_day_and_stays_that_overlap_are_settled(window: Window) -> None:
    one_day = a_stay(admitted_on="2016-09-12", discharged_on="2016-09-12")
    around = a_stay(admitted_on="2016-09-01", discharged_on="2016-09-20")

    assert [(await window.discharge(each)).status_code for each in (one_day, around)] == [201, 201]


async def test_a_discharge_without_bill_and_lines_has_no_amounts(window: Window) -> None:
    stored = await window.row_counts()

    answers = [await window.discharge(a_stay(bill=None)), await window.discharge(a_stay(bill=None, lines=[]))]

    assert {refusal_of(each)[0] for each in answers} == {422}
    assert len({refusal_of(each) for each in answers}) == 1
    assert await window.row_counts() == stored


MIXED = [
    # all in scope
    a_line(amount_fen=10_000),
    # a tenth of 10005 is 1000.5, half up 1001
    a_line(catalogue_class="B", amount_fen=10_005, self_pay_ratio="0.1"),
    # nothing in scope, whatever else the line says
    a_line(catalogue_class="C", amount_fen=5_000, limit_price="10", self_pay_ratio="0.5"),
    # (30 - 25) x 3 above the limit
    a_line(quantity="3", unit_price="30", limit_price="25", amount_fen=9_000),
    # (0.333 - 0.3) x 10 = 33 fen above the limit; 15 % of the other 300
    a_line(
        catalogue_class="B", quantity="10", unit_price="0.333", limit_price="0.3", amount_fen=333, self_pay_ratio="0.15"
    ),
    # 0.035 is 3.5 fen, half up 4
    a_line(unit_price="0.335", limit_price="0.3", amount_fen=34),
    # below its limit
    a_line(unit_price="20", limit_price="25", amount_fen=2_000),
    # a share of the patient's belongs to class B alone
    a_line(amount_fen=1_000, self_pay_ratio="0.2"),
]
PARTS = {
    "total_fen": 37_372,
    "own_expense_fen": 5_000,
    "over_limit_fen": 1_537,
    "first_self_pay_fen": 1_046,
    "in_scope_fen": 29_789,
}


async def test_a_bill_is_made_of_its_lines_each_rounded_by_itself(window: Window) -> None:
    made = await window.settle(a_stay(bill=None, lines=MIXED))
    stated = await window.settle(a_stay(bill=PARTS, lines=MIXED))

    assert {name: made[name] for name in PARTS} == PARTS
    assert amounts_of(made) == amounts_of(stated) == ("ordinary", {}, "373.72")


async def test_a_line_s_amount_rules_and_is_not_recomputed_from_price(window: Window) -> None:
    made = await window.settle(a_stay(bill=None, lines=[a_line(quantity="3", unit_price="100", amount_fen=12_345)]))

    assert (made["total_fen"], made["in_scope_fen"]) == (12_345, 12_345)


async def test_five_thousand_lines_are_settled_and_one_more_is_refused(window: Window) -> None:
    most = await window.discharge(a_stay(bill=None, lines=[a_line(amount_fen=1)] * 5_000))
    above = await window.discharge(a_stay(bill=None, lines=[a_line(amount_fen=1)] * 5_001))

    assert (most.status_code, most.json()["total_fen"]) == (201, 5_000)
    assert refusal_of(above) == (422, "malformed_body")


async def test_what_is_odd_but_well_formed_never_breaks_the_service(window: Window) -> None:
    huge = 10**13
    odd: dict[str, dict[str, Any]] = {
        "a limit below nothing left": a_stay(
            bill=None, lines=[a_line(quantity="1000000", unit_price="9", limit_price="0", amount_fen=1)]
        ),
        "the greatest amounts": a_stay(bill=None, lines=[a_line(amount_fen=huge)] * 3),
        "the greatest bill": a_stay(bill=a_bill("0") | {"total_fen": huge, "in_scope_fen": huge}),
        "the greatest relief": a_stay(bill=a_bill("1", prior_relief_fen=huge)),
        "the longest quantity": a_stay(bill=None, lines=[a_line(quantity="999999999999.99999999", limit_price="0")]),
        "a line outside of the stay": a_stay(bill=None, lines=[a_line(occurred_on="2030-01-01")]),
        "admitted in year one": a_stay(admitted_on="0001-01-01"),
        "a newborn of tomorrow": a_stay(
            patient={
                "temporary": {
                    "name": "王小",
                    "birth_date": "9999-12-31",
                    "sex": "male",
                    "head_citizen_id": a_number(),
                }
            }
        ),
        "a name of markup": a_stay(patient={"citizen_id": a_number(), "name": "'; DROP TABLE posting; --<script>"}),
        "a record number of signs": a_stay(record_no="%00/../'\";\u202e🏥"),
    }

    for name, body in odd.items():
        stored = await window.row_counts()
        answer = await window.discharge(body)
        if answer.status_code == 201:
            amounts_of(answer.json())
        else:
            assert refusal_of(answer), name
            assert await window.row_counts() == stored, name
