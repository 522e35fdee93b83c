"""Relief is the last payer: what changes after it, or while it waits, never leaves the patient with too much."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from common.kit.cause import Cause
from services.settlement import books
from services.settlement.domain.chart import Chart
from services.settlement.usecases.book_relief import book_relief
from tests.integration.settlement.conftest import COUNTY, ELSEWHERE
from tests.integration.settlement.relief_desk import (
    CHARTS,
    FAR,
    FAR_STAY,
    approved,
    cases,
    give,
    grant,
    heavy,
    relief,
    results,
    share,
    work,
)
from tests.integration.settlement.rerating_desk import (
    OPENED,
    POLICIES,
    booked,
    corrections,
    opened,
    rating,
    with_ratio_of,
)
from tests.integration.settlement.rerating_desk import work as rerate


async def in_rongjiang(counter, rating_of=None):
    """List and book a re-rating of the other county."""
    answer = await counter.post("/v1/reratings", counter.other_bureau, **(OPENED | {"county": ELSEWHERE}))
    await rerate(counter, rating_of)
    path = f"/v1/reratings/{answer.json()['rerating_id']}/decision"
    word = {"decision": "approved", "decided_by": "乙", "reason": "纪要"}
    assert (await counter.post(path, counter.other_bureau, **word)).status_code == 200
    await rerate(counter, rating_of)


async def test_a_correction_takes_back_what_a_layer_pays_after_all(counter):
    settled = await heavy(counter)
    await give(counter, 10_000_000)
    plan = await approved(counter, grant(settled, settled["patient_pays_fen"]))
    await work(counter)
    await counter.hold()
    await booked(counter, await opened(counter))

    [correction] = await corrections(counter, settled)
    told = (await relief(counter, settled)).json()
    assert correction["patient_fen"] < 0
    assert told["amount_fen"] - told["cut_fen"] == correction["result"]["patient_pays_fen"]
    assert await share(counter, settled) == 0
    assert await results(counter, plan) == ["booked"]
    assert await books.verify(counter.database) == []


async def test_a_correction_that_leaves_enough_of_the_share_lets_relief_stand(counter):
    settled = await heavy(counter)
    await give(counter)
    await approved(counter, grant(settled, 1_000))
    await work(counter)
    await counter.hold()
    await booked(counter, await opened(counter))

    assert (await relief(counter, settled)).json()["cut_fen"] == 0
    assert await books.verify(counter.database) == []


async def test_a_corrected_and_cut_stay_is_reversed_whole(counter):
    settled = await heavy(counter)
    await give(counter, 10_000_000)
    await approved(counter, grant(settled, settled["patient_pays_fen"]))
    await work(counter)
    await counter.hold()
    await booked(counter, await opened(counter))
    await counter.reverse(settled)

    kinds = await counter.rows("SELECT kind FROM journal_entry ORDER BY kind")
    assert ("relief_cut_1_reversal",) in kinds
    assert await counter.rows("SELECT account FROM posting GROUP BY account HAVING sum(amount_fen) <> 0") == []
    assert await books.verify(counter.database) == []


async def test_a_grant_above_the_share_of_now_is_outdated(counter):
    settled = await heavy(counter)
    plan = await approved(counter, grant(settled, settled["patient_pays_fen"]))
    await work(counter)
    await counter.hold()
    await booked(counter, await opened(counter))
    await give(counter, 10_000_000)
    await work(counter)

    assert await results(counter, plan) == ["outdated"]
    assert [each["state"] for each in await cases(counter)] == ["open"]


async def test_a_grant_of_a_reversed_stay_is_outdated_and_the_next_one_is_paid(counter):
    first, second = [await heavy(counter, record) for record in ("R1", "R2")]
    plan = await approved(counter, grant(first), grant(second))
    await work(counter)
    await counter.reverse(first)
    await give(counter)
    await work(counter)

    assert await results(counter, plan) == ["outdated", "booked"]


async def test_money_that_may_no_longer_be_used_so_pays_nothing(counter):
    settled = await heavy(counter)
    await give(counter)
    plan = await approved(counter, grant(settled))
    ended = Chart(tuple(replace(each, layers=frozenset({"basic"})) for each in CHARTS[COUNTY].accounts))
    await work(counter, {**CHARTS, COUNTY: ended})

    assert await results(counter, plan) == ["outdated"]


async def test_what_another_worker_booked_is_left_alone(counter):
    settled = await heavy(counter)
    await give(counter)
    plan = await approved(counter, grant(settled))
    await work(counter)

    async with counter.database.unit_of_work(Cause("test")) as uow:
        moved = await book_relief(uow, plan_id=UUID(plan["plan_id"]), line_no=1, charts=CHARTS, now=counter.now)

    assert not moved
    assert await counter.rows("SELECT count(*) FROM journal_entry WHERE kind = 'relief'") == [(1,)]


async def test_a_correction_opens_a_case_and_a_later_one_fills_it(counter):
    settled = await counter.settle("R1", FAR, **FAR_STAY)
    none = await cases(counter, counter.other_bureau)
    await counter.hold(county=ELSEWHERE)
    await in_rongjiang(counter)
    [found] = await cases(counter, counter.other_bureau)
    await in_rongjiang(counter, rating(with_ratio_of(POLICIES, "basic", Decimal("0.15"), county=ELSEWHERE)))
    [filled] = await cases(counter, counter.other_bureau)

    assert none == []
    assert (found["settlement_id"], found["state"], found["missing_fen"] > 0) == (
        settled["settlement_id"],
        "open",
        True,
    )
    assert (filled["state"], filled["missing_fen"]) == ("filled", 0)
