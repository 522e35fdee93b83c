"""Calls about re-rating that cannot be, come twice, or meet each other: a clear answer, nothing half-stored."""

import asyncio

import pytest

from tests.integration.settlement.rerating_desk import OPENED, booked, case, corrections, decided, opened, work


class TestBadInput:
    @pytest.mark.parametrize(
        ("field", "value", "status", "code"),
        [
            ("discharged_to", "2015-12-31", 409, "rerating_range_impossible"),
            ("discharged_from", "2010-01-01", 409, "rerating_range_impossible"),
            ("county", "522632", 403, "not_yours"),
            ("cause", "mood", 422, "malformed_body"),
            ("document", "", 422, "malformed_body"),
        ],
    )
    async def test_is_refused_and_stored_nowhere(self, counter, field, value, status, code):
        answer = await counter.post("/v1/reratings", counter.bureau, **(OPENED | {field: value}))

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert await counter.rows("SELECT count(*) FROM rerating") == [(0,)]

    async def test_of_another_county_is_not_found(self, counter):
        answer = await counter.post("/v1/reratings", counter.bureau, **OPENED)

        other = await counter.get(f"/v1/reratings/{answer.json()['rerating_id']}", counter.other_bureau)

        assert other.status_code == 404

    async def test_a_correction_that_is_not_there_has_no_slip(self, counter):
        settled = await counter.settle("R1")

        answer = await counter.get(f"/v1/settlements/{settled['settlement_id']}/slip", correction=1)
        foreign = await counter.get(f"/v1/settlements/{settled['settlement_id']}/corrections", counter.other_hospital)

        assert (answer.status_code, foreign.status_code) == (404, 404)

    async def test_the_same_call_twice_opens_one_case(self, counter):
        first, second = [await counter.post("/v1/reratings", counter.bureau, key="K1", **OPENED) for _ in range(2)]

        assert first.json() == second.json()
        assert await counter.rows("SELECT count(*) FROM rerating") == [(1,)]

    @pytest.mark.parametrize(
        "body",
        [
            {},
            OPENED | {"person_id": 7},
            OPENED | {"discharged_from": "2016-02-30"},
            OPENED | {"discharged_to": "9999-12-31", "discharged_from": "0001-01-01"},
            OPENED | {"document": "x" * 201},
            OPENED | {"proposed_by": "a\x00b"},
            OPENED | {"more": 1},
            {name: value for name, value in OPENED.items() if name != "proposed_by"},
        ],
        ids=["empty", "person", "no day", "all time", "long", "NUL", "unknown", "nobody"],
    )
    async def test_of_every_kind_is_a_problem_document(self, counter, body):
        answer = await counter.post("/v1/reratings", counter.bureau, **body)

        assert answer.status_code in {409, 422}
        assert answer.headers["content-type"] == "application/problem+json"
        assert await counter.rows("SELECT count(*) FROM rerating") == [(0,)]

    async def test_a_call_without_its_key_or_scope_is_refused(self, counter):
        keyless = await counter.client.post("/v1/reratings", json=OPENED, headers=counter.bureau)
        hospital = await counter.post("/v1/reratings", **OPENED)

        assert (keyless.status_code, hospital.status_code) == (400, 403)
        assert await counter.rows("SELECT count(*) FROM rerating") == [(0,)]


class TestAtTheSameMoment:
    async def test_the_same_call_opens_one_case(self, counter):
        answers = await asyncio.gather(
            *(counter.post("/v1/reratings", counter.bureau, key="K", **OPENED) for _ in range(8))
        )

        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len({answer.json()["rerating_id"] for answer in answers if answer.status_code == 201}) == 1
        assert await counter.rows("SELECT count(*) FROM rerating") == [(1,)]

    async def test_of_two_decisions_one_stands(self, counter):
        settled = await counter.settle("R1")
        await counter.hold()
        told = await opened(counter)

        yes, no = await asyncio.gather(decided(counter, told), decided(counter, told, by="丙", decision="declined"))
        await work(counter)

        assert sorted([yes.status_code, no.status_code]) == [200, 409]
        stands = await case(counter, told)
        assert stands["state"] == ("booked" if yes.status_code == 200 else "declined")
        assert len(await corrections(counter, settled)) == (yes.status_code == 200)

    async def test_a_lost_answer_is_asked_for_again(self, counter):
        """A bureau that never heard the first answer repeats it with its key, and later with another."""
        await counter.settle("R1")
        await counter.hold()
        told = await opened(counter)
        path = f"/v1/reratings/{told['rerating_id']}/decision"
        word = {"decision": "approved", "decided_by": "乙", "reason": "纪要"}

        first, same = [await counter.post(path, counter.bureau, key="D", **word) for _ in range(2)]
        await work(counter)
        other = await counter.post(path, counter.bureau, key="E", **word)
        changed = await counter.post(path, counter.bureau, key="D", **word | {"reason": "另"})

        assert first.json() == same.json()
        assert (other.status_code, other.json()["state"]) == (200, "booked")
        assert (changed.status_code, changed.json()["code"]) == (422, "idempotency_key_reused")

    async def test_another_county_s_case_is_nobody_s(self, counter):
        await counter.settle("R1")
        await counter.hold()
        told = await opened(counter)
        word = {"decision": "approved", "decided_by": "乙", "reason": "纪要"}

        answers = [
            await counter.post(f"/v1/reratings/{told['rerating_id']}/decision", counter.other_bureau, **word),
            await counter.get(f"/v1/reratings/{told['rerating_id']}/lines", counter.other_bureau),
        ]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert (await booked(counter, told))["state"] == "booked"
