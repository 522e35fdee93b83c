"""Reading archives: as known on any day, by one's own people only, and recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from common.kit.testing import bearer
from tests.integration.identity.conftest import COUNTY, TOWNSHIP, Identity, a_list, a_number, a_row, id_of

OTHER_TOWNSHIP = "211381104"


async def search(identity: Identity, body: dict[str, Any], **bound: str) -> list[dict[str, Any]]:
    headers = bearer("identity:read", **{"county": COUNTY, **bound})
    answer = await identity.client.post("/v1/persons/search", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


class TestArchive:
    async def test_shows_name_place_categories_and_a_masked_number(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(1)))

        archive = await identity.archive(id_of(1))

        assert (archive["name"], archive["township"], archive["village"]) == ("王某", TOWNSHIP, "大板村")
        assert archive["citizen_id"] == a_number(1)[:6] + "********" + a_number(1)[-4:]
        assert archive["phone"] == "13900000001"
        assert (archive["known_by"], archive["placed_by"], archive["placed_as_of"]) == (
            "list",
            "poverty_relief",
            "2016-09-10",
        )
        assert archive["categories"] == ["registered_poor"]
        assert archive["episodes"] == []

    async def test_answers_what_was_known_then_and_what_is_known_now_about_then(self, identity: Identity) -> None:
        identity.now = datetime(2016, 8, 12, tzinfo=UTC)
        await identity.take(a_list(a_row(1, recognised="2016-08-01")), as_of="2016-08-10")
        identity.now = datetime(2016, 9, 12, tzinfo=UTC)
        await identity.take(a_list(a_row(1, recognised="2016-05-01", township="上园镇")))

        then = await identity.archive(id_of(1), on="2016-06-01", known_at="2016-08-20T00:00:00Z")
        now = await identity.archive(id_of(1), on="2016-06-01")
        before = await identity.archive(id_of(1), known_at="2016-08-01T00:00:00Z")
        place_then = await identity.archive(id_of(1), on="2016-09-01")
        place_now = await identity.archive(id_of(1))

        assert (then["categories"], then["counting_category"]) == ([], None)
        assert (now["categories"], now["periods"][0]["version"]) == (["registered_poor"], 2)
        assert (before["periods"], before["name"], before["township"]) == ([], None, None)
        assert (place_then["township"], place_now["township"]) == (TOWNSHIP, OTHER_TOWNSHIP)

    @pytest.mark.parametrize("query", [{"on": "2016-02-30"}, {"known_at": "2016-09-01"}, {"surprise": "1"}])
    async def test_refuses_an_impossible_question(self, identity: Identity, query: dict[str, str]) -> None:
        answer = await identity.client.get(f"/v1/persons/{id_of(1)}", params=query, headers=identity.read)

        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body")

    @pytest.mark.parametrize(
        ("bound", "status"),
        [
            ({"county": COUNTY}, 200),
            ({"county": COUNTY, "township": TOWNSHIP}, 200),
            ({"township": TOWNSHIP}, 200),
            ({"county": COUNTY, "township": OTHER_TOWNSHIP}, 404),
            ({"county": "522632"}, 404),
            ({}, 403),
        ],
    )
    async def test_belongs_to_county_and_township(self, identity: Identity, bound: dict[str, str], status: int) -> None:
        await identity.take(a_list(a_row(1)))

        answer = await identity.client.get(f"/v1/persons/{id_of(1)}", headers=bearer("identity:read", **bound))

        assert answer.status_code == status, answer.text

    async def test_is_read_by_no_other_scope(self, identity: Identity) -> None:
        answer = await identity.client.get(f"/v1/persons/{id_of(1)}", headers=bearer("contracts", county=COUNTY))

        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")

    async def test_of_an_unknown_person_is_not_found(self, identity: Identity) -> None:
        answer = await identity.client.get(f"/v1/persons/{id_of(9)}", headers=identity.read)

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


class TestSearch:
    @pytest.mark.parametrize(
        "body",
        [
            {"citizen_id": a_number(1)},
            {"citizen_id": a_number(1).lower()},
            {"name": "王 某", "village": "大板村"},
            {"person_ids": [id_of(1), id_of(9)]},
        ],
    )
    async def test_finds_by_number_by_name_and_village_and_by_ids(
        self, identity: Identity, body: dict[str, Any]
    ) -> None:
        await identity.take(a_list(a_row(1), a_row(2, household="A2", name="李某")))

        (found,) = await search(identity, body)

        assert (found["person_id"], found["name"], found["phone"]) == (id_of(1), "王某", "13900000001")
        assert a_number(1) not in str(found)

    @pytest.mark.parametrize("bound", [{"township": OTHER_TOWNSHIP}, {"county": "522632"}])
    async def test_finds_ones_own_people_only(self, identity: Identity, bound: dict[str, str]) -> None:
        await identity.take(a_list(a_row(1)))

        assert await search(identity, {"citizen_id": a_number(1)}, **bound) == []
        assert await search(identity, {"person_ids": [id_of(1)]}, **bound) == []

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({}, "malformed_body"),
            ({"name": "王某"}, "malformed_body"),
            ({"name": "王某", "village": "大板村", "citizen_id": a_number(1)}, "malformed_body"),
            ({"person_ids": []}, "malformed_body"),
            ({"person_ids": [id_of(1)] * 201}, "malformed_body"),
            ({"person_ids": ["no id"]}, "malformed_body"),
            ({"citizen_id": 1}, "malformed_body"),
            ({"citizen_id": "211381196503150012"}, "citizen_id_invalid"),
            ({"name": "王\x00某", "village": "大板村"}, "malformed_body"),
            ({"surprise": 1}, "malformed_body"),
        ],
    )
    async def test_refuses_an_unclear_question(self, identity: Identity, body: dict[str, Any], code: str) -> None:
        answer = await identity.client.post("/v1/persons/search", json=body, headers=identity.read)

        assert (answer.status_code, answer.json()["code"]) == (422, code)


class TestHousehold:
    async def test_shows_its_members_the_head_first(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(2, name="李某", relation="配偶"), a_row(1)))
        household_id = (await identity.archive(id_of(1)))["household_id"]

        answer = await identity.client.get(f"/v1/households/{household_id}", headers=identity.read)

        household = answer.json()
        assert household["head_person_id"] == id_of(1)
        assert [member["name"] for member in household["members"]] == ["王某", "李某"]
        assert (household["township"], household["village"]) == (TOWNSHIP, "大板村")

    @pytest.mark.parametrize("bound", [{"county": "522632"}, {"county": COUNTY, "township": OTHER_TOWNSHIP}])
    async def test_is_hidden_from_others(self, identity: Identity, bound: dict[str, str]) -> None:
        await identity.take(a_list(a_row(1)))
        household_id = (await identity.archive(id_of(1)))["household_id"]

        answer = await identity.client.get(f"/v1/households/{household_id}", headers=bearer("identity:read", **bound))

        assert answer.status_code == 404


class TestAuditOfReads:
    async def test_records_who_read_about_whom_in_which_request(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(1)))
        household_id = (await identity.archive(id_of(1)))["household_id"]
        headers = {**identity.read, "X-Request-Id": "reader-1"}

        await identity.client.get(f"/v1/persons/{id_of(1)}", headers=headers)
        await identity.client.get(f"/v1/households/{household_id}", headers=headers)
        await search(identity, {"citizen_id": a_number(1)})

        async with identity.unit() as uow:
            rows = (await uow.connection.execute(text("SELECT * FROM read_audit ORDER BY audit_id"))).all()
        assert [row.action for row in rows] == ["read_person", "read_person", "read_household", "search_persons"]
        assert [row.correlation_id for row in rows][1:3] == ["reader-1", "reader-1"]
        assert {str(row.person_ids[0]) for row in rows} == {id_of(1)}
        assert {row.client_id for row in rows} == {"test-client"}

    @pytest.mark.parametrize("table", ["read_audit", "person_statement", "entitlement_statement"])
    async def test_lets_nobody_change_what_was_recorded(self, identity: Identity, table: str) -> None:
        with pytest.raises(DBAPIError, match="only ever added"):
            async with identity.unit() as uow:
                await uow.connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - a test's own words


class TestAtRest:
    async def test_no_number_and_no_phone_lies_open_in_the_database(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(1)))

        async with identity.unit() as uow:
            tables = ("person", "person_statement", "roster_row", "outbox_event")
            whole = [
                str((await uow.connection.execute(text(f"SELECT * FROM {table}"))).all())  # noqa: S608 - a test's own words
                for table in tables
            ]

        assert a_number(1) not in "".join(whole)
        assert "13900000001" not in "".join(whole)
