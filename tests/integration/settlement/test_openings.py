"""Opening balances: once per person and year, corrected by a mirrored entry, counted by the next settlement."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from common.kit.testing import bearer
from tests.integration.settlement.conftest import COUNTY, ELSEWHERE, NAME, NUMBER, Counter, a_number, person_of

PATH = "/v1/openings"
_BALANCES = "SELECT account, base_fen, deductible_fen, paid_fen, stay_count FROM accumulator WHERE base_fen > 0"


def figures(base: int = 1_000_000, *, account: str = "basic", **fields: Any) -> dict[str, Any]:
    layer = {"account": account, "base_fen": base, "deductible_fen": 30_000, "paid_fen": base // 2, "stay_count": 1}
    usual = {
        "citizen_id": NUMBER,
        "name": NAME,
        "county": COUNTY,
        "year": 2016,
        "source": "县新农合中心 2016-06-30 台账",
        "layers": [layer],
    }
    return usual | fields


async def test_an_opening_moves_the_year_s_accounts_once_per_person_and_year(counter: Counter) -> None:
    first = await counter.post(PATH, counter.bureau, key="k1", **figures())
    replay = await counter.post(PATH, counter.bureau, key="k1", **figures())
    second = await counter.post(PATH, counter.bureau, **figures())
    other_year = await counter.post(PATH, counter.bureau, **figures(year=2017))

    assert first.status_code == 201
    assert first.json() == {
        "opening_id": first.json()["opening_id"],
        "person_id": str(person_of()),
        "county": COUNTY,
        "year": 2016,
        "attempt": 1,
    }
    assert (replay.content, replay.headers["idempotent-replayed"]) == (first.content, "true")
    assert (second.status_code, second.json()["code"]) == (409, "opening_exists")
    assert second.json()["opening_id"] == first.json()["opening_id"]
    assert other_year.status_code == 201
    assert await counter.rows(_BALANCES + " AND year = 2016") == [("basic", 1_000_000, 30_000, 500_000, 1)]


async def test_a_correction_takes_the_old_figures_back_and_adds_the_new(counter: Counter) -> None:
    first = (await counter.post(PATH, counter.bureau, **figures())).json()

    fixed = await counter.post(
        PATH, counter.bureau, **figures(400_000, account="medical_assistance", replaces=first["opening_id"])
    )

    assert (fixed.status_code, fixed.json()["attempt"]) == (201, 2)
    assert await counter.rows(_BALANCES) == [("medical_assistance", 400_000, 30_000, 200_000, 1)]
    kept = await counter.rows("SELECT attempt, mirror_of IS NULL, changes::text FROM opening")
    assert sorted(kept) == [
        (1, False, '{"basic":[-1000000,-30000,-500000,-1]}'),
        (1, True, '{"basic":[1000000,30000,500000,1]}'),
        (2, True, '{"medical_assistance":[400000,30000,200000,1]}'),
    ]


async def test_only_the_standing_opening_can_be_replaced(counter: Counter) -> None:
    none = await counter.post(PATH, counter.bureau, **figures(replaces=str(uuid4())))
    first = (await counter.post(PATH, counter.bureau, **figures())).json()
    await counter.post(PATH, counter.bureau, **figures(replaces=first["opening_id"]))

    again = await counter.post(PATH, counter.bureau, **figures(replaces=first["opening_id"]))

    assert (none.status_code, none.json()["code"]) == (409, "opening_not_standing")
    assert (again.status_code, again.json()["code"]) == (409, "opening_not_standing")


async def test_two_openings_at_the_same_moment_make_one(counter: Counter) -> None:
    answers = await asyncio.gather(*(counter.post(PATH, counter.bureau, **figures()) for _ in range(4)))

    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]
    assert await counter.rows("SELECT count(*) FROM opening") == [(1,)]


async def test_a_later_settlement_counts_on_the_opening(counter: Counter) -> None:
    plain = await counter.settle("R1", patient={"citizen_id": a_number(1), "name": "李某"})
    layer = {"account": "critical_illness", "base_fen": 1, "deductible_fen": 500_000, "paid_fen": 0, "stay_count": 1}
    await counter.post(PATH, counter.bureau, **figures(layers=[layer]))

    settled = await counter.settle("R2")

    before, after = (
        next(each for each in answer["layers"] if each["layer"] == "critical_illness") for answer in (plain, settled)
    )
    assert before != after


async def test_an_opening_that_cannot_be_booked_is_refused_with_its_code(counter: Counter) -> None:
    await counter.hold()
    twice = figures()["layers"] * 2
    no_county = bearer("funds", county="999999")
    cases = [
        (counter.bureau, figures(county=ELSEWHERE), 403, "not_yours"),
        (counter.hospital, figures(), 403, "scope_missing"),
        (no_county, figures(county="999999"), 409, "county_unknown"),
        (counter.bureau, figures(year=2001), 409, "policy_not_in_force"),
        (counter.bureau, figures(account="nothing"), 409, "account_unknown"),
        (counter.bureau, figures(name="李某"), 409, "name_not_matching"),
        (counter.bureau, figures(layers=twice), 422, "malformed_body"),
        (counter.bureau, figures(layers=[]), 422, "malformed_body"),
        (counter.bureau, figures(-1), 422, "malformed_body"),
    ]

    for headers, body, status, code in cases:
        answer = await counter.post(PATH, headers, **body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    unkeyed = await counter.client.post(PATH, json=figures(), headers=counter.bureau)
    assert (unkeyed.status_code, unkeyed.json()["code"]) == (400, "idempotency_key_missing")
    assert await counter.rows("SELECT count(*) FROM opening") == [(0,)]
    assert (await counter.post(PATH, counter.bureau, **figures())).status_code == 201
