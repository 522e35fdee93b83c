"""Totals from before the start: kept as the paper has them, whether they add up or not."""

from datetime import UTC, datetime

import pytest

from tests.integration.settlement.conftest import COUNTY, ELSEWHERE

# Rongjiang 2015: 3628 万 in all, 新农合 2545 and 民政 843 named.
PARTS = [
    {"fund": "rural_cooperative", "name": "新农合", "amount_fen": 2_545_000_000},
    {"fund": "civil_affairs", "name": "民政", "amount_fen": 843_000_000},
]


async def report(counter, headers=None, **fields):
    usual = {"county": ELSEWHERE, "year": 2015, "total_fen": 3_628_000_000, "parts": PARTS, "source": "工作总结"}
    return await counter.post("/v1/reported-totals", headers or counter.other_bureau, **usual | fields)


async def reported(counter, year=2015):
    answer = await counter.get("/v1/reported-totals", counter.other_bureau, county=ELSEWHERE, year=year)
    return answer.json()["items"]


async def test_are_kept_as_reported_with_the_difference(counter):
    first = await report(counter)
    counter.now = datetime(2016, 9, 13, tzinfo=UTC)
    second = await report(counter, parts=[*PARTS, {"name": "其他", "amount_fen": 240_000_001}], source="更正")

    assert [each.status_code for each in (first, second)] == [201, 201]
    assert [(each["difference_fen"], each["source"]) for each in await reported(counter)] == [
        (240_000_000, "工作总结"),
        (-1, "更正"),
    ]
    assert (await reported(counter))[1]["parts"][2] == {"fund": None, "name": "其他", "amount_fen": 240_000_001}
    assert await reported(counter, 2014) == []


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"parts": [{"fund": "treasury", "name": "财政", "amount_fen": 1}]}, (404, "fund_unknown")),
        ({"county": COUNTY}, (403, "not_yours")),
        ({"total_fen": -1}, (422, "malformed_body")),
    ],
)
async def test_what_cannot_be_is_refused(counter, fields, told):
    answer = await report(counter, **fields)

    assert (answer.status_code, answer.json()["code"]) == told
    assert await reported(counter) == []
