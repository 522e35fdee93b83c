"""The counties' files: what ships is usable, and a wrong file names its remedy."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from common.core.money import Money
from services.identity.adapters.county_files import COUNTY_FOLDER, CountyFileInvalid, load_counties

SHIPPED = (COUNTY_FOLDER / "211381.yaml").read_text(encoding="utf-8")


def test_both_counties_are_described() -> None:
    counties = load_counties()

    assert set(counties) == {"211381", "522632"}
    assert counties["211381"].township_named("大板镇", on=date(2016, 9, 1)) == "211381103"
    assert counties["211381"].category_names["低保"] == "allowance_recipient"
    assert counties["211381"].precedence[0] == "registered_poor"


def test_a_line_runs_until_the_next_one(tmp_path: Path) -> None:
    line = '  - {from: 2016-07-01, patient_pays_fen: 5, due_days: 3, source: "a paper"}\n'
    (tmp_path / "211381.yaml").write_text(SHIPPED + line, encoding="utf-8")

    rules = load_counties(tmp_path)["211381"]

    before, after = rules.verification_line(on=date(2016, 6, 30)), rules.verification_line(on=date(2016, 7, 1))
    assert before is not None
    assert after is not None
    assert (before.patient_pays, after.patient_pays) == (Money(1_000_000), Money(5))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('county: "211381"', 'county: "522632"', "make them equal"),
        ('county: "211381"', 'county: "211381"\ncounty: "211381"', "stands twice"),
        ("name: 北票市", "name: 北票市\nmayor: 王某", "unknown"),
        ("household_register: poverty_relief", "household_register: the_mayor", "household_register"),
        ("  - destitute\n", "", "precedence"),
        ('code: "211381100"', 'code: "522632100"', "nine digits"),
        ("orphan: [孤儿,", "orphan: [低保,", "two categories"),
        ("verification_lines:\n", "verification_lines:\n  - {from: 2020-01-01}\n", "verification line"),
        ("from: 2010-01-01, patient", "from: 2010-13-01, patient", "211381.yaml"),
        ("precedence:\n", "precedence: [\n", "211381.yaml"),
    ],
)
def test_a_wrong_file_names_its_remedy(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in SHIPPED
    (tmp_path / "211381.yaml").write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(CountyFileInvalid, match=told):
        load_counties(tmp_path)


def test_lines_stand_in_order(tmp_path: Path) -> None:
    line = '  - {from: 2009-07-01, patient_pays_fen: 5, due_days: 3, source: "a paper"}\n'
    (tmp_path / "211381.yaml").write_text(SHIPPED + line, encoding="utf-8")

    with pytest.raises(CountyFileInvalid, match="order"):
        load_counties(tmp_path)


def test_a_township_may_end(tmp_path: Path) -> None:
    text = SHIPPED.replace("names: [大板镇], from: 2010-01-01", "names: [大板镇], from: 2010-01-01, to: 2016-01-01")
    (tmp_path / "211381.yaml").write_text(text, encoding="utf-8")

    assert load_counties(tmp_path)["211381"].township_named("大板镇", on=date(2016, 1, 1)) is None
