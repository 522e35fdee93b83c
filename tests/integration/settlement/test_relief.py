"""Gap cases and precise relief: found, named, decided by two people, booked once and from money that is there."""

import asyncio

from prometheus_client import REGISTRY

from common.kit.testing import bearer
from services.settlement import books
from tests.integration.settlement.clearing_desk import board
from tests.integration.settlement.conftest import COUNTY, ELSEWHERE, NAME, NUMBER, a_discharge, a_number, person_of
from tests.integration.settlement.relief_desk import (
    FAR,
    FAR_STAY,
    FUND,
    LEDGER,
    approved,
    cases,
    decided,
    give,
    grant,
    heavy,
    named,
    planned,
    relief,
    results,
    share,
    work,
)
from tests.integration.settlement.test_books import checks, tamper


def waiting(ledger=LEDGER):
    labels = {"county": COUNTY, "fund": FUND, "ledger": ledger}
    return REGISTRY.get_sample_value("relief_waiting_fen", labels)


async def left(counter):
    answer = await counter.get(f"/v1/funds/{FUND}/budgets", counter.bureau, county=COUNTY, year=2016)
    return answer.json()["available_fen"]


class TestFinding:
    async def test_a_stay_below_the_target_becomes_a_case_with_what_is_missing(self, counter):
        await counter.hold(county=ELSEWHERE)
        settled = await counter.settle("R1", FAR, **FAR_STAY)
        await counter.post("/v1/discharges", FAR, **a_discharge("R1", **FAR_STAY))
        await counter.post("/v1/discharges/preview", FAR, **a_discharge("R2", **FAR_STAY))

        [found] = await cases(counter, counter.other_bureau)

        assert (found["settlement_id"], found["state"]) == (settled["settlement_id"], "open")
        assert found["missing_fen"] == settled["total_fen"] * 9 // 10 - settled["fund_paid_fen"]
        assert found["patient_pays_fen"] == settled["patient_pays_fen"]

    async def test_where_no_target_is_set_the_bureau_names_the_stay_once(self, counter):
        settled = await counter.settle("R1")
        assert await cases(counter) == []

        first, second = [await named(counter, settled) for _ in range(2)]

        assert first == second
        assert (first["missing_fen"], first["named_by"], first["state"]) == (None, "甲", "open")

    async def test_a_reversed_stay_is_void_and_its_successor_a_case_of_its_own(self, counter):
        await counter.hold(county=ELSEWHERE)
        first = await counter.settle("R1", FAR, **FAR_STAY)
        await counter.reverse(first, FAR)
        second = await counter.settle("R1", FAR, **FAR_STAY)

        found = {each["settlement_id"]: each["state"] for each in await cases(counter, counter.other_bureau)}

        assert found == {first["settlement_id"]: "void", second["settlement_id"]: "open"}

    async def test_are_listed_by_state_and_page(self, counter):
        stays = [await heavy(counter, record) for record in ("R1", "R2", "R3")]
        await planned(counter, grant(stays[1]))

        whole = await cases(counter)
        page = (await counter.get("/v1/gap-cases", counter.bureau, limit=2)).json()
        rest = (await counter.get("/v1/gap-cases", counter.bureau, limit=2, cursor=page["next_cursor"])).json()

        assert [each["state"] for each in whole] == ["open", "proposed", "open"]
        assert [*page["items"], *rest["items"]] == whole
        assert [each["record_no"] for each in await cases(counter, state="proposed")] == ["R2"]
        assert (await counter.get("/v1/gap-cases", bearer("funds", client_id="x"))).status_code == 404


class TestBooking:
    async def test_an_approved_grant_is_paid_back_cleared_told_and_published(self, counter):
        settled = await heavy(counter)
        await give(counter)
        plan = await approved(counter, grant(settled, 300_000))
        await work(counter)

        told = (await relief(counter, settled)).json()
        [line] = await counter.rows(
            "SELECT kind, amount_fen FROM posting JOIN journal_entry USING (entry_id) WHERE layer = 'precise_relief'"
        )
        owed = next(item for item in (await board(counter))["items"] if item["fund"] == FUND)
        public = (await counter.get(f"/v1/relief-plans/{plan['plan_id']}/publication", counter.bureau)).json()
        events = await counter.rows("SELECT key FROM outbox_event WHERE type LIKE '%supplement_booked%'")

        assert (told["amount_fen"], told["fund"], told["relief_class"]) == (300_000, FUND, "still_heavy")
        assert line == ("relief", 300_000)
        assert await share(counter, settled) == settled["patient_pays_fen"] - 300_000
        assert owed["owed_fen"] == 300_000
        assert (public["booked_fen"], public["fund"]["zh"]) == (300_000, "扶贫专项资金拨入财政城乡医疗救助专户")
        for private in (NAME, NUMBER, str(person_of()), settled["settlement_id"], "R1", "三口人", "甲", "乙"):
            assert private not in str(public)
        assert len(events) == 1
        assert [each["state"] for each in await cases(counter)] == ["relieved"]
        assert await books.verify(counter.database) == []

    async def test_declined_the_case_is_open_again(self, counter):
        settled = await heavy(counter)
        plan = await planned(counter, grant(settled))
        await decided(counter, plan, decision="declined")
        await work(counter)

        assert await results(counter, plan) == ["declined"]
        assert (await relief(counter, settled)).status_code == 404
        assert [each["state"] for each in await cases(counter)] == ["open"]
        assert (await planned(counter, grant(settled)))["state"] == "proposed"

    async def test_a_settlement_that_is_reversed_gives_its_relief_back(self, counter):
        settled = await heavy(counter)
        await give(counter)
        await approved(counter, grant(settled))
        await work(counter)
        before = await left(counter)
        [case] = await cases(counter)
        await counter.reverse(settled)
        public = (await counter.get(f"/v1/relief-plans/{case['plan_id']}/publication", counter.bureau)).json()

        open_sums = await counter.rows("SELECT account FROM posting GROUP BY account HAVING sum(amount_fen) <> 0")

        assert (before, await left(counter), open_sums) == (900_000, 1_000_000, [])
        assert (await relief(counter, settled)).json()["result"] == "taken_back"
        assert (public["booked_fen"], public["grants"][0]["result"]) == (0, "taken_back")
        assert await books.verify(counter.database) == []


class TestBooks:
    async def test_show_what_no_plan_grants_and_what_a_patient_has_too_much(self, counter):
        settled = await heavy(counter)
        await give(counter)
        await approved(counter, grant(settled))
        await work(counter)

        await tamper(counter, "UPDATE relief_grant SET cut_fen = 1")
        more = await checks(counter)
        await tamper(counter, "UPDATE relief_grant SET cut_fen = 0")
        await tamper(counter, "UPDATE posting SET amount_fen = amount_fen * 1000 WHERE layer = 'precise_relief'")
        await tamper(
            counter,
            "UPDATE posting p SET amount_fen = p.amount_fen * 1000 FROM journal_entry e "
            "WHERE e.entry_id = p.entry_id AND e.kind = 'relief' AND p.account = 'patient_share'",
        )
        found = await books.verify(counter.database)

        assert more == {"relief"}
        assert {line.split(" ")[0] for line in found} == {"relief"}
        assert any("more than was paid" in line for line in found)


class TestMoney:
    async def test_an_empty_fund_lets_approvals_wait_and_says_so(self, counter):
        first, second = [await heavy(counter, record) for record in ("R1", "R2")]
        await give(counter, 100_000)
        plan = await approved(counter, grant(first, 150_000), grant(second, 50_000))
        await work(counter)
        held = (await results(counter, plan), waiting(), await left(counter))

        await give(counter, 60_000)
        await work(counter)
        partly = (await results(counter, plan), waiting(), await left(counter))
        await give(counter, 40_000)
        await work(counter)

        assert held == (["waiting", "waiting"], 200_000, 100_000)
        assert partly == (["booked", "waiting"], 50_000, 10_000)
        assert (await results(counter, plan), waiting(), await left(counter)) == (["booked", "booked"], 0, 0)

    async def test_a_sub_ledger_is_emptied_by_relief_alone_and_the_fund_itself_by_everything(self, counter):
        await counter.hold("allowance_recipient")
        assisted = await heavy(counter)
        paid = sum(each["paid_fen"] for each in assisted["layers"] if each["fund"] == FUND)
        await give(counter, 100_000)
        await give(counter, paid + 30_000, ledger=None)
        other = await heavy(counter, "R2", patient={"citizen_id": a_number(1), "name": "李某"})
        plans = [
            await approved(counter, grant(assisted, 100_000)),
            await approved(counter, grant(other, 30_001), ledger=None),
        ]
        await work(counter)
        held = [await results(counter, plan) for plan in plans]
        await give(counter, 1, ledger=None)
        await work(counter)

        assert paid > 0
        assert held == [["booked"], ["waiting"]]
        assert (await results(counter, plans[1]), await left(counter)) == (["booked"], 0)

    async def test_two_workers_at_once_spend_what_is_there_once(self, counter):
        stays = [await heavy(counter, f"R{at}") for at in range(4)]
        await give(counter, 250_000)
        plans = [await approved(counter, grant(each)) for each in stays]

        await asyncio.gather(*(work(counter) for _ in range(4)))

        found = [(await results(counter, plan))[0] for plan in plans]
        assert (found.count("booked"), found.count("waiting")) == (2, 2)
        assert await left(counter) == 50_000
        assert await books.verify(counter.database) == []

    async def test_a_budget_of_another_year_pays_nothing(self, counter):
        settled = await heavy(counter)
        await give(counter, year=2017, effective_on="2017-01-01")
        plan = await approved(counter, grant(settled))
        await work(counter)

        assert await results(counter, plan) == ["waiting"]
