"""What a patient left without paying: the hospital's receivable, lessened by receipts, corrections and relief."""

import asyncio
from datetime import UTC, datetime

import pytest

from common.kit.testing import bearer
from services.settlement.worker import relieve_step
from tests.integration.settlement.conftest import COUNTY
from tests.integration.settlement.relief_desk import APPROVED, CHARTS, a_plan, grant, named, planned
from tests.integration.settlement.rerating_desk import booked, categorise, opened, withdraw_all

SHARE = 507_200
EMERGENCY = {"fund": "emergency_relief", "ledger": None}


async def left_unpaid(counter, settled, fen=SHARE, headers=None, **fields):
    body = {"amount_fen": fen, "due_on": "2016-12-31", "reference": "欠费协议1号"} | fields
    return await counter.post(f"/v1/settlements/{settled['settlement_id']}/unpaid-share", headers, **body)


async def received(counter, settled, fen, headers=None, **fields):
    body = {"amount_fen": fen, "received_on": "2016-09-12", "reference": "收据1号"} | fields
    return await counter.post(f"/v1/settlements/{settled['settlement_id']}/receipts", headers, **body)


async def board(counter, headers=None, **query):
    return (await counter.get("/v1/unpaid-shares", headers, **query)).json()["items"]


@pytest.fixture
async def stay(counter):
    await counter.hold()
    settled = await counter.settle()
    assert settled["patient_pays_fen"] == 857_200
    return settled


async def test_a_share_is_paid_bit_by_bit_until_nothing_is_open(counter, stay):
    noted = await left_unpaid(counter, stay)
    first = await received(counter, stay, 200_000)
    last = await received(counter, stay, SHARE - 200_000)

    assert [each.status_code for each in (noted, first, last)] == [201, 201, 201]
    assert [each.json()["open_fen"] for each in (noted, first, last)] == [SHARE, SHARE - 200_000, 0]
    [shown] = await board(counter)
    assert (shown["share_fen"], shown["deferred_fen"], shown["received_fen"]) == (857_200, SHARE, SHARE)


async def test_what_is_promised_and_not_paid_is_overdue_the_day_after(counter, stay):
    await left_unpaid(counter, stay)
    counter.now = datetime(2016, 12, 31, 15, 0, tzinfo=UTC)
    [on_the_day] = await board(counter, counter.bureau)
    counter.now = datetime(2016, 12, 31, 16, 0, tzinfo=UTC)
    [after] = await board(counter, counter.bureau)

    assert (on_the_day["overdue"], after["overdue"]) == (False, True)


async def test_what_cannot_be_is_refused(counter, stay):
    before = await received(counter, stay, 1)
    too_much = await left_unpaid(counter, stay, 857_201)
    past = await left_unpaid(counter, stay, due_on="2016-09-11")
    await left_unpaid(counter, stay)
    twice = await left_unpaid(counter, stay)
    above = await received(counter, stay, SHARE + 1)
    future = await received(counter, stay, 1, received_on="2016-09-13")
    foreign = await received(counter, stay, 1, counter.other_hospital)

    told = [(each.status_code, each.json()["code"]) for each in (before, too_much, past, twice, above, future, foreign)]
    assert told == [
        (409, "nothing_deferred"),
        (409, "more_than_open"),
        (422, "dates_impossible"),
        (409, "already_deferred"),
        (409, "more_than_open"),
        (422, "dates_impossible"),
        (404, "not_found"),
    ]
    nobody = await counter.get("/v1/unpaid-shares", bearer("his", client_id="h9"))
    assert (nobody.status_code, nobody.json()["code"]) == (404, "not_found")
    assert await board(counter, counter.other_hospital) == []
    assert await board(counter, counter.other_bureau) == []


async def test_receipts_at_once_never_pass_what_is_open(counter, stay):
    await left_unpaid(counter, stay)

    answers = await asyncio.gather(*(received(counter, stay, 200_000) for _ in range(5)))

    assert sorted(each.status_code for each in answers) == [201, 201, 409, 409, 409]
    assert [each["open_fen"] for each in await board(counter)] == [SHARE - 400_000]


async def test_a_correction_lessens_what_is_open_and_may_turn_it_round(counter):
    await counter.hold()
    await withdraw_all(counter)
    settled = await counter.settle()
    share = settled["patient_pays_fen"]
    await left_unpaid(counter, settled, 100_000)
    await categorise(counter, withdrawn=False)

    await booked(counter, await opened(counter))

    [shown] = await board(counter)
    assert shown["share_fen"] == 857_200 < share - 100_000
    assert (shown["open_fen"], shown["to_return_fen"]) == (0, share - 100_000 - 857_200)


async def test_a_reversal_leaves_nothing_open_and_what_was_paid_to_be_returned(counter, stay):
    await left_unpaid(counter, stay)
    await counter.reverse(stay)

    [shown] = await board(counter)
    late = await received(counter, stay, 1)

    assert (shown["open_fen"], shown["to_return_fen"]) == (0, 857_200 - SHARE)
    assert late.status_code == 404


class TestEmergencyRelief:
    @pytest.fixture
    async def unpaid(self, counter, stay):
        await left_unpaid(counter, stay)
        await named(counter, stay)
        body = {"county": COUNTY, "year": 2016, "effective_on": "2016-01-01", "amount_fen": 10**7, "source": "财社1号"}
        given = await counter.post("/v1/funds/emergency_relief/budgets", counter.bureau, **body)
        assert given.status_code == 201, given.text
        return stay

    async def test_pays_the_hospital_what_a_patient_left_unpaid(self, counter, unpaid):
        wanted = grant(unpaid, SHARE, relief_class="emergency_unpaid")
        plan = await planned(counter, wanted, **EMERGENCY)
        await counter.post(f"/v1/relief-plans/{plan['plan_id']}/decision", counter.bureau, **APPROVED)

        assert await relieve_step(counter.database, charts=CHARTS, clock=lambda: counter.now)

        [shown] = await board(counter)
        assert (shown["share_fen"], shown["open_fen"]) == (857_200 - SHARE, 0)

    async def test_is_for_unpaid_shares_alone_and_they_for_it(self, counter, unpaid):
        refused = [
            await counter.post("/v1/relief-plans", counter.bureau, **a_plan(wanted, **fields))
            for wanted, fields in (
                (grant(unpaid, 100), EMERGENCY),
                (grant(unpaid, SHARE + 1, relief_class="emergency_unpaid"), EMERGENCY),
                (grant(unpaid, 100, relief_class="emergency_unpaid"), {}),
            )
        ]

        assert {(each.status_code, each.json()["code"]) for each in refused} == {(409, "off_emergency")}

    async def test_does_not_pay_what_has_come_in_meanwhile(self, counter, unpaid):
        plan = await planned(counter, grant(unpaid, SHARE, relief_class="emergency_unpaid"), **EMERGENCY)
        await counter.post(f"/v1/relief-plans/{plan['plan_id']}/decision", counter.bureau, **APPROVED)
        await received(counter, unpaid, 1)

        await relieve_step(counter.database, charts=CHARTS, clock=lambda: counter.now)

        [told] = (await counter.get(f"/v1/relief-plans/{plan['plan_id']}", counter.bureau)).json()["grants"]
        assert told["result"] == "outdated"
