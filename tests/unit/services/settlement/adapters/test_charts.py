"""The file of charts is read strictly, and no county's policy pays off purpose."""

import pytest

from common.kit.text_yaml import DataFileInvalid
from services.settlement.adapters.charts import CHARTS_FILE, load_charts
from services.settlement.adapters.policy_files import load_policies

POLICIES = load_policies()
OWN = (
    'counties: [{county: "%s", fund: finance, name: 甲, layers: supplement, from: 2003-01-01, to: "", '
    "mark: assumed, source: 甲}]"
)


def test_every_county_has_its_chart_and_beipiao_its_three_routes():
    charts = load_charts(POLICIES)

    assert set(charts) == set(POLICIES)
    routes = [(each.origin, each.fund) for each in charts["211381"].accounts if each.ledger]
    assert routes == [
        ("poverty_relief", "rural_cooperative"),
        ("poverty_relief", "critical_illness_insurer"),
        ("poverty_relief", "medical_assistance"),
    ]


RIVAL = (
    '  - {county: "211381", fund: rural_cooperative, ledger: other, name: 另一明细账, origin: finance, purpose: 补助, '
    'layers: basic, from: 2016-01-01, to: "", mark: assumed, source: 例}\n'
)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fund: finance,", "fund: treasury,", "treasury"),
        ("layers: supplement bottom_guarantee precise_relief,", "layers: supplement,", "bottom_guarantee from finance"),
        ("layers: supplement bottom_guarantee precise_relief,", 'layers: "",', "at least one layer"),
        ("ledger: precise_relief,", "ledger: precise_relief, more: 1,", "unknown"),
        ("purpose: 精准救助, layers: precise_relief,", "purpose: 精准救助, layers: basic,", "its fund may not"),
        ('{county: "211381", fund: medical_assistance,', '{county: "999999", fund: medical_assistance,', "999999"),
        ("fund: civil_affairs,", "fund: finance,", "stands twice"),
        ("ledgers:\n", "ledgers:\n" + RIVAL, "names exactly one"),
        ("from: 2012-08-24", "from: 2017-01-01", "critical_illness_insurer"),
        ("counties: []", OWN % "341324", "341324: bottom_guarantee from finance"),
    ],
    ids=["fund", "off purpose", "no layer", "key", "ledger", "county", "twice", "rival", "too late", "own fund"],
)
def test_what_is_not_sound_is_refused_at_the_start(tmp_path, old, new, said):
    whole = CHARTS_FILE.read_text(encoding="utf-8")
    assert old in whole
    (tmp_path / "accounts.yaml").write_text(whole.replace(old, new), encoding="utf-8")

    with pytest.raises(DataFileInvalid, match=f"^accounts.yaml: .*{said}"):
        load_charts(POLICIES, tmp_path / "accounts.yaml")
