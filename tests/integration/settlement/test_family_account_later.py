"""What becomes of a draw: undone, cleared, corrected, and what a bureau brings along for a household."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import text

from common.kit.testing import bearer
from tests.integration.settlement.clearing_desk import opened as opened_clearing
from tests.integration.settlement.conftest import (
    BILL,
    COUNTY,
    ELSEWHERE,
    NUMBER,
)
from tests.integration.settlement.family_desk import (
    EVERY,
    HOME,
    YEARLY,
    account,
    brought,
    findings,
    housed,
    left,
    split,
    visit,
    with_account,
)
from tests.integration.settlement.relief_desk import named
from tests.integration.settlement.rerating_desk import POLICIES, booked, categorise, opened, rating, withdraw_all


@pytest.fixture
def policies():
    return with_account(POLICIES)


class TestUndoing:
    async def test_a_reversal_puts_the_draw_back_once(self, counter):
        await housed(counter, NUMBER)
        settled = await visit(counter, "R1")

        path = f"/v1/settlements/{settled['settlement_id']}/reversal"
        told = await asyncio.gather(*(counter.post(path, reason="录错") for _ in range(3)))

        assert sorted(each.status_code for each in told) == [200, 200, 201]

        assert await left(counter) == YEARLY
        assert await findings(counter) == []
        assert split(await visit(counter, "R1")) == (8_000, 8_000, 0)
        assert await left(counter) == 4_000

    async def test_a_draw_is_cleared_with_its_hospital_as_a_fund_of_its_own(self, counter):
        await housed(counter, NUMBER)
        await visit(counter, "R1")
        counter.now = datetime(2016, 10, 2, 2, 0, tzinfo=UTC)

        batch = await opened_clearing(counter, fund="family_account")

        assert batch.status_code == 201, batch.text
        assert (batch.json()["line_count"], batch.json()["sum_fen"]) == (1, 8_000)

    async def test_the_slip_shows_what_the_account_paid(self, counter):
        await housed(counter, NUMBER)
        await visit(counter, "R1")
        settled = await visit(counter, "R2")

        slip = (await counter.get(f"/v1/settlements/{settled['settlement_id']}/slip")).text

        assert "其中：门诊家庭账户支付" in slip
        assert slip.count("40.00 元") >= 2


class TestCorrections:
    @pytest.fixture
    def policies(self):
        return with_account(POLICIES, EVERY, yearly=3_000_000)

    async def test_give_back_what_a_layer_pays_after_all(self, counter, policies):
        await housed(counter, NUMBER)
        await withdraw_all(counter)
        settled = await counter.settle("R1")
        assert settled["cash_fen"] == 0
        await categorise(counter, withdrawn=False)

        case = await booked(counter, await opened(counter, rating(policies)), rating(policies))

        assert case["state"] == "booked"
        answer = await counter.get(f"/v1/settlements/{settled['settlement_id']}/corrections")
        [corrected] = [each["result"] for each in answer.json()["items"]]
        assert corrected["patient_pays_fen"] < settled["patient_pays_fen"]
        assert split(corrected) == (corrected["patient_pays_fen"], corrected["patient_pays_fen"], 0)
        assert corrected["hospital_advances_fen"] == corrected["total_fen"]
        assert await left(counter) == 3_000_000 - corrected["patient_pays_fen"]
        assert await findings(counter) == []
        await counter.reverse(settled)
        assert await left(counter) == 3_000_000
        assert await findings(counter) == []

    async def test_leave_a_draw_that_is_below_the_new_share(self, counter, policies):
        await housed(counter, NUMBER)
        answer = await counter.settle("R1", bill=BILL | {"total_fen": 5_200_000})
        await withdraw_all(counter)

        await booked(counter, await opened(counter, rating(policies), cause="backdated_category"), rating(policies))

        drawn = (await account(counter))["moves"]
        assert [each["kind"] for each in drawn if each["settlement_id"] == answer["settlement_id"]] == ["draw"]
        assert await findings(counter) == []

    async def test_relief_gives_no_more_than_the_cash(self, counter):
        await housed(counter, NUMBER)
        settled = await counter.settle("R1")
        await named(counter, settled)
        body = {"county": COUNTY, "fund": "medical_assistance", "ledger": "precise_relief", "document": "方案"}
        body |= {"proposed_by": "甲"}
        grant = {"settlement_id": settled["settlement_id"], "relief_class": "still_heavy"}
        grant |= {"weighed": ["burden"], "amount_fen": 1, "note": "负担"}

        refused = await counter.post("/v1/relief-plans", counter.bureau, **body, grants=[grant])

        assert settled["cash_fen"] == 0
        assert refused.status_code == 409, refused.text


class TestBureau:
    async def test_books_what_a_household_brings_along_and_corrects_it(self, counter):
        await housed(counter, NUMBER)

        first = await brought(counter, 5_000)
        again = await brought(counter, 5_000)
        lower = await brought(counter, 1_000)

        assert [each.json()["available_fen"] for each in (first, again, lower)] == [17_000, 17_000, 13_000]
        assert first.status_code == 201
        assert split(await visit(counter, "R1", fen=20_000)) == (20_000, 13_000, 7_000)
        refused = await brought(counter, 0)
        assert (refused.status_code, refused.json()["code"]) == (409, "already_drawn")
        assert await left(counter) == 0
        assert await findings(counter) == []

    async def test_of_another_county_and_a_household_of_nobody_are_refused(self, counter):
        await housed(counter, NUMBER)
        foreign = await counter.get(f"/v1/family-accounts/{HOME}", counter.other_bureau, county=COUNTY)
        nobody = await counter.get(f"/v1/family-accounts/{uuid4()}", counter.bureau, county=COUNTY)
        elsewhere = await counter.get(f"/v1/family-accounts/{HOME}", counter.other_bureau, county=ELSEWHERE)
        unlisted = bearer("funds", client_id="b9", county="999999")
        unknown = await counter.get(f"/v1/family-accounts/{HOME}", unlisted, county="999999")

        told = [(each.status_code, each.json()["code"]) for each in (foreign, nobody, elsewhere, unknown)]
        assert told == [(403, "not_yours"), (404, "not_found"), (404, "not_found"), (409, "county_unknown")]

    async def test_the_books_find_a_move_that_nobody_booked(self, counter):
        await housed(counter, NUMBER)
        settled = await visit(counter, "R1")
        async with counter.database.engine.begin() as connection:
            await connection.execute(text("UPDATE family_account SET balance_fen = balance_fen + 1"))
            await connection.execute(
                text(
                    "INSERT INTO family_account_move (move_id, household_id, kind, year, settlement_id, amount_fen, "
                    "booked_at) VALUES (gen_random_uuid(), :home, 'return', 2016, :settlement, 1, now())"
                ),
                {"home": HOME, "settlement": settled["settlement_id"]},
            )

        assert {each.check for each in await findings(counter)} == {"family_accounts"}
