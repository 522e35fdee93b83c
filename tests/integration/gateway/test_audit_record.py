"""Who did what, written before the answer and never changed."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError

from common.kit.cause import Cause

HOSPITAL = "211381-hospital-1"
SETTLEMENT = "8f14e45f-ceea-5a67-b0de-5a1b2c3d4e5f"


async def entries_of(suite, **query):
    headers = await suite.bearer("operator")
    answer = await suite.client.get("/v1/audit", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


class TestAuditRecord:
    async def test_names_client_route_ids_status_and_request(self, suite):
        headers = {**await suite.bearer(HOSPITAL), "X-Request-Id": "desk-9"}
        await suite.client.post(f"/v1/settlements/{SETTLEMENT}/reversal", headers=headers)

        entry = (await entries_of(suite, client_id=HOSPITAL))[0]

        assert entry.pop("entry_id") > 0
        assert entry.pop("happened_at").endswith("Z")
        assert entry == {
            "client_id": HOSPITAL,
            "method": "POST",
            "route": "/v1/settlements/{settlement_id}/reversal",
            "resource_ids": {"settlement_id": SETTLEMENT},
            "status": 409,
            "request_id": "desk-9",
        }

    async def test_holds_tokens_reads_and_refusals_but_no_citizen_number(self, suite):
        headers = await suite.bearer(HOSPITAL)
        await suite.client.get("/v1/settlements/211381196503150011", headers=headers)
        await suite.client.get("/v1/events", headers=headers)
        await suite.client.get("/v1/slow", headers=await suite.bearer("211381-bureau-funds"))
        await suite.client.get("/v1/events", headers=await suite.bearer("211381-subscriber"))

        entries = await entries_of(suite)

        told = [(each["client_id"], each["route"], each["status"]) for each in entries]
        assert (HOSPITAL, "/oauth/token", 200) in told
        assert (HOSPITAL, "/v1/settlements/{settlement_id}", 404) in told
        assert ("211381-bureau-funds", "/v1/slow", 403) in told
        assert ("211381-subscriber", "/v1/events", 200) in told
        assert "211381196503150011" not in str(entries)

    async def test_holds_every_one_of_many_calls_at_once(self, suite):
        headers = await suite.bearer(HOSPITAL)

        await asyncio.gather(*(suite.client.get("/v1/empty", headers=headers) for _ in range(60)))

        assert len(await entries_of(suite, route="/v1/empty", limit=200)) == 60

    async def test_makes_the_call_fail_when_it_cannot_be_written(self, suite):
        headers = await suite.bearer(HOSPITAL)
        async with suite.database.unit_of_work(Cause("test")) as uow:
            await uow.connection.exec_driver_sql("ALTER TABLE audit.audit_entry RENAME TO elsewhere")

        answer = await suite.client.get("/v1/empty", headers=headers)

        assert answer.status_code >= 500

    @pytest.mark.parametrize(
        "change",
        ["UPDATE audit.audit_entry SET status = 200", "DELETE FROM audit.audit_entry", "TRUNCATE audit.audit_entry"],
    )
    async def test_cannot_be_changed_in_the_database(self, suite, change):
        await suite.token(HOSPITAL)

        with pytest.raises(DBAPIError, match="only ever added"):
            async with suite.database.unit_of_work(Cause("test")) as uow:
                await uow.connection.exec_driver_sql(change)


class TestShowAudit:
    async def test_pages_from_the_newest_back(self, suite):
        for _ in range(5):
            await suite.token(HOSPITAL)
        headers, seen, cursor = await suite.bearer("operator"), [], None

        while True:
            query = {"client_id": HOSPITAL, "limit": 2, **({"cursor": cursor} if cursor else {})}
            page = (await suite.client.get("/v1/audit", params=query, headers=headers)).json()
            seen += [each["entry_id"] for each in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break

        assert len(seen) == 5
        assert seen == sorted(seen, reverse=True)

    async def test_filters_by_china_days_both_included(self, suite):
        await suite.token(HOSPITAL)

        assert await entries_of(suite, happened_to="2016-01-01") == []
        assert await entries_of(suite, happened_from="2016-01-01")

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ({"happened_from": "2016-02-30"}, "malformed_body"),
            ({"cursor": "x"}, "cursor_invalid"),
            ({"limit": 0}, "malformed_body"),
            ({"unknown": "1"}, "malformed_body"),
        ],
    )
    async def test_refuses_what_it_does_not_understand(self, suite, query, code):
        answer = await suite.client.get("/v1/audit", params=query, headers=await suite.bearer("operator"))

        assert (answer.status_code, answer.json()["code"]) == (422, code)

    async def test_is_for_operators_only(self, suite):
        answer = await suite.client.get("/v1/audit", headers=await suite.bearer("211381-bureau-funds"))

        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
