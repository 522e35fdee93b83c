"""The class that leaves the patient least is kept; equal ones by the county's order."""

from common.core.money import Money
from services.settlement.domain.benefit_class import best_calculation, candidate_classes
from services.settlement.domain.explanation import assumed_parameters, class_label, explanation
from services.settlement.domain.vocabulary import InsuranceState, VisitType


class TestCandidateClasses:
    def test_stand_in_the_countys_order(self, policies):
        version = policies["211381"].versions[1]

        found = candidate_classes(version=version, categories=["low_income_edge", "registered_poor"])

        assert found == ("registered_poor", "low_income_edge")

    def test_are_ordinary_when_nothing_else_is_held(self, policies):
        assert candidate_classes(version=policies["211381"].versions[1], categories=["orphan"]) == ("ordinary",)


class TestBestCalculation:
    def test_keeps_the_lowest_share(self, policies, make_stay, make_bill):
        chosen, compared = best_calculation(
            version=policies["211381"].versions[1],
            stay=make_stay(),
            bill=make_bill(),
            categories=["registered_poor", "allowance_recipient"],
            before={},
        )

        assert (chosen.benefit_class, chosen.patient_pays) == ("allowance_recipient", Money(397_160))
        assert len(compared) == 2

    def test_keeps_the_first_of_equals(self, policies, make_stay, make_bill):
        chosen, _ = best_calculation(
            version=policies["211381"].versions[1],
            stay=make_stay(),
            bill=make_bill(0),
            categories=["allowance_recipient", "registered_poor"],
            before={},
        )

        assert chosen.benefit_class == "registered_poor"


def explained(policies, stay, bill, categories, county="211381"):
    version = policies[county].version_on(day=stay.discharged_on)
    chosen, compared = best_calculation(version=version, stay=stay, bill=bill, categories=categories, before={})
    return [(each.zh, each.en) for each in explanation(version=version, chosen=chosen, compared=compared)]


class TestExplanation:
    def test_says_which_of_several_classes_was_kept(self, policies, make_stay, make_bill):
        told = explained(policies, make_stay(), make_bill(), ["registered_poor", "allowance_recipient"])

        assert "allowance_recipient leaves the patient least" in told[1][1]
        assert told[-1] == ("患者本次应付 3971.60 元", "the patient pays 3971.60")

    def test_names_assumed_parameters(self, policies, make_stay, make_bill):
        told = explained(policies, make_stay(), make_bill(), ["registered_poor"])

        assert any(en.startswith("assumed until") for _, en in told)

    def test_says_ordinary_and_why_nothing_pays(self, policies, make_stay, make_bill):
        told = explained(policies, make_stay(insurance=InsuranceState.NOT_INSURED), make_bill(), [])

        assert told[1][0] == "按普通参保人员结算"
        assert told[2][1] == "the patient is not insured, so no layer pays"

    def test_tells_the_gap(self, policies, make_stay, make_bill):
        told = explained(policies, make_stay("522632"), make_bill(), ["severely_disabled"], "522632")

        assert any("case-by-case" in en for _, en in told)

    def test_reads_nothing_where_no_rule_applies(self, calculate_stay):
        assert assumed_parameters(calculation=calculate_stay(visit_type=VisitType.OUTPATIENT)) == ()

    def test_labels_classes(self, policies):
        version = policies["211381"].versions[1]

        assert class_label(version=version, name="destitute") == "特困供养人员"
        assert class_label(version=version, name="ordinary") == "普通参保人员"
