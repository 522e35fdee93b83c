"""Budgets and statements of funds, over HTTP and a real database."""

import asyncio
import csv
import io
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook
from prometheus_client import REGISTRY

from common.kit.testing import bearer
from services.settlement import books
from services.settlement.usecases import read_statement
from services.settlement.worker import show_funds_left
from tests.integration.settlement.conftest import COUNTY, HOSPITAL, OTHER_HOSPITAL
from tests.integration.settlement.test_books import checks, tamper

BUDGETS = "/v1/funds/medical_assistance/budgets"
STATEMENT = "/v1/funds/rural_cooperative/statement"
PERIOD = {"county": COUNTY, "from": "2016-09-12", "to": "2016-09-13"}


def a_change(fen=1_000_000, **fields):
    usual = {
        "county": COUNTY,
        "year": 2016,
        "effective_on": "2016-01-01",
        "amount_fen": fen,
        "source": "财社〔2016〕1号",
    }
    return usual | fields


async def change(counter, fen=1_000_000, *, key=None, headers=None, **fields):
    return await counter.post(BUDGETS, headers or counter.bureau, key=key, **a_change(fen, **fields))


async def budget(counter, **query):
    answer = await counter.get(BUDGETS, counter.bureau, **{"county": COUNTY, "year": 2016, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def layer_fen(settled, fund):
    return sum(each["paid_fen"] for each in settled["layers"] if each["fund"] == fund)


@pytest.fixture
async def booked(counter):
    """One stay of the eleventh; of the twelfth two, one of them undone on the thirteenth; a number computes."""
    await counter.hold()
    counter.now = datetime(2016, 9, 11, 15, 59, tzinfo=UTC)
    first = await counter.settle("R0", discharged_on="2016-09-11")
    counter.now = datetime(2016, 9, 11, 16, 0, tzinfo=UTC)
    second = await counter.settle("=cmd|' /C calc'!A0")
    third = await counter.settle("R2", counter.other_hospital, institution_code=OTHER_HOSPITAL)
    counter.now = datetime(2016, 9, 13, 2, 0, tzinfo=UTC)
    await counter.reverse(second)
    return [layer_fen(each, "rural_cooperative") for each in (first, second, third)]


class TestWatch:
    async def test_shows_what_is_left_of_every_fund_with_a_budget(self, counter):
        await counter.hold("allowance_recipient")
        settled = await counter.settle()
        booked = layer_fen(settled, "medical_assistance")
        await change(counter, 100)
        await change(counter, 50, ledger="precise_relief")
        await change(counter, 900, effective_on="2016-12-01")

        await show_funds_left(counter.database, clock=lambda: counter.now)
        labels = {"county": COUNTY, "fund": "medical_assistance"}
        shown = [REGISTRY.get_sample_value(name, labels) for name in ("fund_budget_fen", "fund_available_fen")]
        counter.now = datetime(2017, 1, 2, tzinfo=UTC)
        await show_funds_left(counter.database, clock=lambda: counter.now)

        assert booked > 150
        assert shown == [150, 150 - booked]
        assert REGISTRY.get_sample_value("fund_available_fen", labels) is None


class TestBudget:
    async def test_counts_each_change_from_its_day_and_what_was_booked(self, counter):
        await counter.hold("allowance_recipient")
        settled = await counter.settle()
        first = await change(counter, layer="medical_assistance")
        await change(counter, 200_000, ledger="precise_relief", layer="precise_relief")
        await change(counter, -300_000, effective_on="2016-10-01")

        today, later = await budget(counter), await budget(counter, on="2016-10-01")

        assert (first.status_code, first.json()["change_no"], first.json()["ledger"]) == (201, 1, None)
        booked = layer_fen(settled, "medical_assistance")
        assert booked > 0
        assert (today["budget_fen"], today["booked_fen"]) == (1_200_000, booked)
        assert today["available_fen"] == 1_200_000 - booked
        assert [(each["ledger"], each["budget_fen"]) for each in later["accounts"]] == [
            (None, 700_000),
            ("precise_relief", 200_000),
        ]
        assert [each["amount_fen"] for each in later["changes"]] == [1_000_000, 200_000, -300_000]

    async def test_a_stay_is_settled_beyond_the_budget_and_shown_as_overdrawn(self, counter):
        await counter.hold("allowance_recipient")
        await change(counter, 1)
        plain = await counter.settle()

        state = await budget(counter)

        assert state["available_fen"] < 0
        assert state["available_fen"] == 1 - layer_fen(plain, "medical_assistance")
        assert await books.verify(counter.database) == []

    async def test_a_repeat_books_once_and_the_key_is_bound_to_its_body(self, counter):
        first, again = await change(counter, key="k"), await change(counter, key="k")
        other = await change(counter, 5, key="k")

        assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert await counter.rows("SELECT count(*) FROM budget_change") == [(1,)]

    async def test_racing_changes_never_take_more_than_there_is(self, counter):
        await change(counter, 300)

        answers = await asyncio.gather(*(change(counter, -100) for _ in range(8)))

        assert sorted(each.status_code for each in answers) == [201] * 3 + [409] * 5
        assert (await budget(counter))["budget_fen"] == 0
        assert await books.verify(counter.database) == []

    @pytest.mark.parametrize(
        ("fields", "status", "code"),
        [
            ({"layer": "basic"}, 409, "purpose_mismatch"),
            ({"ledger": "poverty_subsidy"}, 404, "fund_unknown"),
            ({"ledger": "precise_relief", "year": 2015, "effective_on": "2015-01-01"}, 404, "fund_unknown"),
            ({"amount_fen": 0}, 409, "budget_change_empty"),
            ({"amount_fen": -1}, 409, "budget_below_zero"),
            ({"effective_on": "2017-01-01"}, 422, "dates_impossible"),
            ({"county": "522632"}, 403, "not_yours"),
            ({"amount_fen": 1.5}, 422, "malformed_body"),
        ],
    )
    async def test_refuses_what_cannot_be_and_keeps_nothing(self, counter, fields, status, code):
        answer = await counter.post(BUDGETS, counter.bureau, **a_change() | fields)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert await counter.rows("SELECT count(*) FROM budget_change") == [(0,)]

    async def test_needs_a_chart_of_the_county(self, counter):
        stranger = bearer("funds", client_id="b9", county="999999")

        refused = await change(counter, headers=stranger, county="999999")

        assert (refused.status_code, refused.json()["code"]) == (409, "county_unknown")

    async def test_is_only_ever_added(self, counter):
        await change(counter)

        for statement in ("DELETE FROM budget_change", "UPDATE budget_change SET amount_fen = 1"):
            with pytest.raises(Exception, match="only ever added"):
                await counter.rows(statement)


class TestStatement:
    async def test_gives_balances_lines_and_totals_per_hospital(self, counter, booked):
        first, second, third = booked

        found = (await counter.get(STATEMENT, counter.bureau, **PERIOD)).json()

        assert (found["opening_fen"], found["closing_fen"]) == (first, first + third)
        assert (found["booked_fen"], found["reversed_fen"], found["line_count"]) == (second + third, -second, 3)
        assert {each["balance_fen"] for each in found["items"][1:]} == {first + second + third, first + third}
        assert found["items"][-1]["kind"] == "reversal"
        assert [(each["institution_code"], each["closing_fen"]) for each in found["hospitals"]] == [
            (HOSPITAL, first),
            (OTHER_HOSPITAL, third),
        ]

    @pytest.mark.usefixtures("booked")
    async def test_pages_give_what_one_answer_gives(self, counter):
        whole = (await counter.get(STATEMENT, counter.bureau, **PERIOD)).json()

        items, cursor = [], ""
        while cursor is not None:
            page = (await counter.get(STATEMENT, counter.bureau, **PERIOD, limit=1, cursor=cursor)).json()
            items, cursor = items + page["items"], page["next_cursor"]

        assert items == whole["items"]
        assert page["closing_fen"] == whole["closing_fen"]

    async def test_of_one_hospital_counts_it_alone(self, counter, booked):
        found = (await counter.get(STATEMENT, counter.bureau, **PERIOD, institution=OTHER_HOSPITAL)).json()

        assert (found["opening_fen"], found["closing_fen"], found["line_count"]) == (0, booked[2], 1)

    @pytest.mark.parametrize("form", ["csv", "xlsx"])
    async def test_as_a_file_runs_nothing(self, counter, booked, form):
        answer = await counter.get(STATEMENT, counter.bureau, **PERIOD, format=form)

        if form == "csv":
            rows = [tuple(row) for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))]
        else:
            sheet = load_workbook(io.BytesIO(answer.content)).active
            assert all(cell.data_type != "f" for row in sheet for cell in row)
            rows = [tuple("" if cell is None else str(cell) for cell in row) for row in sheet.values]
        assert [row[0] for row in rows] == ["row", "opening", *["entry"] * 3, "closing", "hospital", "hospital"]
        assert {row[5] for row in rows if row[0] == "entry"} == {"'=cmd|' /C calc'!A0", "R2"}
        assert [int(rows[at][9]) for at in (1, 4, 5)] == [booked[0], booked[0] + booked[2], booked[0] + booked[2]]
        assert answer.headers["content-disposition"].endswith(f'.{form}"')

    @pytest.mark.usefixtures("booked")
    async def test_a_file_of_too_many_lines_is_refused(self, counter, monkeypatch):
        monkeypatch.setattr(read_statement, "MOST_SHEET_LINES", 2)

        answer = await counter.get(STATEMENT, counter.bureau, **PERIOD, format="csv")

        assert (answer.status_code, answer.json()["code"], answer.json()["line_count"]) == (
            409,
            "statement_too_long",
            3,
        )

    @pytest.mark.parametrize(
        ("query", "status", "code"),
        [
            ({"to": "2016-09-11"}, 422, "dates_impossible"),
            ({"to": "2017-09-13"}, 422, "dates_impossible"),
            ({"from": "0001-01-01", "to": "0001-01-02"}, 422, "dates_impossible"),
            ({"from": "9999-12-31", "to": "9999-12-31"}, 422, "dates_impossible"),
            ({"county": "522632"}, 403, "not_yours"),
            ({"format": "pdf"}, 422, "malformed_body"),
            ({"cursor": "x"}, 422, "cursor_invalid"),
        ],
    )
    async def test_refuses_what_cannot_be(self, counter, query, status, code):
        answer = await counter.get(STATEMENT, counter.bureau, **PERIOD | query)

        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_of_an_unknown_fund_or_county_is_not_there(self, counter):
        fund = await counter.get("/v1/funds/lottery/statement", counter.bureau, **PERIOD)
        hospital = await counter.get(STATEMENT, **PERIOD)

        assert (fund.status_code, fund.json()["code"]) == (404, "fund_unknown")
        assert (hospital.status_code, hospital.json()["code"]) == (403, "scope_missing")


class TestVerify:
    @pytest.mark.usefixtures("booked")
    @pytest.mark.parametrize(
        ("statement", "found"),
        [
            ("UPDATE budget_change SET amount_fen = -5 WHERE change_no = 2", "budgets"),
            ("DELETE FROM budget_change WHERE change_no = 1", "budgets"),
            ("UPDATE posting SET account = 'receivable:finance' WHERE layer = 'basic'", "purposes"),
            ("UPDATE settlement SET county = '999999'", "purposes"),
        ],
        ids=["less than nothing", "taken away", "another fund", "county without chart"],
    )
    async def test_finds_what_was_changed(self, counter, statement, found):
        await change(counter, 1)
        await change(counter, 1)
        before = await books.verify(counter.database)

        await tamper(counter, statement)

        assert before == []
        assert found in await checks(counter)
