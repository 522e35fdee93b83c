"""Money set aside until a day: neither relief nor others take it, a counter always does."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.settlement.worker import relieve_step
from tests.integration.settlement.conftest import COUNTY
from tests.integration.settlement.relief_desk import APPROVED, CHARTS, a_plan, give, grant, heavy
from tests.integration.settlement.test_funds import budget, layer_fen

RESERVATIONS = "/v1/funds/medical_assistance/reservations"


async def reserve(counter, fen=60_000, *, headers=None, **fields):
    usual = {"county": COUNTY, "year": 2016, "ledger": "precise_relief", "amount_fen": fen, "purpose": "集中救治"}
    body = usual | {"expires_on": "2016-09-30"} | fields
    return await counter.post(RESERVATIONS, headers or counter.bureau, **body)


async def release(counter, reserved, headers=None):
    return await counter.post(f"{RESERVATIONS}/{reserved['reservation_id']}/release", headers or counter.bureau)


async def of_ledger(counter):
    found = {each["ledger"]: each for each in (await budget(counter))["accounts"]}
    return found["precise_relief"]


async def test_lowers_what_is_left_until_its_last_day_is_over(counter):
    await give(counter, 100_000)

    made = await reserve(counter)
    on_its_day = await of_ledger(counter)
    counter.now = datetime(2016, 9, 30, 15, 59, tzinfo=UTC)
    on_the_last = await of_ledger(counter)
    counter.now = datetime(2016, 9, 30, 16, 0, tzinfo=UTC)
    after = await of_ledger(counter)

    assert made.status_code == 201, made.text
    assert [(each["reserved_fen"], each["available_fen"]) for each in (on_its_day, on_the_last, after)] == [
        (60_000, 40_000),
        (60_000, 40_000),
        (0, 100_000),
    ]
    assert (await budget(counter, on="2016-09-30"))["reservations"][0]["purpose"] == "集中救治"


async def test_is_given_free_once_by_its_bureau(counter):
    await give(counter, 100_000)
    made = (await reserve(counter)).json()

    foreign = await release(counter, made, counter.other_bureau)
    first = await release(counter, made)
    counter.now = datetime(2016, 9, 20, tzinfo=UTC)
    again = await release(counter, made)
    nobody = await release(counter, {"reservation_id": uuid4()})

    assert [each.status_code for each in (foreign, first, again, nobody)] == [404, 200, 200, 404]
    assert first.json()["released_at"] == again.json()["released_at"] is not None
    assert (await of_ledger(counter))["available_fen"] == 100_000


async def test_many_at_once_never_set_aside_more_than_there_is(counter):
    await give(counter, 100_000)

    answers = await asyncio.gather(*(reserve(counter, 30_000) for _ in range(8)))

    assert sorted(each.status_code for each in answers) == [201] * 3 + [409] * 5
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"budget_too_small"}
    assert (await of_ledger(counter))["available_fen"] == 10_000


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"expires_on": "2016-09-11"}, "dates_impossible"),
        ({"expires_on": "2017-01-01"}, "dates_impossible"),
        ({"ledger": "other"}, "fund_unknown"),
        ({"amount_fen": 0}, "malformed_body"),
        ({"county": "522632"}, "not_yours"),
    ],
)
async def test_what_cannot_be_is_refused(counter, fields, code):
    await give(counter, 100_000)

    answer = await reserve(counter, **fields)

    assert answer.json()["code"] == code
    assert (await of_ledger(counter))["reserved_fen"] == 0


async def test_relief_waits_until_the_money_is_free(counter):
    await counter.hold()
    settled = await heavy(counter)
    await give(counter, 100_000)
    made = (await reserve(counter)).json()
    plan = (await counter.post("/v1/relief-plans", counter.bureau, **a_plan(grant(settled, 50_000)))).json()
    await counter.post(f"/v1/relief-plans/{plan['plan_id']}/decision", counter.bureau, **APPROVED)

    waited = not await relieve_step(counter.database, charts=CHARTS, clock=lambda: counter.now)
    await release(counter, made)
    went = await relieve_step(counter.database, charts=CHARTS, clock=lambda: counter.now)

    assert (waited, went) == (True, True)
    assert (await of_ledger(counter))["available_fen"] == 50_000


async def test_a_layer_at_the_counter_is_paid_whatever_is_set_aside(counter):
    await counter.hold("allowance_recipient")
    await give(counter, 100_000, ledger=None)
    await reserve(counter, 100_000, ledger=None)

    settled = await counter.settle()

    assert layer_fen(settled, "medical_assistance") > 0
    assert (await budget(counter))["available_fen"] == -layer_fen(settled, "medical_assistance")
