"""A hospital holds its sheet against ours, over HTTP and a real database."""

from datetime import UTC, datetime

import pytest

from common.kit.testing import bearer
from tests.integration.settlement.conftest import COUNTY

DAY = "2016-09-12"


@pytest.fixture
async def settled(counter):
    """Two live ones and a reversed one of the twelfth, and one of the thirteenth, which China began at 16:00 UTC."""
    await counter.hold()
    answers = [await counter.settle(record) for record in ("R1", "R2", "R3")]
    await counter.reverse(answers[2])
    counter.now = datetime(2016, 9, 12, 16, 0, tzinfo=UTC)
    return [*answers, await counter.settle("R4")]


def a_line(answer):
    return {
        "record_no": answer["record_no"],
        "total_fen": answer["total_fen"],
        "fund_paid_fen": answer["fund_paid_fen"],
        "patient_paid_fen": answer["patient_pays_fen"],
    }


def a_sheet(*answers, **fields):
    lines = [a_line(each) for each in answers]
    sums = {name: sum(line[name] for line in lines) for name in ("total_fen", "fund_paid_fen", "patient_paid_fen")}
    return {"from": DAY, "to": DAY, "settlement_count": len(lines), **sums, **fields}


async def test_equal_totals_agree(counter, settled):
    answer = await counter.post("/v1/reconciliations", **a_sheet(*settled[:2]))

    found = answer.json()
    assert (answer.status_code, found["agrees"], found["differences"]) == (200, True, [])
    assert found["ours"] == found["theirs"]
    assert found["ours"]["settlement_count"] == 2


async def test_other_totals_do_not_and_details_say_why(counter, settled):
    sheet = a_sheet(*settled[1:], details=[a_line(each) for each in settled[1:]])

    found = (await counter.post("/v1/reconciliations", **sheet)).json()

    assert found["agrees"] is False
    assert found["ours"]["settlement_count"] == 2
    assert [(each["record_no"], each["reason"]) for each in found["differences"]] == [
        ("R3", "reversed"),
        ("R4", "settled_outside_period"),
        ("R1", "not_listed"),
    ]
    outside = found["differences"][1]["ours"]
    assert (outside["settlement_id"], outside["settled_on"], outside["state"]) == (
        settled[3]["settlement_id"],
        "2016-09-13",
        "settled",
    )


async def test_totals_that_agree_do_not_hide_a_line_that_does_not(counter, settled):
    sheet = a_sheet(*settled[:2], details=[a_line(settled[0]), {**a_line(settled[1]), "record_no": "R9"}])

    found = (await counter.post("/v1/reconciliations", **sheet)).json()

    assert found["ours"] == found["theirs"]
    assert (found["agrees"], [each["reason"] for each in found["differences"]]) == (
        False,
        ["not_settled", "not_listed"],
    )


async def test_another_hospital_sees_only_its_own(counter, settled):
    sheet = a_sheet(*settled[:2], details=[a_line(each) for each in settled[:2]])

    found = (await counter.post("/v1/reconciliations", counter.other_hospital, **sheet)).json()

    assert found["ours"]["settlement_count"] == 0
    assert [(each["reason"], each["ours"]) for each in found["differences"]] == [("not_settled", None)] * 2


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "2016-09-11"}, "dates_impossible"),
        ({"to": "2016-12-13"}, "dates_impossible"),
        ({"total_fen": -1}, "malformed_body"),
        ({"first": DAY}, "malformed_body"),
        ({"details": [{"record_no": "R1"}]}, "malformed_body"),
    ],
)
async def test_a_wrong_sheet_is_told(counter, fields, code):
    answer = await counter.post("/v1/reconciliations", **a_sheet(**fields))

    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_the_ends_of_time_hold_nothing(counter, day):
    answer = await counter.post("/v1/reconciliations", **a_sheet(**{"from": day, "to": day}))

    assert (answer.status_code, answer.json()["agrees"]) == (200, True)


async def test_the_longest_period_is_a_quarter(counter):
    assert (await counter.post("/v1/reconciliations", **a_sheet(to="2016-12-12"))).status_code == 200


async def test_who_speaks_for_no_hospital_finds_nothing(counter):
    answer = await counter.post("/v1/reconciliations", bearer("his", county=COUNTY), **a_sheet())

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
