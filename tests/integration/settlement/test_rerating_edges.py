"""What re-rating leaves as it is, and what it changes without touching anybody's share."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from common.kit.testing import bearer
from services.settlement import books
from tests.integration.settlement.conftest import COUNTY, a_number
from tests.integration.settlement.rerating_desk import (
    POLICIES,
    booked,
    corrections,
    counting_elsewhere,
    not_in_force,
    opened,
    rating,
    stands,
    with_ratio_of,
)

TWIN = {"citizen_id": a_number(1), "name": "李某某"}
ELSEWHERE = {code: policy for code, policy in POLICIES.items() if code != COUNTY}


async def test_somebody_whom_no_list_names_stands(counter):
    await counter.settle("R1")

    told = await opened(counter)

    assert (told["stay_count"], told["outcomes"]) == (1, [])


async def test_a_death_told_later_takes_nothing_back(counter):
    await counter.hold()
    await counter.settle("R1")
    await counter.die(date(2016, 9, 5))

    assert (await opened(counter))["outcomes"] == []


@pytest.mark.parametrize(
    ("known", "stays"),
    [(not_in_force(POLICIES), 1), (ELSEWHERE, 0)],
    ids=["not in force any more", "no file any more"],
)
async def test_a_stay_without_a_policy_stands(counter, known, stays):
    await counter.settle("R1")
    await counter.hold()

    told = await opened(counter, rating(known))

    assert (told["state"], told["stay_count"], told["outcomes"]) == ("proposed", stays, [])


async def test_a_stay_of_another_time_whose_policy_is_gone_stands(counter):
    await counter.settle("R1")
    counter.now = datetime(2016, 10, 20, 2, 0, tzinfo=UTC)
    later = await counter.settle("R2", admitted_on="2016-10-01", discharged_on="2016-10-12")
    new = rating(with_ratio_of(POLICIES, "basic", Decimal("0.05")))

    done = await booked(counter, await opened(counter, new, discharged_to="2016-09-30"), new)

    assert [each["lines"] for each in done["outcomes"]] == [1]
    assert await corrections(counter, later) == []
    assert await books.verify(counter.database) == []


async def test_a_stay_that_carries_on_follows_the_corrected_one(counter):
    await counter.hold(number=TWIN["citizen_id"], name=TWIN["name"])
    ends = []
    for mark, fields in (("L", {}), ("T", {"patient": TWIN})):
        first = await counter.settle(f"{mark}1", **fields)
        carried = {"kind": "transfer", "institution_code": first["institution_code"], "record_no": f"{mark}1"}
        ends.append(await counter.settle(f"{mark}2", continues=carried, **fields))
    await counter.hold()

    await booked(counter, await opened(counter))

    assert await stands(counter, ends[0]) == await stands(counter, ends[1])
    assert (await opened(counter))["outcomes"] == []


async def test_accounts_may_move_while_every_share_stands(counter):
    await counter.hold()
    settled = await counter.settle("R1")
    new = rating(counting_elsewhere(POLICIES, "basic"))

    done = await booked(counter, await opened(counter, new), new)

    assert [(each["outcome"], each["result"]) for each in done["outcomes"]] == [("shifted", "booked")]
    assert await counter.rows("SELECT count(*) FROM outbox_event WHERE type LIKE '%supplement%'") == [(0,)]
    slip = await counter.get(f"/v1/settlements/{settled['settlement_id']}/slip", correction=1)
    assert "较前次结果：个人应付不变" in slip.text
    assert await books.verify(counter.database) == []
    await counter.reverse(settled)
    assert await books.verify(counter.database) == []


async def test_a_caller_of_no_county_has_no_cases(counter):
    answer = await counter.get("/v1/reratings", bearer("funds", client_id="nobody"))

    assert answer.status_code == 404
