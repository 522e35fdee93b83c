"""The counties' warning lines as they ship, and what a wrong file is told."""

import shutil
from datetime import date

import pytest

from common.core.money import Money
from common.kit.text_yaml import DataFileInvalid
from services.monitoring.adapters.line_files import LINE_FOLDER, load_lines
from services.monitoring.domain.warning_line import line_on


class TestShippedLines:
    @pytest.mark.parametrize(
        ("county", "day", "fen"),
        [
            ("211381", date(2015, 12, 31), None),
            ("211381", date(2016, 1, 1), 600_000),
            ("522632", date(2014, 12, 31), None),
            ("522632", date(2015, 1, 1), 500_000),
        ],
    )
    def test_are_those_of_the_reference_values(self, county, day, fen):
        found = line_on(lines=load_lines()[county], day=day)

        assert (found.line if found else None) == (Money(fen) if fen else None)


class TestWrongFile:
    @pytest.mark.parametrize(
        ("right", "wrong", "told"),
        [
            ('county: "211381"', 'county: "211382"', "211382"),
            ('line_yuan: "6000"', 'line_yuan: "0"', "line_yuan"),
            ('line_yuan: "6000"', 'line_yuan: "6000.001"', "6000.001"),
            ('line_yuan: "6000"', 'line_fen: "6000"', "line_fen"),
            ("mark: assumed", "mark: sure", "mark"),
            ('from: "2016-01-01"', 'from: "2016-13-01"', "from"),
        ],
    )
    def test_is_refused_with_name_and_place(self, tmp_path, right, wrong, told):
        shutil.copytree(LINE_FOLDER, tmp_path, dirs_exist_ok=True)
        path = tmp_path / "211381.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")

        with pytest.raises(DataFileInvalid, match=rf"211381\.yaml.*{told}"):
            load_lines(tmp_path)
