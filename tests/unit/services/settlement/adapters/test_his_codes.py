"""The file of national code lists: read as it ships, and refused where an answer would lack a code."""

import pytest

from common.kit.text_yaml import DataFileInvalid
from services.settlement.adapters.his_codes import CODES_FILE, load_codes
from services.settlement.domain.vocabulary import InsuranceState, Referral, Scheme

SHIPPED = CODES_FILE.read_text(encoding="utf-8")


def test_the_shipped_lists_keep_leading_zeros_and_name_everything_we_answer():
    codes = load_codes()

    assert {codes.schemes[codes.insurance_code(each)] for each in Scheme} == set(Scheme)
    assert codes.states[InsuranceState.NOT_INSURED] == "0"
    assert codes.referrals["24"] is Referral.EMERGENCY
    assert codes.fund_code(layer="nobody's", fund="nobody's").code == "999997"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('code: "310", name: 职工基本医疗保险, scheme: employee', 'code: "310", name: x, scheme: resident', "scheme"),
        ("state: waiting", "state: insured", "state"),
        ("state: waiting", "state: sleeping", "sleeping"),
        ('layer: "", fund: "", mark', "layer: basic, fund: x, mark", "fund_pay_type"),
        ('code: "391"', 'code: "390"', "twice"),
        ("result: different", "result: equal", "stmt_rslt"),
        ("result: different", "result: failed", "failed"),
        ("visit_type: special_outpatient", "visit_type: pharmacy", "pharmacy"),
        ("mark: verified, source: HIS-C", "mark: surely, source: HIS-C", "mark"),
        ("insutype:", "insurance:", "insutype"),
    ],
)
def test_a_file_that_would_leave_an_answer_without_a_code_is_refused(tmp_path, old, new, reason):
    assert old in SHIPPED
    path = tmp_path / "national.yaml"
    path.write_text(SHIPPED.replace(old, new), encoding="utf-8")

    with pytest.raises(DataFileInvalid, match=reason) as refusal:
        load_codes(path)

    assert "national.yaml" in str(refusal.value)
