"""A fund whose budget is used up: the patient pays the share alone, the rest is owed until there is money."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.settlement import app
from services.settlement.adapters.clearing_terms import ClearingTerms, load_terms
from services.settlement.domain.clearing import EmptyFund
from tests.integration.settlement.clearing_desk import FUND, balances, board, closed, judged, of_fund, opened
from tests.integration.settlement.conftest import COUNTY, a_discharge

IS_OWED = replace(load_terms().usual, empty_fund=EmptyFund.OWED)


@pytest.fixture
def policies(policies, monkeypatch):
    """The county lets batches wait for money."""
    monkeypatch.setattr(app, "load_terms", lambda: ClearingTerms(load_terms().usual, {COUNTY: IS_OWED}))
    return policies


async def give(counter, fen, **fields):
    body = {"county": COUNTY, "year": 2016, "effective_on": "2016-01-01", "amount_fen": fen, "source": "财社1号"}
    answer = await counter.post(f"/v1/funds/{FUND}/budgets", counter.bureau, **body | fields)
    assert answer.status_code == 201, answer.text


async def closing(counter, batch):
    return await counter.post(f"/v1/clearings/{batch['clearing_id']}/closing", counter.bureau)


async def test_an_empty_fund_owes_the_hospital_and_no_patient_notices(counter, settled):
    another = {"admitted_on": "2016-09-20", "discharged_on": "2016-09-28"}
    with_money = (await counter.post("/v1/discharges/preview", **a_discharge("R9", **another))).json()
    await give(counter, of_fund(settled[0]))
    batch = (await opened(counter)).json()
    before = await board(counter)

    refused = await closing(counter, batch)
    after_refusal = await board(counter)
    without = await counter.settle("R9", **another)
    await give(counter, of_fund(*settled[1:]))
    paid = await closed(counter, batch)

    assert (refused.status_code, refused.json()["code"]) == (409, "fund_empty")
    assert (refused.json()["left_fen"], refused.json()["accepted_fen"]) == (of_fund(settled[0]), of_fund(*settled))
    assert before == after_refusal
    assert (without["patient_pays_fen"], without["layers"]) == (with_money["patient_pays_fen"], with_money["layers"])
    assert paid["accepted_fen"] == of_fund(*settled)
    assert await balances(counter, "hospital_bank") == [of_fund(*settled)]


async def test_what_the_budget_covers_is_paid_when_the_rest_is_postponed(counter, settled):
    await give(counter, of_fund(settled[0]))
    batch = (await opened(counter)).json()

    await judged(counter, batch, (2, "postponed"), (3, "postponed"))

    assert (await closed(counter, batch))["accepted_fen"] == of_fund(settled[0])
    rest = (await opened(counter)).json()
    assert (await closing(counter, rest)).json()["left_fen"] == 0


async def test_money_of_a_later_day_pays_from_that_day_on(counter, settled):
    await give(counter, of_fund(*settled), effective_on="2016-10-03")
    batch = (await opened(counter)).json()

    early = await closing(counter, batch)
    counter.now = datetime(2016, 10, 3, 2, 0, tzinfo=UTC)
    on_its_day = await closing(counter, batch)

    assert (early.status_code, on_its_day.status_code) == (409, 200)


async def test_a_batch_closed_four_times_at_once_takes_the_money_once(counter, settled):
    await give(counter, of_fund(settled[0]))
    first = (await opened(counter)).json()
    await judged(counter, first, (2, "postponed"), (3, "postponed"))

    answers = await asyncio.gather(*(closing(counter, first) for _ in range(4)))

    assert {each.status_code for each in answers} == {200}
    assert await balances(counter, "hospital_bank") == [of_fund(settled[0])]


async def test_a_fund_without_a_budget_is_paid_as_ever(counter, settled):
    batch = (await opened(counter)).json()

    assert (await closed(counter, batch))["accepted_fen"] == of_fund(*settled)


async def test_usually_an_empty_fund_is_overdrawn(counter, settled, monkeypatch):
    usual = replace(IS_OWED, empty_fund=EmptyFund.OVERDRAFT)
    context = counter.client._transport.app.state.settlement
    monkeypatch.setattr(
        counter.client._transport.app.state,
        "settlement",
        replace(context, clearing_terms=ClearingTerms(usual, {})),
    )
    await give(counter, 1)

    assert (await closed(counter, (await opened(counter)).json()))["accepted_fen"] == of_fund(*settled)
