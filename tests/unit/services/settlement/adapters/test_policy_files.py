"""A policy file is right, or refused with file, line, key and remedy."""

import shutil

import pytest

from services.settlement.adapters.policy_check import check_folder, main
from services.settlement.adapters.policy_files import POLICY_FOLDER, load_county, load_policies
from services.settlement.adapters.policy_files_text import PolicyFileInvalid

WHOLE = (POLICY_FOLDER / "211381.yaml").read_text(encoding="utf-8")
START_LINE = "{when: {level: [county]}, value: 300, assumed: reference}"

FAULTS = {
    "an unknown key": ("    classes:\n", "    colour: red\n    classes:\n", "is unknown"),
    "a doubled key": ("name: 北票市", "name: 北票市\nname: 北票", "stands twice"),
    "a missing key": ("    known_since: 2015-12-31\n", "", "lacks known_since"),
    "a value without paper": (START_LINE, "{when: {level: [county]}, value: 300}", "exactly one of source and assumed"),
    "an unknown source": (START_LINE, START_LINE.replace("reference", "rumour"), "not among the sources"),
    "an amount that is no money": (START_LINE, START_LINE.replace("300", "many"), "no amount in yuan"),
    "an amount with a third of a fen": (START_LINE, START_LINE.replace("300", "300.001"), "no amount in yuan"),
    "a negative amount": (START_LINE, START_LINE.replace("300", "-1"), "negative or absurd"),
    "a ratio above one": ("value: 0.70,", "value: 70,", "no ratio from 0 to 1"),
    "a ratio that is no number": ("value: 0.70,", "value: high,", "is no ratio"),
    "an unknown level": ("{level: [county]}", "{level: [village]}", "is not a level"),
    "an unknown word of a list": ("base: in_scope", "base: everything", "is not in the word list"),
    "a day that does not exist": ("from: 2016-07-01", "from: 2016-02-30", "is no day"),
    "versions that overlap": ("from: 2016-07-01", "from: 2016-01-01", "overlap or are out of order"),
    "no approver": ("approved_by: 参考值，尚无批准人（assumed）", 'approved_by: ""', "is empty"),
    "a stay without a value": (
        "- {when: {level: [county]}, value: 300, assumed: reference}\n",
        "\n",
        "no value for level county",
    ),
    "a county that is not the file's name": ('county: "211381"', 'county: "211382"', "six digits of the file name"),
    "a list that is a single value": ("categories: [destitute]}", "categories: destitute}", "is no list"),
    "a mapping that is a single value": ("{value: 0.50, source: plan}", "half", "is no mapping"),
    "a value that is a list": ("label: 住院统筹", "label: [a]", "is no single value"),
    "an institution twice": ("code: H21138100002", "code: H21138100001", "twice on the same day"),
    "an institution code with spaces": ("code: H21138100002", 'code: "H 2"', "no institution code"),
    "a period that ends before it begins": (
        'designated: "no", from: 2010-01-01}',
        'designated: "no", from: 2010-01-01, to: 2009-01-01}',
        "does not lie after",
    ),
    "neither yes nor no": ('designated: "no", from', 'designated: "maybe", from', "neither yes nor no"),
    "a value dated after its version": (START_LINE, START_LINE[:-1] + ", since: 2017-01-01}", "after the version's"),
    "a name with capitals": ("layer: critical_illness", "layer: Critical", "is no name"),
    "a layer twice": ("layer: critical_illness", "layer: basic", "a layer stands twice"),
    "no ratio": ("            ratio: {value: 0.50, source: plan}\n", "", "names 0 ways of paying"),
    "items above the scope": (
        "        in_scope: 800\n",
        "        in_scope: 800\n        items: {西药费: 801}\n",
        "are above in_scope",
    ),
    "an example out of scope": ("        in_scope: 800\n", "        in_scope: 901\n", "is above the total"),
    "an example before its version": ("discharged_on: 2016-01-01", "discharged_on: 2015-12-31", "before the version"),
    "no months before": ("categories: [destitute]}", "categories: [destitute], months_before: 0}", "0 months before"),
    "too many months before": ("[destitute]}", "[destitute], months_before: 25}", "25 months before"),
    "a month that is no word": ("[destitute]}", "[destitute], holds_from: year}", "is not in the word list"),
    "a category from two days": (
        "categories: [destitute]}\n",
        "categories: [destitute]}\n      - {class: late, label: 迟, categories: [destitute], holds_from: month}\n",
        "counts from another day in a class above",
    ),
    "broken YAML": ("sources:", "sources: [", "is no YAML"),
}


def a_file(tmp_path, text, name="211381.yaml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


class TestLoadCounty:
    @pytest.mark.parametrize("fault", FAULTS)
    def test_refuses(self, fault, tmp_path):
        old, new, said = FAULTS[fault]
        assert old in WHOLE
        path = a_file(tmp_path, WHOLE.replace(old, new, 1))

        with pytest.raises(PolicyFileInvalid, match=said) as refusal:
            load_county(path)

        assert refusal.value.file == "211381.yaml"
        assert refusal.value.line >= 1
        assert refusal.value.remedy

    def test_names_the_line(self, tmp_path):
        path = a_file(tmp_path, WHOLE.replace("base: in_scope", "base: everything", 1))

        with pytest.raises(PolicyFileInvalid) as refusal:
            load_county(path)

        assert WHOLE.splitlines()[refusal.value.line - 1].strip() == "base: in_scope"
        assert refusal.value.key == "versions[0].layers[0].rules[0].base"

    def test_refuses_a_version_without_an_example(self, tmp_path):
        head, _, _ = WHOLE.rpartition("    examples:\n")

        with pytest.raises(PolicyFileInvalid, match="lacks examples"):
            load_county(a_file(tmp_path, head))

    @pytest.mark.parametrize("text", ["", "- a\n"])
    def test_refuses_what_is_no_mapping(self, text, tmp_path):
        with pytest.raises(PolicyFileInvalid):
            load_county(a_file(tmp_path, text))

    def test_refuses_what_is_not_utf_8(self, tmp_path):
        path = tmp_path / "211381.yaml"
        path.write_bytes(b"\xff\xfe\xfa")

        with pytest.raises(PolicyFileInvalid, match="cannot be read"):
            load_county(path)

    def test_refuses_bands_that_do_not_rise(self, tmp_path):
        text = (POLICY_FOLDER / "522632.yaml").read_text(encoding="utf-8").replace("value: 80000", "value: 20000", 1)

        with pytest.raises(PolicyFileInvalid, match="do not rise"):
            load_county(a_file(tmp_path, text, "522632.yaml"))

    def test_refuses_a_diagnosis_that_is_no_code(self, tmp_path):
        text = (POLICY_FOLDER / "522632.yaml").read_text(encoding="utf-8").replace("[C50]", "[cancer]", 1)

        with pytest.raises(PolicyFileInvalid, match="no ICD-10 code"):
            load_county(a_file(tmp_path, text, "522632.yaml"))

    def test_refuses_an_unknown_source_of_a_version(self, tmp_path):
        text = WHOLE.replace("    source: reference\n", "    source: rumour\n", 1)

        with pytest.raises(PolicyFileInvalid, match="not among the sources"):
            load_county(a_file(tmp_path, text))


class TestDigest:
    def test_changes_with_one_fen_of_one_version_only(self, tmp_path, policies):
        shipped = policies["211381"].versions
        text = WHOLE.replace(START_LINE, START_LINE.replace("300", "300.01"), 1)

        changed = load_county(a_file(tmp_path, text)).policy.versions

        assert changed[0].digest != shipped[0].digest
        assert changed[1].digest == shipped[1].digest

    def test_is_the_same_at_every_load(self, policies):
        again = load_policies()

        assert [each.digest for each in again["522632"].versions] == [
            each.digest for each in policies["522632"].versions
        ]
        assert policies["522632"].versions[0].digest.startswith("sha256:")


class TestPolicyCheck:
    def test_agrees_with_every_example_worked_by_hand(self):
        passed, faults = check_folder(POLICY_FOLDER)

        assert faults == []
        assert sorted(line[:6] for line in passed) == [path.stem for path in sorted(POLICY_FOLDER.glob("*.yaml"))]
        assert {"211381", "522632"} <= {line[:6] for line in passed}

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("basic: 13790.00", "basic: 13790.01", "basic pays 13790.00 instead of 13790.01"),
            ("patient: 7210.00", "patient: 7210.01", "the patient pays 7210.00 instead of 7210.01"),
            ("class: ordinary, paid: {}", "class: destitute, paid: {}", "class ordinary instead of destitute"),
            ("paid: {}, patient: 120.00", "paid: {bonus: 1}, patient: 120.00", "bonus is no layer"),
            ("patient: 120.00}", "patient: 120.00, gap: 1.00}", "the gap is 0.00 instead of 1.00"),
            ("discharged_on: 2016-06-30", "discharged_on: 2016-07-01", "move the example there"),
            ("institution: H21010000001", "institution: H99990000001", "does not list institution"),
            ("base: in_scope", "base: nonsense", "not in the word list"),
        ],
    )
    def test_names_what_differs(self, old, new, said, tmp_path):
        assert old in WHOLE
        a_file(tmp_path, WHOLE.replace(old, new, 1))

        passed, faults = check_folder(tmp_path)

        assert passed == []
        assert any(said in fault for fault in faults)

    def test_ends_the_command_with_one_line_a_county(self, monkeypatch, capsys):
        monkeypatch.setattr("sys.argv", ["policy_check"])

        main()

        assert len(capsys.readouterr().out.splitlines()) == len(list(POLICY_FOLDER.glob("*.yaml")))

    def test_fails_the_command_on_a_fault(self, monkeypatch, tmp_path, capsys):
        shutil.copy(POLICY_FOLDER / "522632.yaml", tmp_path / "211381.yaml")
        monkeypatch.setattr("sys.argv", ["policy_check", str(tmp_path)])

        with pytest.raises(SystemExit, match="1 faults"):
            main()

        assert "211381.yaml, line 2, county" in capsys.readouterr().out

    def test_fails_the_command_on_an_empty_folder(self, monkeypatch, tmp_path):
        monkeypatch.setattr("sys.argv", ["policy_check", str(tmp_path)])

        with pytest.raises(SystemExit, match="no policy file"):
            main()
