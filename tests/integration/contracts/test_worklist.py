"""The worklist and visits over HTTP, and overdue tasks told by the day."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests.integration.contracts.conftest import BERT, HERE, Care, a_discharge, a_reversal

VISIT = {"visited_on": "2016-09-13", "outcome_code": "on_target", "note": "血压平稳"}


@pytest.fixture
async def task(care: Care) -> str:
    """Return the id of one open visit of a signed person."""
    await care.know()
    await care.sign()
    await care.hear(a_discharge())
    (found,) = await care.items("/v1/follow-ups")
    return str(found["follow_up_id"])


class TestWorklist:
    @pytest.mark.usefixtures("task")
    async def test_tells_overdue_by_the_day(self, care: Care):
        assert await care.tasks(state="open") == ["other.once open"]
        assert await care.tasks(state="overdue") == []

        care.now = datetime(2016, 9, 26, 16, tzinfo=UTC)

        assert await care.tasks(state="open") == []
        assert await care.tasks(state="overdue") == ["other.once overdue"]
        assert await care.tasks(state="done") == []

    @pytest.mark.usefixtures("task")
    async def test_is_narrowed_by_what_is_asked(self, care: Care):
        (found,) = await care.items("/v1/follow-ups")

        assert await care.tasks(due_before="2016-09-26") == []
        assert await care.tasks(due_before="2016-09-27", kind="follow_up", township=HERE) == ["other.once open"]
        assert await care.tasks(kind="verify") == []
        assert await care.tasks(person_id=str(BERT)) == []
        assert await care.tasks(settlement_id=found["settlement_id"]) == ["other.once open"]

    async def test_pages_in_the_order_due(self, care: Care):
        await care.know()
        await care.sign()
        await care.hear(a_discharge(diagnoses=["A15.0", "I10"]))

        seen: list[str] = []
        cursor = None
        while True:
            query = {"limit": 5} | ({"cursor": cursor} if cursor else {})
            page = (await care.client.get("/v1/follow-ups", params=query, headers=care.bureau)).json()
            seen += [each["window_to"] for each in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break

        assert len(seen) == 12
        assert seen == sorted(seen)

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ({"due_before": "tomorrow"}, "malformed_body"),
            ({"due_before": "0"}, "malformed_body"),
            ({"state": "late"}, "malformed_body"),
            ({"person_id": "anna"}, "malformed_body"),
            ({"cursor": "é"}, "cursor_invalid"),
            ({"what": "1"}, "malformed_body"),
        ],
    )
    async def test_tells_what_is_wrong_with_a_query(self, care: Care, query, code):
        answer = await care.client.get("/v1/follow-ups", params=query, headers=care.bureau)

        assert (answer.status_code, answer.json()["code"]) == (422, code)


class TestVisit:
    async def test_closes_the_task_and_is_told_without_the_note(self, care: Care, task: str):
        answer = await care.post(f"/v1/follow-ups/{task}/visit", care.township, **VISIT)

        assert answer.status_code == 201
        assert answer.json()["state"] == "done"
        assert answer.json()["visit"] == VISIT
        (told,) = await care.told("follow_up_done")
        assert (told["outcome_code"], told["done_on"], "note" in told) == ("on_target", "2016-09-13", False)

    async def test_repeated_alike_is_answered_with_the_first(self, care: Care, task: str):
        first = await care.post(f"/v1/follow-ups/{task}/visit", **VISIT)

        again = await care.post(f"/v1/follow-ups/{task}/visit", **VISIT)

        assert (again.status_code, again.json()) == (200, first.json())
        assert len(await care.told("follow_up_done")) == 1

    async def test_of_many_at_once_is_recorded_once(self, care: Care, task: str):
        notes = [{"note": str(number)} for number in range(5)]

        answers = await asyncio.gather(*(care.post(f"/v1/follow-ups/{task}/visit", **(VISIT | note)) for note in notes))

        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
        assert {answer.json().get("code") for answer in answers} == {None, "visit_already_recorded"}
        assert len(await care.told("follow_up_done")) == 1

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"visited_on": "2016-09-14"}, 422, "dates_impossible"),
            ({"visited_on": "2016-09-11"}, 422, "dates_impossible"),
            ({"visited_on": "2016-13-01"}, 422, "malformed_body"),
            ({"outcome_code": "refused"}, 409, "outcome_not_fitting"),
            ({"outcome_code": "cured"}, 422, "malformed_body"),
            ({"note": "a\x00b"}, 422, "malformed_body"),
            ({"note": "长" * 2001}, 422, "malformed_body"),
            ({"reading": "120/80"}, 422, "malformed_body"),
        ],
    )
    async def test_refuses_what_cannot_be(self, care: Care, task: str, change, status, code):
        answer = await care.post(f"/v1/follow-ups/{task}/visit", **(VISIT | change))

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert await care.tasks() == ["other.once open"]

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"visited_on": NaN}'])
    async def test_refuses_what_is_no_body(self, care: Care, task: str, body):
        headers = care.bureau | {"Content-Type": "application/json"}

        answer = await care.client.post(f"/v1/follow-ups/{task}/visit", content=body, headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body")

    async def test_of_a_withdrawn_task_is_refused(self, care: Care):
        settled = a_discharge()
        await care.know()
        await care.hear(settled)
        (found,) = await care.items("/v1/follow-ups")
        await care.hear(a_reversal(settled))

        answer = await care.post(
            f"/v1/follow-ups/{found['follow_up_id']}/visit", visited_on="2016-09-13", outcome_code="refused"
        )

        assert (answer.status_code, answer.json()["code"]) == (409, "follow_up_withdrawn")

    async def test_of_a_foreign_or_unknown_task_is_not_found(self, care: Care, task: str):
        for headers, follow_up_id in (
            (care.other_township, task),
            (care.other_bureau, task),
            (care.bureau, str(uuid4())),
            (care.bureau, "1"),
        ):
            answer = await care.post(f"/v1/follow-ups/{follow_up_id}/visit", headers, **VISIT)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


class TestOverdue:
    async def test_is_told_once_from_the_day_after_the_window(self, care: Care, task: str):
        care.now = datetime(2016, 9, 26, 2, tzinfo=UTC)
        await care.look_daily()
        assert await care.told("follow_up_overdue") == []

        care.now = datetime(2016, 9, 27, 2, tzinfo=UTC)
        await care.look_daily()
        await care.look_daily()

        (told,) = await care.told("follow_up_overdue")
        assert (told["follow_up_id"], told["overdue_since"]) == (task, "2016-09-27")
