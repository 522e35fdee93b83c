"""One row of a list, read by itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.identity.domain.roster import RosterRow, cells_of, masked_number_text, parse_list_date, read_row
from tests.unit.services.identity.builders import DABAN, TODAY, a_county, a_number, terms_of

GOOD = {
    "household_no": "Ａ１",
    "name": " 王某 ",
    "citizen_id": a_number().value,
    "relation": "户主",
    "township": "大板镇",
    "village": "大板村",
    "phone": "139",
    "recognised_on": "2016-01-05",
}


def read(source: str = "poverty_relief", **cells: str) -> RosterRow:
    return read_row(row_no=2, cells={**GOOD, **cells}, terms=terms_of(source=source), rules=a_county(), today=TODAY)


class TestReadRow:
    def test_reads_a_good_row(self) -> None:
        row = read()

        assert row.reasons == ()
        assert (row.household_no, row.name, row.number) == ("A1", "王某", a_number())
        assert (row.category, row.township, row.recognised_on) == ("registered_poor", DABAN, date(2016, 1, 5))
        assert row.is_head

    def test_leaves_open_what_the_list_does_not_say(self) -> None:
        row = read(relation="", township="", village="", phone="", recognised_on="")

        assert row.reasons == ()
        assert (row.relation, row.township, row.village, row.phone, row.recognised_on) == (None,) * 5
        assert not row.is_head

    @pytest.mark.parametrize(
        ("cells", "codes"),
        [
            ({"household_no": ""}, ["household_no_missing"]),
            ({"name": " "}, ["name_missing"]),
            ({"citizen_id": ""}, ["citizen_id_missing"]),
            ({"citizen_id": "211381196503150011X"}, ["citizen_id_invalid"]),
            ({"citizen_id": a_number().value[:17] + "9"}, ["citizen_id_invalid"]),
            ({"citizen_id": "211381201609150014"}, ["citizen_id_invalid"]),
            ({"township": "无名镇"}, ["township_unknown"]),
            ({"township": "旧乡"}, ["township_unknown"]),
            ({"recognised_on": "2016-02-30"}, ["date_invalid"]),
            ({"recognised_on": "2016-09-13"}, ["date_invalid"]),
            ({"recognised_on": "1948-12-31"}, ["date_invalid"]),
            ({"recognised_on": "soon"}, ["date_invalid"]),
            ({"name": "王\x00某"}, ["text_invalid"]),
            ({"name": "王" * 61}, ["text_invalid"]),
            ({"name": "", "citizen_id": ""}, ["name_missing", "citizen_id_missing"]),
        ],
    )
    def test_gives_every_reason_against_a_bad_row(self, cells: dict[str, str], codes: list[str]) -> None:
        assert [reason.code for reason in read(**cells).reasons] == codes

    @pytest.mark.parametrize(
        ("text", "category", "codes"),
        [
            ("低保", "allowance_recipient", []),
            ("特困、低保", "destitute", []),
            ("", None, ["category_missing"]),
            ("低保,富人", None, ["category_unknown"]),
        ],
    )
    def test_reads_the_category_of_civil_affairs(self, text: str, category: str | None, codes: list[str]) -> None:
        row = read("civil_affairs", category=text)

        assert (row.category, [reason.code for reason in row.reasons]) == (category, codes)

    def test_takes_a_townships_code_for_its_name(self) -> None:
        assert read(township=DABAN).township == DABAN


class TestParseListDate:
    @pytest.mark.parametrize(
        ("text", "day"),
        [
            ("2016-01-05", date(2016, 1, 5)),
            ("2016/1/5", date(2016, 1, 5)),
            ("2016.1.5", date(2016, 1, 5)),
            ("2016年1月5日", date(2016, 1, 5)),
            ("2016年1月", date(2016, 1, 1)),
            ("20160105", date(2016, 1, 5)),
            ("201601", date(2016, 1, 1)),
            ("2016-01-05 00:00:00", date(2016, 1, 5)),
            ("42374", date(2016, 1, 5)),
            ("42374.5", date(2016, 1, 5)),
            ("20161301", None),
            ("5 Jan", None),
        ],
    )
    def test_reads_a_date_as_lists_write_it(self, text: str, day: date | None) -> None:
        assert parse_list_date(text=text) == day


class TestMaskedNumberText:
    @pytest.mark.parametrize(
        ("text", "masked"),
        [("211381650315001", "211381*****5001"), ("12345", "1****"), ("", "")],
    )
    def test_shows_no_number_whole(self, text: str, masked: str) -> None:
        assert masked_number_text(text) == masked


def test_cells_of_leaves_out_columns_nobody_reads() -> None:
    fields: list[Any] = ["name", None, "village"]

    assert cells_of(fields=fields, values=["王某", "secret"]) == {"name": "王某"}
