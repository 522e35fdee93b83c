"""Dated data files are read as text and checked strictly."""

import pytest

from common.kit.text_yaml import DataFileInvalid, entry, load_text_yaml, marked, versions_of

GOOD = {"from": "2016-01-01", "mark": "assumed", "source": "policies.md 3.8"}


class TestLoadTextYaml:
    def test_reads_every_value_as_text(self, tmp_path):
        path = tmp_path / "a.yaml"
        path.write_text("county: 010\nopen: no\ndays: [2016-01-01]\n", encoding="utf-8")

        assert load_text_yaml(path) == {"county": "010", "open": "no", "days": ["2016-01-01"]}

    @pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a: [1", "a:\n  b: 1\n  b: 2\n"])
    def test_refuses_doubled_keys_and_broken_files_by_name(self, tmp_path, text):
        path = tmp_path / "a.yaml"
        path.write_text(text, encoding="utf-8")

        with pytest.raises(DataFileInvalid, match=r"a\.yaml"):
            load_text_yaml(path)


class TestEntry:
    @pytest.mark.parametrize("value", [None, "x", [], {"a": "1"}, {"a": "1", "b": "2", "c": "3"}])
    def test_refuses_what_has_not_exactly_the_keys(self, value):
        with pytest.raises(DataFileInvalid, match="the place"):
            entry(value, "the place", {"a", "b"})

    def test_returns_what_has_them(self):
        assert entry({"a": "1"}, "the place", {"a"}) == {"a": "1"}


class TestMarked:
    @pytest.mark.parametrize("fault", [{"mark": "guessed"}, {"source": ""}])
    def test_refuses_a_value_whose_source_is_not_said(self, fault):
        with pytest.raises(DataFileInvalid, match="the place"):
            marked(GOOD | fault, "the place", {"from"})

    def test_returns_a_value_with_its_source(self):
        assert marked(GOOD, "the place", {"from"}) == GOOD


class TestVersionsOf:
    def test_lets_each_version_run_until_the_next(self):
        first, second = {"from": "2015-01-01"}, {"from": "2016-07-01"}

        periods = [period for period, _ in versions_of([first, second], "versions")]

        assert [(str(each.start_on), str(each.end_on)) for each in periods] == [
            ("2015-01-01", "2016-07-01"),
            ("2016-07-01", "None"),
        ]

    @pytest.mark.parametrize(
        "entries",
        [
            [],
            [{}],
            [{"from": "2016-02-30"}],
            [{"from": "2016-01-01"}, {"from": "2016-01-01"}],
            [{"from": "2016-01-01"}, {"from": "2015-01-01"}],
        ],
    )
    def test_refuses_versions_without_order(self, entries):
        with pytest.raises(DataFileInvalid, match="versions"):
            versions_of(entries, "versions")
