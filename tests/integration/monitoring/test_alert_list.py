"""The list of alerts over HTTP: who sees what, filters, pages, and bad input."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from common.kit.testing import bearer
from tests.integration.monitoring.conftest import BERT, COUNTY, HERE, HOME, THERE, Watch, a_discharge


class TestAlertList:
    async def test_shows_a_bureau_its_county_and_a_township_its_own(self, watch: Watch):
        await watch.family()
        await watch.hear(a_discharge(7000))
        await watch.hear(a_discharge(7000, uuid4()))

        assert len(await watch.alerts()) == 2
        assert len(await watch.alerts(watch.township)) == 1
        assert await watch.alerts(watch.other_township) == []
        assert await watch.alerts(watch.other_bureau) == []

    async def test_is_narrowed_by_what_is_asked(self, watch: Watch):
        await watch.family()
        settled = a_discharge(7000, BERT)
        await watch.hear(settled)
        await watch.hear(a_discharge(8000, uuid4()))

        for query in (
            {"household_id": str(HOME)},
            {"person_id": str(BERT)},
            {"settlement_id": str(settled.settlement_id)},
            {"township": HERE, "state": "open"},
        ):
            assert [each["amount_fen"] for each in await watch.alerts(**query)] == [700_000]
        assert await watch.alerts(state="withdrawn") == []
        assert await watch.alerts(township=THERE) == []

    async def test_pages_the_newest_first(self, watch: Watch):
        for hour in range(5):
            watch.now = datetime(2016, 9, 13, hour, tzinfo=UTC)
            await watch.hear(a_discharge(7000 + hour, uuid4()))

        seen: list[int] = []
        query: dict[str, object] = {"limit": 2}
        while True:
            page = (await watch.client.get("/v1/alerts", params=query, headers=watch.bureau)).json()
            seen += [each["amount_fen"] // 100 for each in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]

        assert seen == [7004, 7003, 7002, 7001, 7000]

    async def test_gives_cursors_that_fit_no_other_list(self, watch: Watch):
        for _ in range(2):
            await watch.hear(a_discharge(7000, uuid4()))
        page = (await watch.client.get("/v1/alerts", params={"limit": 1}, headers=watch.bureau)).json()

        query = {"cursor": page["next_cursor"], "state": "open"}
        answer = await watch.client.get("/v1/alerts", params=query, headers=watch.bureau)

        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")

    @pytest.mark.parametrize(
        ("query", "status", "code"),
        [
            ({"township": THERE}, 403, "not_yours"),
            ({"township": "x"}, 422, "malformed_body"),
            ({"household_id": "x"}, 422, "malformed_body"),
            ({"state": "closed"}, 422, "malformed_body"),
            ({"limit": "-1"}, 422, "malformed_body"),
            ({"limit": "1e3"}, 422, "malformed_body"),
            ({"cursor": "AAAA"}, 422, "cursor_invalid"),
            ({"since": "2016"}, 422, "malformed_body"),
        ],
    )
    async def test_tells_what_is_wrong_with_a_query(self, watch: Watch, query, status, code):
        answer = await watch.client.get("/v1/alerts", params=query, headers=watch.township)

        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_asks_for_a_place_and_the_scope(self, watch: Watch):
        for headers, status, code in (
            ({}, 401, "token_invalid"),
            (bearer("contracts", county=COUNTY), 403, "scope_missing"),
            (bearer("monitoring"), 403, "not_yours"),
            (bearer("monitoring", institution_code="H21138100001", county=COUNTY), 403, "not_yours"),
        ):
            answer = await watch.client.get("/v1/alerts", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
