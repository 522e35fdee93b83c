"""A hospital's money comes back: batches, verdicts, payment and who may see them, over HTTP and a real database."""

import asyncio

import pytest

from common.kit.cause import Cause
from common.kit.testing import bearer
from services.settlement import books
from services.settlement.adapters import clearings
from services.settlement.usecases import open_clearing
from tests.integration.settlement.clearing_desk import (
    FUND,
    IN_NOVEMBER,
    OCTOBER,
    SEPTEMBER,
    balances,
    board,
    closed,
    judged,
    lines,
    of_fund,
    opened,
)
from tests.integration.settlement.conftest import COUNTY, ELSEWHERE, FAR_HOSPITAL, HOSPITAL, OTHER_HOSPITAL

UNCHECKED = clearings._GATHER.replace("AND l.verdict IS DISTINCT FROM 'postponed'", "AND false", 1)


class TestBatch:
    async def test_holds_what_the_fund_owes_and_pays_it_once(self, counter, settled):
        batch = (await opened(counter)).json()
        first, again = await closed(counter, batch), await closed(counter, batch)

        assert (batch["state"], batch["line_count"], batch["sum_fen"]) == ("open", 3, of_fund(*settled))
        assert first == again
        assert (first["state"], first["accepted_fen"], first["refused_fen"]) == ("closed", of_fund(*settled), 0)
        assert await balances(counter, f"receivable:{FUND}", "hospital_bank") == [0, of_fund(*settled)]
        assert {line["verdict"] for line in await lines(counter, batch)} == {"accepted"}
        assert await books.verify(counter.database) == []

    @pytest.mark.usefixtures("settled")
    async def test_tells_that_it_was_closed(self, counter):
        batch = await closed(counter, (await opened(counter)).json())

        async with counter.database.unit_of_work(Cause("t")) as uow:
            told = "SELECT convert_from(data, 'UTF8')::json ->> 'lines_hash' FROM outbox_event WHERE key = $1"
            hashes = (await uow.connection.exec_driver_sql(told, (batch["clearing_id"],))).scalars().all()
        assert hashes == [batch["lines_hash"]]

    @pytest.mark.usefixtures("settled")
    async def test_leaves_nothing_for_a_second_one(self, counter):
        await opened(counter)

        again = await opened(counter)

        assert (again.status_code, again.json()["code"]) == (409, "clearing_empty")

    @pytest.mark.usefixtures("settled")
    async def test_takes_each_stay_once_however_many_ask_at_once(self, counter):
        answers = await asyncio.gather(*(opened(counter) for _ in range(50)))

        assert sorted({answer.status_code for answer in answers}) == [201, 409]
        assert sum(answer.status_code == 201 for answer in answers) == 1
        assert {answer.json().get("code") for answer in answers} <= {None, "in_progress", "clearing_empty"}

    @pytest.mark.usefixtures("settled")
    async def test_takes_each_stay_once_by_the_unique_index_alone(self, counter, monkeypatch):
        async def let_all_in(*_):
            return True

        monkeypatch.setattr(open_clearing, "try_hold", let_all_in)
        monkeypatch.setattr(clearings, "_GATHER", UNCHECKED)

        await asyncio.gather(*(opened(counter) for _ in range(50)), return_exceptions=True)

        async with counter.database.unit_of_work(Cause("t")) as uow:
            found = await uow.connection.exec_driver_sql("SELECT count(*) FROM clearing_line GROUP BY settlement_id")
            assert found.scalars().all() == [1, 1, 1]

    @pytest.mark.usefixtures("settled")
    async def test_is_refused_by_the_database_when_a_stay_would_stand_in_two(self, counter):
        await opened(counter)
        twice = (
            "INSERT INTO clearing_line (clearing_id, line_no, settlement_id, fund, kind, amount_fen) "
            "SELECT clearing_id, 99, settlement_id, fund, kind, amount_fen FROM clearing_line LIMIT 1"
        )

        with pytest.raises(Exception, match="uq_clearing_line_live"):
            async with counter.database.unit_of_work(Cause("t")) as uow:
                await uow.connection.exec_driver_sql(twice)

    @pytest.mark.usefixtures("settled")
    async def test_answers_a_repeat_of_the_call_byte_for_byte(self, counter):
        body = {"county": COUNTY, "institution_code": HOSPITAL, "fund": FUND, "until": SEPTEMBER}

        first = await counter.post("/v1/clearings", counter.bureau, key="one", **body)
        again = await counter.post("/v1/clearings", counter.bureau, key="one", **body)

        assert (first.status_code, first.content) == (201, again.content)

    @pytest.mark.parametrize("declared", [{"line_count": 2, "sum_fen": 0}, {"line_count": 3, "sum_fen": 1}])
    async def test_is_not_kept_when_the_hospital_declares_something_else(self, counter, settled, declared):
        refused = await opened(counter, declared=declared)
        good = await opened(counter, declared={"line_count": 3, "sum_fen": of_fund(*settled)})

        assert (refused.status_code, refused.json()["code"]) == (409, "declaration_differs")
        assert refused.json()["sum_fen"] == of_fund(*settled)
        assert good.status_code == 201

    @pytest.mark.parametrize("until", ["2016-09-29", OCTOBER, "9999-12-31"])
    @pytest.mark.usefixtures("settled")
    async def test_wants_the_end_of_a_period_that_is_over(self, counter, until):
        answer = await opened(counter, until=until)

        assert (answer.status_code, answer.json()["code"]) == (422, "dates_impossible")


class TestVerdict:
    async def test_lets_the_hospital_bear_what_is_refused_and_a_later_batch_take_what_is_postponed(
        self, counter, settled
    ):
        batch = (await opened(counter)).json()
        await judged(counter, batch, (1, "refused"), (2, "accepted"))
        await judged(counter, batch, (2, "postponed"))
        done = await closed(counter, batch)
        counter.now = IN_NOVEMBER
        later = (await opened(counter, OCTOBER)).json()

        each = of_fund(settled[0])
        assert [done[f"{name}_fen"] for name in ("accepted", "refused", "postponed")] == [
            of_fund(settled[2]),
            each,
            of_fund(settled[1]),
        ]
        assert [line["reason"] for line in await lines(counter, batch)] == ["病历不全", "病历不全", ""]
        assert [line["record_no"] for line in await lines(counter, later)] == ["R2"]
        assert await balances(counter, "clearing_refused") == [each]
        assert await books.verify(counter.database) == []

    @pytest.mark.usefixtures("settled")
    async def test_is_refused_on_a_closed_batch_an_unknown_line_and_without_a_reason(self, counter):
        batch = (await opened(counter)).json()
        path = f"/v1/clearings/{batch['clearing_id']}/verdicts"

        unknown = await judged(counter, batch, (1, "refused"), (9, "accepted"))
        bare = await counter.post(path, counter.bureau, verdicts=[{"line_no": 1, "verdict": "refused"}])
        twice = await judged(counter, batch, (1, "accepted"), (1, "postponed"))
        still = await lines(counter, batch)
        await closed(counter, batch)
        late = await judged(counter, batch, (1, "refused"))

        assert [each.json()["code"] for each in (unknown, bare, twice, late)] == [
            "line_unknown",
            "malformed_body",
            "malformed_body",
            "clearing_closed",
        ]
        assert {line["verdict"] for line in still} == {None}


class TestReversal:
    async def test_before_a_batch_leaves_no_line(self, counter, settled):
        await counter.reverse(settled[0])

        batch = (await opened(counter)).json()

        assert [line["record_no"] for line in await lines(counter, batch)] == ["R2", "R3"]

    async def test_after_the_payment_is_a_line_of_the_next_batch(self, counter, settled):
        await closed(counter, (await opened(counter)).json())
        await counter.reverse(settled[0])
        owed = await board(counter)
        counter.now = IN_NOVEMBER

        batch = (await opened(counter, OCTOBER)).json()
        await closed(counter, batch)

        assert [(line["kind"], line["amount_fen"]) for line in await lines(counter, batch)] == [
            ("reversal", -of_fund(settled[0]))
        ]
        assert [each["owed_fen"] for each in owed["items"] if each["fund"] == FUND] == [-of_fund(settled[0])]
        assert await balances(counter, "hospital_bank") == [of_fund(*settled[1:])]
        assert await books.verify(counter.database) == []

    async def test_of_a_refused_line_gives_the_loss_back_and_pays_nothing(self, counter, settled):
        batch = (await opened(counter)).json()
        await judged(counter, batch, (1, "refused"))
        await closed(counter, batch)
        await counter.reverse(settled[0])
        owed = await board(counter)
        counter.now = IN_NOVEMBER
        paid = await balances(counter, "hospital_bank")

        await closed(counter, (await opened(counter, OCTOBER)).json())

        assert [each["owed_fen"] for each in owed["items"] if each["fund"] == FUND] == [-of_fund(settled[0])]
        assert await balances(counter, "clearing_refused", f"receivable:{FUND}") == [0, 0]
        assert await balances(counter, "hospital_bank") == paid == [of_fund(*settled[1:])]
        assert FUND not in {each["fund"] for each in (await board(counter))["items"]}
        assert await books.verify(counter.database) == []

    async def test_is_judged_as_the_line_it_takes_back_or_postponed(self, counter, settled):
        await closed(counter, (await opened(counter)).json())
        await counter.reverse(settled[0])
        counter.now = IN_NOVEMBER
        batch = (await opened(counter, OCTOBER)).json()

        wrong = await judged(counter, batch, (1, "refused"))
        later = await judged(counter, batch, (1, "postponed"))

        assert (wrong.status_code, wrong.json()["code"], wrong.json()["line_no"]) == (409, "reversal_misjudged", 1)
        assert later.status_code == 200

    async def test_waits_while_the_verdict_may_still_change(self, counter, settled):
        batch = (await opened(counter)).json()
        await judged(counter, batch, (1, "accepted"))
        await counter.reverse(settled[0])
        counter.now = IN_NOVEMBER

        too_early = await opened(counter, OCTOBER)
        await judged(counter, batch, (1, "postponed"))
        await closed(counter, batch)
        after = await opened(counter, OCTOBER)

        assert [each.json()["code"] for each in (too_early, after)] == ["clearing_empty", "clearing_empty"]
        assert await balances(counter, f"receivable:{FUND}") == [0]

    async def test_waits_while_the_payment_is_still_open(self, counter, settled):
        batch = (await opened(counter)).json()
        await counter.reverse(settled[0])
        counter.now = IN_NOVEMBER

        too_early = await opened(counter, OCTOBER)
        await closed(counter, batch)
        after = await opened(counter, OCTOBER)

        assert (too_early.status_code, after.status_code) == (409, 201)


class TestReaders:
    @pytest.mark.usefixtures("settled")
    async def test_a_hospital_sees_its_own_and_a_bureau_its_county(self, counter):
        batch = (await opened(counter)).json()
        path = f"/v1/clearings/{batch['clearing_id']}"
        far = bearer("his", client_id="h9", institution_code=FAR_HOSPITAL, county=ELSEWHERE)

        own = await counter.get(path)
        strangers = [await counter.get(path, each) for each in (counter.other_hospital, counter.other_bureau, far)]
        hidden = [await counter.get(f"{path}/lines", counter.other_bureau), await counter.get(path + "0", far)]
        listed = [
            [item["clearing_id"] for item in (await counter.get("/v1/clearings", each)).json()["items"]]
            for each in (counter.hospital, counter.bureau, counter.other_hospital, counter.other_bureau)
        ]
        named = await counter.get("/v1/clearings", counter.hospital, institution_code=OTHER_HOSPITAL)

        assert own.json() == batch
        assert {each.status_code for each in strangers} == {404}
        assert hidden[0].status_code == 404
        assert listed == [[batch["clearing_id"]], [batch["clearing_id"]], [], []]
        assert (named.status_code, named.json()["code"]) == (403, "not_yours")

    @pytest.mark.usefixtures("settled")
    async def test_a_hospital_neither_judges_nor_pays_itself(self, counter):
        batch = (await opened(counter)).json()
        itself = bearer("funds", client_id="h1", institution_code=HOSPITAL, county=COUNTY)

        answers = [
            await counter.post(f"/v1/clearings/{batch['clearing_id']}/{step}", itself, **body)
            for step, body in (("closing", {}), ("verdicts", {"verdicts": [{"line_no": 1, "verdict": "accepted"}]}))
        ]

        assert {each.status_code for each in answers} == {404}
        assert {line["verdict"] for line in await lines(counter, batch)} == {None}

    @pytest.mark.usefixtures("settled")
    async def test_a_list_goes_on_page_by_page(self, counter):
        first = (await opened(counter)).json()
        counter.now = IN_NOVEMBER
        second = (await opened(counter, fund="critical_illness_insurer")).json()
        page = (await counter.get("/v1/clearings", counter.bureau, limit=1)).json()
        rest = (await counter.get("/v1/clearings", counter.bureau, limit=1, cursor=page["next_cursor"])).json()
        path = f"/v1/clearings/{first['clearing_id']}/lines"
        some = (await counter.get(path, limit=2)).json()
        others = (await counter.get(path, limit=2, cursor=some["next_cursor"])).json()

        assert [each["clearing_id"] for each in (*page["items"], *rest["items"])] == [
            first["clearing_id"],
            second["clearing_id"],
        ]
        assert [line["line_no"] for line in (*some["items"], *others["items"])] == [1, 2, 3]

    @pytest.mark.usefixtures("settled")
    async def test_another_county_may_not_open_one(self, counter):
        body = {"county": COUNTY, "institution_code": HOSPITAL, "fund": FUND, "until": SEPTEMBER}

        answer = await counter.post("/v1/clearings", counter.other_bureau, **body)

        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")
