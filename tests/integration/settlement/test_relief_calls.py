"""Calls about relief that cannot be, come twice, or meet each other: a clear answer, nothing half-stored."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from common.kit.testing import bearer
from tests.integration.settlement.relief_desk import (
    NAMED,
    a_plan,
    approved,
    cases,
    decided,
    give,
    grant,
    heavy,
    planned,
    relief,
    results,
    work,
)


async def plan_of(counter, *grants, **fields):
    return await counter.post("/v1/relief-plans", counter.bureau, **a_plan(*grants, **fields))


async def nothing_kept(counter):
    return await counter.rows("SELECT (SELECT count(*) FROM relief_plan), (SELECT count(*) FROM relief_grant)") == [
        (0, 0)
    ]


class TestPlans:
    @pytest.mark.parametrize(
        ("fields", "status", "code"),
        [
            ({"county": "522632"}, 403, "not_yours"),
            ({"fund": "rural_cooperative", "ledger": None}, 409, "purpose_mismatch"),
            ({"fund": "rural_cooperative", "ledger": "poverty_subsidy"}, 409, "purpose_mismatch"),
            ({"fund": "lottery", "ledger": None}, 404, "fund_unknown"),
            ({"ledger": "other"}, 404, "fund_unknown"),
            ({"grants": []}, 422, "malformed_body"),
            ({"document": ""}, 422, "malformed_body"),
            ({"more": 1}, 422, "malformed_body"),
        ],
    )
    async def test_from_the_wrong_money_or_form_are_refused(self, counter, fields, status, code):
        settled = await heavy(counter)

        answer = await plan_of(counter, grant(settled), **fields)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert await nothing_kept(counter)

    @pytest.mark.parametrize(
        ("fields", "status", "code"),
        [
            ({"settlement_id": str(uuid4())}, 404, "gap_case_not_found"),
            ({"amount_fen": 10**12}, 409, "relief_above_share"),
            ({"amount_fen": 0}, 422, "malformed_body"),
            ({"amount_fen": -5}, 422, "malformed_body"),
            ({"amount_fen": 1.5}, 422, "malformed_body"),
            ({"relief_class": "kindness"}, 422, "malformed_body"),
            ({"weighed": []}, 422, "malformed_body"),
            ({"note": "x" * 2001}, 422, "malformed_body"),
        ],
    )
    async def test_with_a_grant_that_cannot_be_are_refused_whole(self, counter, fields, status, code):
        first, second = [await heavy(counter, record) for record in ("R1", "R2")]

        answer = await plan_of(counter, grant(first), grant(second, **fields))

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert await nothing_kept(counter)

    async def test_name_no_stay_twice(self, counter):
        settled = await heavy(counter)

        answer = await plan_of(counter, grant(settled), grant(settled))

        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body")

    async def test_of_a_reversed_stay_are_refused(self, counter):
        settled = await heavy(counter)
        await counter.reverse(settled)

        answer = await plan_of(counter, grant(settled))

        assert (answer.status_code, answer.json()["code"]) == (409, "settlement_reversed")

    @pytest.mark.parametrize("far", ["proposed", "approved", "booked"])
    async def test_of_costs_that_are_relieved_already_are_refused(self, counter, far):
        settled = await heavy(counter)
        if far == "booked":
            await give(counter)
        plan = await (planned if far == "proposed" else approved)(counter, grant(settled))
        await work(counter)

        answer = await plan_of(counter, grant(settled, 1))

        assert (answer.status_code, answer.json()["code"]) == (409, "already_relieved")
        assert answer.json()["plan_id"] == plan["plan_id"]

    async def test_at_the_same_moment_take_a_stay_once(self, counter):
        settled = await heavy(counter)

        answers = await asyncio.gather(*(plan_of(counter, grant(settled)) for _ in range(6)))

        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
        assert len(await counter.rows("SELECT 1 FROM relief_grant")) == 1

    async def test_come_back_in_pages(self, counter):
        stays = [await heavy(counter, record) for record in ("R1", "R2", "R3")]
        plans = []
        for each in stays:
            counter.now += timedelta(seconds=1)
            plans.append(await planned(counter, grant(each)))

        first = (await counter.get("/v1/relief-plans", counter.bureau, limit=2)).json()
        rest = (await counter.get("/v1/relief-plans", counter.bureau, limit=2, cursor=first["next_cursor"])).json()
        nobody = await counter.get("/v1/relief-plans", bearer("funds", client_id="x"))

        assert [each["plan_id"] for each in (*first["items"], *rest["items"])] == [each["plan_id"] for each in plans]
        assert nobody.status_code == 404

    async def test_are_another_county_s_secret(self, counter):
        settled = await heavy(counter)
        plan = await planned(counter, grant(settled))
        path = f"/v1/relief-plans/{plan['plan_id']}"

        answers = [
            await counter.get(path, counter.other_bureau),
            await counter.get(f"{path}/publication", counter.other_bureau),
            await counter.post(
                f"{path}/decision", counter.other_bureau, decision="approved", decided_by="x", reason="x"
            ),
            await counter.post("/v1/gap-cases", counter.other_bureau, settlement_id=settled["settlement_id"], **NAMED),
            await relief(counter, settled, counter.other_hospital),
        ]

        assert [answer.status_code for answer in answers] == [404] * 5
        assert await cases(counter, counter.other_bureau) == []


class TestDecisions:
    async def test_are_a_second_person_s(self, counter):
        plan = await planned(counter, grant(await heavy(counter)))

        answer = await decided(counter, plan, decided_by=" 甲 ")

        assert (answer.status_code, answer.json()["code"]) == (409, "second_person_needed")
        assert await results(counter, plan) == ["open"]

    async def test_stand_once_made(self, counter):
        plan = await planned(counter, grant(await heavy(counter)))
        first, same = [await decided(counter, plan) for _ in range(2)]
        other = await decided(counter, plan, decision="declined")

        assert (first.status_code, same.json()) == (200, first.json())
        assert (other.status_code, other.json()["code"]) == (409, "relief_plan_decided")

    async def test_only_an_approved_plan_is_published(self, counter):
        plan = await planned(counter, grant(await heavy(counter)))

        answer = await counter.get(f"/v1/relief-plans/{plan['plan_id']}/publication", counter.bureau)

        assert (answer.status_code, answer.json()["code"]) == (409, "relief_plan_not_approved")


async def test_a_case_of_no_settlement_is_not_found(counter):
    answer = await counter.post("/v1/gap-cases", counter.bureau, settlement_id=str(uuid4()), **NAMED)

    assert answer.status_code == 404
    assert await counter.rows("SELECT 1 FROM gap_case") == []
