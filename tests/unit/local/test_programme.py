"""Every row of the programme is there, and every test it names."""

import pytest

from local import programme
from local.programme import Row, absent, rows_of

WANTED = [f"S{number}" for number in range(10, 24)]
WANTED += [f"SE-{number}" for number in range(1, 12)]
WANTED += ["D1", "D2", "D3", "D4", "D5", "D6", "D7", "D9", "D11"]


def test_every_row_is_there_once_and_each_test_it_names():
    rows = rows_of()

    assert [row.row for row in rows] == WANTED
    assert absent(rows) == []


def test_every_story_that_is_shown_has_a_test_named_after_it():
    for row in rows_of():
        if row.row.startswith("SE-") and row.shown_by:
            assert f"::test_{row.row.lower().replace('-', '_')}_" in row.shown_by[0], row.row


@pytest.mark.parametrize(
    ("shown_by", "said"),
    [
        (("unit/local/test_programme.py::test_nothing",), "there is no test"),
        (("unit/local/nowhere.py::test_nothing",), "there is no test"),
        ((), "neither shown nor missing"),
        (("unit/local/test_programme.py::TestMade::test_in_a_class",), ""),
    ],
)
def test_what_is_not_there_is_told(shown_by, said):
    found = absent([Row("S1", "one", shown_by, "")])

    assert [said in each for each in found] == ([True] if said else [])


class TestMade:
    def test_in_a_class(self, monkeypatch, capsys):
        """The command prints every row and ends with status 1 when a test is gone."""
        rows = [Row("S1", "one", (), "all of it"), Row("S2", "two", ("gone.py::test_x",), "")]
        monkeypatch.setattr(programme, "rows_of", lambda: rows)

        with pytest.raises(SystemExit) as ended:
            programme.main()

        told = capsys.readouterr().out
        assert ended.value.code == 1
        assert "- missing: all of it" in told
        assert "2 rows, 1 shown in full" in told
