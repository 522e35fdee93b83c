"""A county's dated tables, columns of lists, categories that count, slices, patience, and who may see whom."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from common.core.money import Money
from services.identity.domain.category import category_of, counting_category
from services.identity.domain.columns import ColumnsUnusable, fields_of
from services.identity.domain.county import looks_catastrophic
from services.identity.domain.patience import pause_after
from services.identity.domain.staging import whole_households
from services.identity.domain.viewing import BoundNowhere, Viewer, viewer_of
from tests.unit.services.identity.builders import COUNTY, DABAN, a_county, a_number, a_row


class TestCountingCategory:
    @pytest.mark.parametrize(
        ("categories", "counted"),
        [
            (["allowance_recipient", "registered_poor"], "registered_poor"),
            (["allowance_recipient"], "allowance_recipient"),
            (["unheard_of"], "unheard_of"),
            ([], None),
        ],
    )
    def test_counts_a_dual_identity_once(self, categories: list[str], counted: str | None) -> None:
        assert counting_category(categories=categories, precedence=a_county().precedence) == counted

    @pytest.mark.parametrize(("text", "code"), [("低 保", "allowance_recipient"), ("", None), (",", None)])
    def test_comes_from_the_lists_words(self, text: str, code: str | None) -> None:
        assert category_of(text=text, names=a_county().category_names) == code


class TestCounty:
    @pytest.mark.parametrize(("on", "code"), [(date(2014, 12, 31), "211381199"), (date(2015, 1, 1), None)])
    def test_knows_a_township_in_its_period_only(self, on: date, code: str | None) -> None:
        assert a_county().township_named("旧 乡", on=on) == code

    @pytest.mark.parametrize(
        ("on", "fen"), [(date(2016, 6, 30), 600_000), (date(2016, 7, 1), 1_000_000), (date(2009, 12, 31), None)]
    )
    def test_has_a_line_from_its_first_day_on(self, on: date, fen: int | None) -> None:
        line = a_county().verification_line(on=on)

        assert (line.patient_pays.fen if line else None) == fen

    @pytest.mark.parametrize(("fen", "is_catastrophic"), [(999_999, False), (1_000_000, True)])
    def test_calls_a_share_catastrophic_from_the_line_on(self, fen: int, *, is_catastrophic: bool) -> None:
        line = a_county().verification_line(on=date(2016, 9, 1))

        assert line is not None
        assert looks_catastrophic(patient_pays=Money(fen), line=line) is is_catastrophic


class TestColumns:
    def test_reads_every_spelling(self) -> None:
        header = ["户 号", "户主姓名", "公民身份号码", "镇（街）", "备注"]

        assert fields_of(header=header, source="poverty_relief") == [
            "household_no",
            "name",
            "citizen_id",
            "township",
            None,
        ]

    @pytest.mark.parametrize(
        ("header", "source", "code"),
        [
            (["户编号", "姓名"], "poverty_relief", "columns_missing"),
            (["户编号", "姓名", "身份证号"], "civil_affairs", "columns_missing"),
            (["户编号", "姓名", "身份证号", "证件号码"], "poverty_relief", "columns_doubled"),
        ],
    )
    def test_names_what_is_missing_or_doubled(self, header: list[str], source: str, code: str) -> None:
        with pytest.raises(ColumnsUnusable) as refusal:
            fields_of(header=header, source=source)

        errors = refusal.value.facts["errors"]
        assert isinstance(errors, list)
        assert errors[0]["code"] == code


class TestWholeHouseholds:
    def test_parts_no_household(self) -> None:
        rows = [a_row(number, household_no=f"A{number // 3}", number=a_number(number)) for number in range(8)]

        slices = [[row.row_no for row in each] for each in whole_households(rows=rows, at_least=2)]

        assert slices == [[0, 1, 2], [3, 4, 5], [6, 7]]

    def test_of_nothing_are_none(self) -> None:
        assert list(whole_households(rows=[], at_least=2)) == []


class TestViewer:
    @pytest.mark.parametrize(
        ("viewer", "county", "township", "sees"),
        [
            (Viewer("a", COUNTY), COUNTY, DABAN, True),
            (Viewer("a", COUNTY), COUNTY, None, True),
            (Viewer("a", COUNTY), "522632", DABAN, False),
            (Viewer("a", COUNTY, DABAN), COUNTY, DABAN, True),
            (Viewer("a", COUNTY, DABAN), COUNTY, None, False),
        ],
    )
    def test_sees_its_own_only(self, viewer: Viewer, county: str, township: str | None, *, sees: bool) -> None:
        assert viewer.may_see(county=county, township=township) is sees

    def test_of_a_township_belongs_to_its_county(self) -> None:
        assert viewer_of(client_id="a", county=None, township=DABAN) == Viewer("a", COUNTY, DABAN)

    def test_needs_a_place(self) -> None:
        with pytest.raises(BoundNowhere):
            viewer_of(client_id="a", county=None, township=None)


def test_patience_grows_and_ends() -> None:
    pauses = [pause_after(attempts=attempts) for attempts in range(1, 10)]

    assert pauses[0] == timedelta(seconds=5)
    assert pauses[-1] is None
    assert None not in pauses[:-1]
