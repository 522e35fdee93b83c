"""What a referral or a contract would have spared the patient is told, where the county's rules ask for it."""

import pytest

from common.core.money import Money
from services.settlement.adapters.policy_files import load_county
from services.settlement.domain.benefit_class import best_calculation
from services.settlement.domain.counterfactual import missed_ways
from services.settlement.domain.explanation import explanation
from tests.unit.services.settlement.domain.switches import BASIC, county_file, rule, stay

BOTH = rule(
    "ratio: {value: 0.5, source: plan}\npoints:\n"
    "  - {when: {referral: [none, self_referred]}, value: -0.20, source: plan}\n"
    '  - {when: {contract: ["yes"]}, value: 0.05, source: plan}'
)


def told(tmp_path, layers, **keys):
    loaded = load_county(county_file(tmp_path, layers=layers, examples=[stay("", "0", **keys)]))
    version, examples = loaded.examples[0]
    given = {
        "version": version,
        "stay": examples[0].stay(loaded.policy.institution_on(code="TOWN1", day=version.starts_on)),
        "bill": examples[0].bill,
        "categories": [],
        "before": {},
    }
    chosen, compared = best_calculation(**given)
    missed = missed_ways(**given, pays=chosen.patient_pays)
    sentences = explanation(version=version, chosen=chosen, compared=compared, missed=missed)
    return missed, [each.en for each in sentences]


class TestMissedWays:
    def test_tell_each_way_by_itself_before_what_the_patient_pays(self, tmp_path):
        missed, sentences = told(tmp_path, BOTH)

        assert [each.less for each in missed] == [Money(20_000), Money(5_000)]
        assert sentences[-3:] == [
            "with a referral you would have paid 200.00 less",
            "with a family doctor's contract you would have paid 50.00 less",
            "the patient pays 700.00",
        ]
        assert missed[0].zh == "如经基层医疗机构转诊，本次可少付 200.00 元"

    @pytest.mark.parametrize(
        ("layers", "keys"),
        [
            (BOTH, {"referral": "referred", "contract": "yes"}),
            (BOTH, {"referral": "emergency", "contract": "yes"}),
            (BOTH, {"bill": "0"}),
            (BASIC, {}),
        ],
        ids=["both taken", "an emergency", "nothing to pay", "nothing asked"],
    )
    def test_say_nothing_where_nothing_was_missed(self, layers, keys, tmp_path):
        assert told(tmp_path, layers, **keys)[0] == ()
