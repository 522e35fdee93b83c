"""What is still owed, what the centre paid first, and books of clearing that were tampered with."""

import asyncio
from datetime import UTC, datetime

import pytest

from common.kit.cause import Cause
from common.kit.testing import bearer
from services.settlement import books
from tests.integration.settlement.clearing_desk import FUND, balances, board, closed, of_fund, opened
from tests.integration.settlement.conftest import COUNTY, ELSEWHERE, FAR_HOSPITAL, HOSPITAL, OTHER_HOSPITAL, a_number


class TestBoard:
    async def test_says_what_each_fund_owes_by_age_as_the_ledger_does(self, counter, settled):
        counter.now = datetime(2017, 1, 20, 2, 0, tzinfo=UTC)
        fresh = await counter.settle("R4", patient={"citizen_id": a_number(2), "name": "李某某"})
        await counter.reverse(await counter.settle("R5", patient={"citizen_id": a_number(3), "name": "张某某"}))

        shown = await board(counter)

        basic = next(each for each in shown["items"] if each["fund"] == FUND)
        assert (basic["institution_code"], basic["stay_count"], basic["oldest_on"]) == (HOSPITAL, 4, "2016-09-12")
        assert (basic["to_30_days_fen"], basic["to_180_days_fen"]) == (of_fund(fresh), of_fund(*settled))
        assert basic["to_90_days_fen"] == basic["beyond_fen"] == 0
        owed = [f"receivable:{each['fund']}" for each in shown["items"]]
        assert [each["owed_fen"] for each in shown["items"]] == await balances(counter, *owed)
        assert shown["owed_fen"] == sum(each["owed_fen"] for each in shown["items"])

    @pytest.mark.usefixtures("settled")
    async def test_shows_a_hospital_itself_alone(self, counter):
        assert (await board(counter, counter.hospital))["owed_fen"] > 0
        assert (await board(counter, counter.other_hospital)) == {"items": [], "owed_fen": 0}

    async def test_shows_a_bureau_one_hospital_where_it_asks_for_one(self, counter):
        await counter.hold()
        await counter.settle()
        path = "/v1/exposures"

        one = await counter.get(path, counter.bureau, institution_code=HOSPITAL)
        none = await counter.get(path, counter.bureau, institution_code=OTHER_HOSPITAL)
        foreign = await counter.get(path, counter.hospital, institution_code=OTHER_HOSPITAL)

        assert one.json() == await board(counter)
        assert none.json()["items"] == []
        assert (foreign.status_code, foreign.json()["code"]) == (403, "not_yours")

    @pytest.mark.usefixtures("settled")
    async def test_who_speaks_for_nobody_sees_nothing(self, counter):
        nobody = bearer("funds", client_id="b9")

        answers = [await counter.get(path, nobody) for path in ("/v1/clearings", "/v1/exposures")]

        assert {each.status_code for each in answers} == {404}


class TestCentre:
    """Rongjiang 2015: the centre pays the hospitals first, the other payers repay it each quarter."""

    @pytest.fixture
    async def fronted(self, counter):
        counter.hospital = bearer("his", client_id="h3", institution_code=FAR_HOSPITAL, county=ELSEWHERE)
        counter.bureau = counter.other_bureau
        counter.now = datetime(2016, 9, 12, 2, 0, tzinfo=UTC)
        await counter.hold("allowance_recipient", county=ELSEWHERE)
        fields = {"county": ELSEWHERE, "institution_code": FAR_HOSPITAL, "discharged_on": "2016-09-12"}
        answer = await counter.settle("R1", admitted_on="2016-09-01", **fields)
        fund = next(each["fund"] for each in answer["layers"] if each["fund"] != FUND and each["paid_fen"])
        counter.now = datetime(2016, 10, 2, 2, 0, tzinfo=UTC)
        for name in (FUND, fund):
            body = {"county": ELSEWHERE, "institution_code": FAR_HOSPITAL, "fund": name, "until": "2016-09-30"}
            batch = await counter.post("/v1/clearings", counter.bureau, **body)
            await closed(counter, batch.json())
        counter.now = datetime(2017, 1, 5, 2, 0, tzinfo=UTC)
        return fund, of_fund(answer, fund=fund)

    async def repaid(self, counter, fund, until="2016-12-31", **fields):
        body = {"county": ELSEWHERE, "fund": fund, "until": until} | fields
        return await counter.post("/v1/repayments", counter.bureau, **body)

    async def test_is_owed_by_the_other_payers_until_they_repay(self, counter, fronted):
        fund, amount = fronted
        before = await balances(counter, f"centre_claim:{fund}", "centre_bank")
        answer = await self.repaid(counter, fund)
        again = await self.repaid(counter, fund)

        assert before == [amount, -amount]
        assert (answer.status_code, answer.json()["amount_fen"], answer.json()["batch_count"]) == (201, amount, 1)
        assert (again.status_code, again.json()["code"]) == (409, "clearing_empty")
        assert await balances(counter, f"centre_claim:{fund}", "centre_bank", f"centre_claim:{FUND}") == [0, 0, 0]
        assert await books.verify(counter.database) == []

    async def test_is_repaid_once_however_many_ask_at_once(self, counter, fronted):
        fund, _ = fronted

        answers = await asyncio.gather(*(self.repaid(counter, fund) for _ in range(10)))

        assert sum(answer.status_code == 201 for answer in answers) == 1
        assert await balances(counter, f"centre_claim:{fund}", "centre_bank") == [0, 0]

    async def test_is_not_repaid_out_of_its_time_by_itself_or_where_nobody_pays_first(self, counter, fronted):
        fund, _ = fronted
        early = await self.repaid(counter, fund, "2017-03-31")
        odd = await self.repaid(counter, fund, "2016-11-30")
        last = await self.repaid(counter, fund, "9999-12-31")
        own = await self.repaid(counter, FUND)
        counter.bureau = bearer("funds", client_id="b1", county=COUNTY)
        direct = await self.repaid(counter, fund, county=COUNTY)

        assert [each.json()["code"] for each in (early, odd, last, own, direct)] == [
            "dates_impossible",
            "dates_impossible",
            "dates_impossible",
            "no_centre",
            "no_centre",
        ]


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE clearing_line SET amount_fen = amount_fen + 1 WHERE line_no = 1", "cleared_lines"),
        ("UPDATE clearing SET sum_fen = 1, accepted_fen = 1", "clearings"),
        ("DELETE FROM clearing_line WHERE line_no = 3", "clearings"),
        (
            "DELETE FROM posting USING journal_entry e WHERE e.entry_id = posting.entry_id AND e.kind = 'clearing'",
            "clearings",
        ),
    ],
    ids=["line", "sum", "line gone", "not paid"],
)
@pytest.mark.usefixtures("settled")
async def test_tampering_is_found(counter, statement, check):
    await closed(counter, (await opened(counter)).json())
    async with counter.database.unit_of_work(Cause("thief")) as uow:
        await uow.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        await uow.connection.exec_driver_sql(statement)

    assert check in {line.split(" ")[0] for line in await books.verify(counter.database)}
