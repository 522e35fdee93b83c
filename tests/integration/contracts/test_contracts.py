"""Teams and contracts over HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from common.kit.testing import bearer
from common.published.identity import PersonEnded
from services.contracts.domain.contract import GIVEN_REASONS
from tests.integration.contracts.conftest import ANNA, BERT, COUNTY, ELSEWHERE, HERE, THERE, Care, a_discharge


class TestTeams:
    async def test_open_once_per_township_and_name(self, care: Care):
        first = await care.post("/v1/teams", township=HERE, name="一队", county=COUNTY)
        again = await care.post("/v1/teams", township=HERE, name="一队")

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()

    async def test_are_listed_in_pages_to_those_they_belong_to(self, care: Care):
        for name in ("一队", "三队", "二队"):
            await care.team(name)
        await care.team(township=THERE)

        page = (await care.client.get("/v1/teams", params={"limit": 3}, headers=care.bureau)).json()
        rest = await care.items("/v1/teams", limit=3, cursor=page["next_cursor"])

        assert len({each["team_id"] for each in [*page["items"], *rest]}) == 4
        assert len(await care.items("/v1/teams", township=THERE)) == 1
        assert len(await care.items("/v1/teams", care.township)) == 3
        assert await care.items("/v1/teams", care.other_bureau) == []

    async def test_are_not_opened_elsewhere(self, care: Care):
        for headers, township in ((care.township, THERE), (care.other_bureau, HERE)):
            answer = await care.post("/v1/teams", headers, township=township, name="一队")
            assert (answer.status_code, answer.json()["code"]) == (403, "not_yours")

    async def test_lie_in_the_county_that_is_named(self, care: Care):
        answer = await care.post("/v1/teams", township=HERE, county=ELSEWHERE, name="一队")

        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body")


class TestSigning:
    async def test_is_told_and_listed(self, care: Care):
        await care.know()

        answer = await care.sign()

        contract = answer.json()
        assert (answer.status_code, contract["state"], contract["township"]) == (201, "live", HERE)
        (told,) = await care.told("contract_signed")
        assert (told["contract_id"], told["package_codes"]) == (contract["contract_id"], ["basic"])
        assert await care.items("/v1/contracts", state="live") == [contract]
        assert await care.items("/v1/contracts", state="ended") == []
        assert await care.items("/v1/contracts", person_id=str(BERT)) == []
        assert await care.items("/v1/contracts", team_id=contract["team_id"], township=HERE) == [contract]

    async def test_again_alike_is_answered_with_the_live_one(self, care: Care):
        await care.know()
        first = await care.sign()

        again = await care.sign()

        assert (again.status_code, again.json()) == (200, first.json())
        assert len(await care.told("contract_signed")) == 1

    async def test_of_a_second_team_is_refused_while_one_is_live(self, care: Care):
        await care.know()
        first = await care.sign()

        second = await care.sign(team_id=await care.team("二队"))

        assert (second.status_code, second.json()["code"]) == (409, "contract_already_live")
        assert second.json()["contract_id"] == first.json()["contract_id"]

    async def test_of_many_at_once_leaves_one_live(self, care: Care):
        await care.know()
        teams = [await care.team(f"{number}队") for number in range(5)]

        answers = await asyncio.gather(*(care.sign(team_id=team_id) for team_id in teams))

        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
        assert len(await care.items("/v1/contracts")) == 1

    async def test_after_the_last_day_renews(self, care: Care):
        await care.know()
        first = (await care.sign()).json()
        care.now = datetime(2017, 1, 2, tzinfo=UTC)

        second = await care.sign(valid_from="2017-01-01", valid_to="2017-12-31")

        assert second.status_code == 201
        (ended,) = await care.told("contract_ended")
        assert (ended["contract_id"], ended["reason_code"]) == (first["contract_id"], "expired")

    async def test_closes_the_task_to_sign_and_plans_what_waited(self, care: Care):
        await care.know()
        await care.hear(a_discharge(diagnoses=["A15.0"]))
        care.now = datetime(2016, 9, 20, tzinfo=UTC)
        team_id = await care.team()

        await care.sign(team_id=team_id)

        tasks = await care.items("/v1/follow-ups")
        assert {each["state"] for each in tasks if each["rule"] == "sign_contract"} == {"done"}
        assert len([each for each in tasks if each["state"] == "open"]) == 6
        assert "tuberculosis.first" not in {each["rule"] for each in tasks}
        assert {each["team_id"] for each in tasks if each["kind"] == "follow_up"} == {team_id}
        (done,) = await care.told("follow_up_done")
        assert (done["kind"], done["outcome_code"], done["done_on"]) == ("sign_contract", "signed", "2016-09-20")

    @pytest.mark.parametrize(
        ("fields", "status", "code"),
        [
            ({"valid_to": "2016-12-30"}, 409, "contract_too_short"),
            ({"valid_to": "2015-12-31"}, 422, "dates_impossible"),
            ({"valid_from": "9999-12-31", "valid_to": "9999-12-31"}, 422, "dates_impossible"),
            ({"valid_from": "2016-02-30"}, 422, "malformed_body"),
            ({"valid_from": 20160101}, 422, "malformed_body"),
            ({"person_id": "anna"}, 422, "malformed_body"),
            ({"person_id": str(uuid4())}, 404, "not_found"),
            ({"team_id": str(uuid4())}, 404, "not_found"),
            ({"package_codes": ["\x00"]}, 422, "malformed_body"),
            ({"package_codes": "basic"}, 422, "malformed_body"),
            ({"package_codes": ["basic"] * 21}, 422, "malformed_body"),
            ({"name": "王某"}, 422, "malformed_body"),
        ],
    )
    async def test_refuses_bad_terms_and_stores_nothing(self, care: Care, fields, status, code):
        await care.know()

        answer = await care.sign(**fields)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert await care.items("/v1/contracts") == []

    async def test_of_foreign_people_or_with_foreign_teams_is_not_found(self, care: Care):
        await care.know()
        there = await care.team(township=THERE)
        here = await care.team()

        for headers, team_id in ((care.other_township, there), (care.other_bureau, here), (care.township, there)):
            answer = await care.sign(headers=headers, team_id=team_id)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    async def test_of_the_dead_is_refused(self, care: Care):
        await care.know()
        await care.hear(PersonEnded(county=COUNTY, person_id=ANNA, ended_on=date(2016, 9, 1), reason_code="died"))

        answer = await care.sign()

        assert (answer.status_code, answer.json()["code"]) == (409, "person_ended")


class TestEnding:
    async def test_ends_once_and_gives_open_visits_back_to_the_township(self, care: Care):
        await care.know()
        contract = (await care.sign()).json()
        await care.hear(a_discharge())
        end = {"ended_on": "2016-09-13", "reason_code": "own_wish"}

        first = await care.post(f"/v1/contracts/{contract['contract_id']}/end", care.township, **end)
        again = await care.post(f"/v1/contracts/{contract['contract_id']}/end", **end)
        other = await care.post(f"/v1/contracts/{contract['contract_id']}/end", **(end | {"reason_code": "lost"}))

        assert (first.status_code, again.status_code, first.json()) == (200, 200, again.json())
        assert (first.json()["state"], first.json()["ended_on"]) == ("ended", "2016-09-13")
        assert (other.status_code, other.json()["code"]) == (409, "contract_already_ended")
        assert len(await care.told("contract_ended")) == 1
        assert [each["team_id"] for each in await care.items("/v1/follow-ups")] == [None]

    @pytest.mark.parametrize(
        ("end", "status", "code"),
        [
            ({"ended_on": "2016-09-14", "reason_code": "lost"}, 422, "dates_impossible"),
            ({"ended_on": "2015-12-31", "reason_code": "lost"}, 422, "dates_impossible"),
            ({"ended_on": "2016-09-13", "reason_code": "expired"}, 422, "malformed_body"),
            ({"ended_on": "2016-09-13"}, 422, "malformed_body"),
        ],
    )
    async def test_refuses_bad_ends(self, care: Care, end, status, code):
        await care.know()
        contract = (await care.sign()).json()

        answer = await care.post(f"/v1/contracts/{contract['contract_id']}/end", **end)

        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_takes_every_reason_that_may_be_given(self, care: Care):
        await care.know()
        contract = (await care.sign()).json()

        for reason in GIVEN_REASONS:
            answer = await care.post(
                f"/v1/contracts/{contract['contract_id']}/end", ended_on="2016-09-14", reason_code=reason.value
            )
            assert answer.json()["code"] == "dates_impossible"

    async def test_of_foreign_or_unknown_contracts_is_not_found(self, care: Care):
        await care.know()
        contract = (await care.sign()).json()
        end = {"ended_on": "2016-09-13", "reason_code": "lost"}

        for headers, contract_id in (
            (care.other_township, contract["contract_id"]),
            (care.other_bureau, contract["contract_id"]),
            (care.bureau, str(uuid4())),
            (care.bureau, "17"),
        ):
            answer = await care.post(f"/v1/contracts/{contract_id}/end", headers, **end)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


class TestDaily:
    async def test_ends_contracts_whose_last_day_is_over(self, care: Care):
        await care.know()
        await care.sign()
        care.now = datetime(2016, 12, 31, 4, tzinfo=UTC)
        await care.look_daily()
        assert await care.told("contract_ended") == []

        care.now = datetime(2016, 12, 31, 16, tzinfo=UTC)
        await care.look_daily()
        await care.look_daily()

        (ended,) = await care.told("contract_ended")
        assert (ended["ended_on"], ended["reason_code"]) == ("2016-12-31", "expired")


class TestCallers:
    async def test_need_a_place_and_the_scope(self, care: Care):
        for headers, status, code in (
            ({}, 401, "token_invalid"),
            (bearer("monitoring", county=COUNTY), 403, "scope_missing"),
            (bearer("contracts"), 403, "not_yours"),
            (bearer("contracts", institution_code="H21138100001", county=COUNTY), 403, "not_yours"),
        ):
            answer = await care.client.get("/v1/contracts", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code)

    @pytest.mark.parametrize(
        ("query", "status", "code"),
        [
            ({"township": THERE}, 403, "not_yours"),
            ({"township": f"{ELSEWHERE}001"}, 403, "not_yours"),
            ({"township": "12"}, 422, "malformed_body"),
            ({"cursor": "x"}, 422, "cursor_invalid"),
            ({"limit": "0"}, 422, "malformed_body"),
            ({"state": "open"}, 422, "malformed_body"),
            ({"page": "2"}, 422, "malformed_body"),
        ],
    )
    async def test_are_told_what_is_wrong_with_a_query(self, care: Care, query, status, code):
        answer = await care.client.get("/v1/contracts", params=query, headers=care.township)

        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_page_through_contracts_in_the_order_of_signing(self, care: Care):
        signed = []
        for number in range(3):
            person_id = uuid4()
            await care.know(person_id)
            care.now = datetime(2016, 9, 13, number, tzinfo=UTC)
            signed.append((await care.sign(person_id)).json())

        first = (await care.client.get("/v1/contracts", params={"limit": 2}, headers=care.bureau)).json()
        query = {"limit": 2, "cursor": first["next_cursor"]}
        second = (await care.client.get("/v1/contracts", params=query, headers=care.bureau)).json()

        assert [*first["items"], *second["items"]] == signed
        assert second["next_cursor"] is None
        foreign = await care.client.get("/v1/contracts", params=query, headers=care.township)
        assert foreign.json()["code"] == "cursor_invalid"
