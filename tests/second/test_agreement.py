"""The engine and a second calculation, written from docs/policies.md alone, agree to the fen and on every account.

SECOND=3000 draws that many instead of 40.
"""

import os
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.settlement.adapters.policy_files import POLICY_FOLDER, load_county
from tests.second import calculator
from tests.second.both import Case, differences
from tests.second.drawn import cases
from tests.second.made import VERSION, as_text, files, valued

DRAWN = settings(
    max_examples=int(os.environ.get("SECOND", "40")),
    deadline=None,
    database=None,
    derandomize="SECOND" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
SHIPPED = sorted(POLICY_FOLDER.glob("*.yaml"))
FROM, UNTIL = date(2020, 1, 1), date(2021, 3, 1)


@pytest.fixture(scope="module")
def shipped():
    return {path: (calculator.read(path), load_county(path).policy) for path in SHIPPED}


@pytest.fixture(scope="module")
def made_file(tmp_path_factory):
    return tmp_path_factory.mktemp("made") / "999903.yaml"


def last_day(file, place):
    """The day on which the next version begins; the last one is tried for two years and more."""
    versions = file["versions"]
    if place + 1 < len(versions):
        return date.fromisoformat(versions[place + 1]["from"])
    return date.fromisoformat(versions[place]["from"]) + timedelta(days=800)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_agree_on_every_shipped_county(path, shipped):
    """Stays over all versions of each file."""
    file, policy = shipped[path]

    @DRAWN
    @given(st.data())
    def agree(data):
        place = data.draw(st.integers(0, len(file["versions"]) - 1))
        told = file["versions"][place]
        case = data.draw(cases(file, told, last_day(file, place)))

        assert differences(file, told, policy, policy.versions[place], case) == {}

    agree()


@pytest.mark.timeout(900)
@DRAWN
@given(st.data())
def test_agree_on_made_up_counties(made_file, data):
    """Three stays in each file drawn; the loader takes every one of them."""
    made_file.write_text(data.draw(files()), encoding="utf-8")
    policy = load_county(made_file).policy
    file = calculator.read(made_file)
    for _ in range(3):
        case = data.draw(cases(file, file["versions"][0], UNTIL))

        assert differences(file, file["versions"][0], policy, policy.versions[0], case) == {}


def plain_case():
    stay = {
        "visit_type": "inpatient",
        "referral": "none",
        "admitted_on": FROM,
        "discharged_on": FROM,
        "settled_on": FROM,
        "diagnosis": "",
        "institution": "TOWN1",
        "scheme": "resident",
        "insurance": "insured",
        "born_on": None,
        "insured_years": 0,
        "claim_free_years": 0,
        "contract": False,
        "third_party": "none",
        "continuation": "none",
        "charged_before": {},
    }
    outside = {"own_expense": 0, "over_limit": 0, "first_self_pay": 0, "prior_relief": 0}
    return Case(stay=stay, bill={"total": 100_01, "in_scope": 100_01, "items": {}} | outside, categories=[], before={})


def test_a_ratio_that_is_a_hundredth_off_is_found(made_file):
    """The comparison can fail: the second reads 0.51 where the engine reads 0.50."""
    rule = {"rule": "one", "label": "一", "account": "basic", "base": "in_scope", "ratio": valued("0.50")}
    layer = {"layer": "basic", "label": "基本医保", "fund": "resident_basic", "rules": [rule]}
    made_file.write_text(as_text({**VERSION, "layers": [layer]}), encoding="utf-8")
    policy = load_county(made_file).policy
    file = calculator.read(made_file)
    file["versions"][0]["layers"][0]["rules"][0]["ratio"]["value"] = "0.51"

    found = differences(file, file["versions"][0], policy, policy.versions[0], plain_case())

    assert found["paid"] == ({("basic", "resident_basic"): 5001}, {("basic", "resident_basic"): 5101})
    assert set(found) == {"paid", "patient", "changes"}
