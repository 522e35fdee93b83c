"""The follow-up rules as they ship, and what a wrong file is told."""

from datetime import date

import pytest

from common.kit.text_yaml import DataFileInvalid
from services.contracts.adapters.rule_file import RULE_FILE, load_rules
from services.contracts.domain.follow_up_rule import version_on

DAY = date(2016, 9, 12)


class TestShippedRules:
    @pytest.mark.parametrize(
        ("codes", "diseases"),
        [
            (["I10"], ("hypertension",)),
            (["I15.9"], ("hypertension",)),
            (["I16"], ("other",)),
            (["E11.900"], ("diabetes",)),
            (["E14.9"], ("diabetes",)),
            (["E15"], ("other",)),
            (["F20.0"], ("severe_mental_disorder",)),
            (["F31.1"], ("severe_mental_disorder",)),
            (["F32.0"], ("other",)),
            (["A15.0"], ("tuberculosis",)),
            (["A19"], ("tuberculosis",)),
            (["A20"], ("other",)),
            (["I63.9"], ("other",)),
            (["E11.9", "I10.x00x002", "I63.9"], ("hypertension", "diabetes")),
        ],
    )
    def test_group_diagnoses_by_disease(self, codes, diseases):
        version = version_on(versions=load_rules(), day=DAY)

        assert version.diseases_of(diagnoses=codes, visit_type="inpatient") == diseases

    def test_visit_tuberculosis_within_72_hours(self):
        version = version_on(versions=load_rules(), day=DAY)

        first = version.visits_of(disease="tuberculosis")[0]

        assert first.dates(discharged_on=DAY) == (date(2016, 9, 12), date(2016, 9, 15))

    def test_visit_chronic_diseases_within_two_weeks_and_then_each_quarter(self):
        version = version_on(versions=load_rules(), day=DAY)

        for disease in ("hypertension", "diabetes", "severe_mental_disorder"):
            assert [visit.to_days for visit in version.visits_of(disease=disease)] == [14, 90, 180, 270, 360]

    def test_visit_everything_else_once(self):
        version = version_on(versions=load_rules(), day=DAY)

        assert [visit.name for visit in version.visits_of(disease="other")] == ["once"]


class TestWrongFile:
    @pytest.mark.parametrize(
        ("right", "wrong", "told"),
        [
            ('from: "2010-01-01"', 'since: "2010-01-01"', "from"),
            ("[I10-I15]", "[I15-I10]", "I15-I10"),
            ("[I10-I15]", "[I10]", "I10"),
            ('to_days: "3"', 'to_days: "-3"', "tuberculosis"),
            ('to_days: "3"', 'to_days: "soon"', "soon"),
            ("mark: verified", "mark: certain", "mark"),
            ("disease: other", "disease: rest", "other"),
            ("disease: diabetes", "disease: hypertension", "once"),
            ("visit: quarter_2", "visit: quarter_1", "name of its own"),
            ("codes: [inpatient]", "code: [inpatient]", "visit_types"),
        ],
    )
    def test_is_refused_with_name_and_place(self, tmp_path, right, wrong, told):
        path = tmp_path / "follow_up.yaml"
        path.write_text(RULE_FILE.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")

        with pytest.raises(DataFileInvalid, match=rf"follow_up\.yaml.*{told}"):
            load_rules(path)
