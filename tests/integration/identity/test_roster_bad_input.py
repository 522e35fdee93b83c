"""Lists that are no lists: a problem document with a stable code, and nothing stored."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook

from common.kit.testing import a_token, bearer
from tests.integration.identity.conftest import COUNTY, HEADER, Identity, a_civil_list, a_list, a_number, a_row

GOOD = a_list(a_row(1))


def an_xlsx(*rows: list[Any]) -> bytes:
    book = Workbook()
    sheet = book.create_sheet("名单", 0)
    for row in [HEADER.split(","), *rows]:
        sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def a_hollow_zip() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("nothing.txt", "nothing")
    return target.getvalue()


def a_zip_bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (97 * 1024 * 1024))
    return target.getvalue()


class TestFiles:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            HEADER.encode(),
            b"\x00\x01\x02\xff",
            b"\xff\xfe\xff\xff\xff",
            "户编号,姓名\nA1,王某".encode(),
            f"{HEADER},姓名\n".encode() + a_row(1).encode() + "，王某".encode(),
            b'"A1,\n',
            b"PK\x03\x04 broken",
            a_hollow_zip(),
            a_zip_bomb(),
            (HEADER + "\n" + "\n" * 60_002).encode(),
        ],
        ids=[
            "empty",
            "header only",
            "binary",
            "no encoding",
            "columns missing",
            "column twice",
            "quote open",
            "broken zip",
            "no workbook",
            "unpacks to too much",
            "too many lines",
        ],
    )
    async def test_answers_a_problem_and_stores_nothing(self, identity: Identity, content: bytes) -> None:
        answer = await identity.send(content)

        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "malformed_body"
        assert await identity.count("roster") == 0

    async def test_reads_gb18030(self, identity: Identity) -> None:
        report = (await identity.send(GOOD.decode().encode("gb18030"))).json()

        assert (await identity.rows(report["roster_id"]))[0]["name"] == "王某"

    async def test_reads_utf_8_with_a_mark(self, identity: Identity) -> None:
        report = (await identity.send(b"\xef\xbb\xbf" + GOOD)).json()

        assert report["verdicts"]["accepted"] == 1

    async def test_reads_an_xlsx_whose_cells_are_numbers_and_dates(self, identity: Identity) -> None:
        from_cell = ["1", "王某", a_number(1), "户主", "大板镇", "大板村", 13900000001, None]

        report = (await identity.send(an_xlsx(from_cell))).json()

        assert (report["row_count"], report["verdicts"]["accepted"]) == (1, 1)

    async def test_reads_a_date_cell_of_an_xlsx(self, identity: Identity) -> None:
        row = ["1", "王某", a_number(1), None, "大板镇", "大板村", None, datetime(2016, 1, 5)]  # noqa: DTZ001 - as a cell has it

        report = (await identity.send(an_xlsx(row))).json()

        assert (await identity.rows(report["roster_id"]))[0]["recognised_on"] == "2016-01-05"

    async def test_rejects_a_number_that_a_spreadsheet_rounded(self, identity: Identity) -> None:
        rounded = ["1", "王某", float(a_number(1)[:17] + "0"), "户主", "大板镇", "大板村", None, None]

        report = (await identity.send(an_xlsx(rounded))).json()

        assert report["reasons"] == {"citizen_id_invalid": 1}

    async def test_asks_civil_affairs_for_the_category_column(self, identity: Identity) -> None:
        answer = await identity.send(GOOD, source="civil_affairs")

        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body")
        assert "救助身份" in answer.text

    async def test_takes_its_own_english_headers(self, identity: Identity) -> None:
        content = f"household_no,name,citizen_id\nA1,王某,{a_number(1)}".encode()

        assert (await identity.send(content)).json()["verdicts"]["accepted"] == 1

    async def test_takes_a_civil_list_with_the_column(self, identity: Identity) -> None:
        answer = await identity.send(a_civil_list(a_row(1, identity="低保")), source="civil_affairs")

        assert answer.json()["verdicts"]["accepted"] == 1


class TestTerms:
    @pytest.mark.parametrize(
        ("terms", "status", "code"),
        [
            ({"source": "finance"}, 422, "malformed_body"),
            ({"kind": "part"}, 422, "malformed_body"),
            ({"as_of": "2016-02-30"}, 422, "malformed_body"),
            ({"as_of": "2016-9-1"}, 422, "malformed_body"),
            ({"as_of": None}, 422, "malformed_body"),
            ({"county": "12"}, 422, "malformed_body"),
            ({"surprise": "1"}, 422, "malformed_body"),
            ({"as_of": "2016-09-13"}, 422, "dates_impossible"),
            ({"as_of": "0001-01-01"}, 422, "dates_impossible"),
            ({"county": "2113\x0081"}, 422, "malformed_body"),
            ({"county": "522632"}, 403, "not_yours"),
            ({"headers": {}}, 401, "token_invalid"),
            ({"headers": bearer("his", county=COUNTY)}, 403, "scope_missing"),
            ({"headers": bearer("identity:read", county=COUNTY)}, 403, "scope_missing"),
            ({"headers": bearer("identity:write", township="211381103", county=COUNTY)}, 403, "not_yours"),
            ({"headers": bearer("identity:write")}, 403, "not_yours"),
        ],
    )
    async def test_are_checked(self, identity: Identity, terms: dict[str, Any], status: int, code: str) -> None:
        answer = await identity.send(GOOD, **terms)

        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert await identity.count("roster") == 0

    async def test_name_a_county_without_a_file(self, identity: Identity) -> None:
        answer = await identity.send(GOOD, county="999999", headers=bearer("identity:write", county="999999"))

        assert (answer.status_code, answer.json()["code"]) == (409, "county_unknown")

    async def test_need_a_file_and_not_a_text(self, identity: Identity) -> None:
        form = {"source": "poverty_relief", "kind": "full", "county": COUNTY, "as_of": "2016-09-10", "file": "text"}

        answer = await identity.client.post("/v1/rosters", data=form, headers=identity.write)

        assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body")

    async def test_come_as_a_form(self, identity: Identity) -> None:
        answer = await identity.client.post("/v1/rosters", json={"county": COUNTY}, headers=identity.write)

        assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")

    async def test_stay_below_the_body_limit(self, identity: Identity) -> None:
        answer = await identity.send(b"x" * (8 * 1024 * 1024 + 1))

        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")

    async def test_need_a_live_token(self, identity: Identity) -> None:
        forged = {"Authorization": f"Bearer {a_token('identity:write', county=COUNTY)[:-4]}AAAA"}

        answer = await identity.send(GOOD, headers=forged)

        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


class TestOwnership:
    @pytest.mark.parametrize("route", ["", "/rows", "/end-proposals"])
    async def test_hides_another_countys_list(self, identity: Identity, route: str) -> None:
        roster_id = (await identity.send(GOOD)).json()["roster_id"]
        headers = bearer("identity:write", county="522632")

        answer = await identity.client.get(f"/v1/rosters/{roster_id}{route}", headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    async def test_lets_nobody_else_publish(self, identity: Identity) -> None:
        roster_id = (await identity.send(GOOD)).json()["roster_id"]
        headers = bearer("identity:write", county="522632")

        answer = await identity.client.post(f"/v1/rosters/{roster_id}/publish", headers=headers)

        assert answer.status_code == 404
        assert await identity.count("person") == 0

    @pytest.mark.parametrize("roster_id", ["00000000-0000-0000-0000-000000000000", "nothing"])
    async def test_does_not_know_every_id(self, identity: Identity, roster_id: str) -> None:
        answer = await identity.client.get(f"/v1/rosters/{roster_id}", headers=identity.write)

        assert answer.status_code in {404, 422}

    async def test_refuses_a_cursor_of_another_list(self, identity: Identity) -> None:
        roster_id = (await identity.send(GOOD)).json()["roster_id"]

        answer = await identity.client.get(
            f"/v1/rosters/{roster_id}/rows", params={"cursor": "nonsense"}, headers=identity.write
        )

        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")
