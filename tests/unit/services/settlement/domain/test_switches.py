"""Every switch of policies.md 2 A to 2 F in a county's own words, each worked out by hand."""

import pytest

from common.core.money import Money
from services.settlement.adapters.policy_files import load_county
from services.settlement.adapters.policy_files_text import PolicyFileInvalid
from services.settlement.domain.accumulator import Balance
from services.settlement.domain.benefit_class import best_calculation
from tests.unit.services.settlement.domain.counting_switches import ITEMS, RATIOS, SECOND, START_LINES
from tests.unit.services.settlement.domain.later_switches import BOTTOMS, LATER
from tests.unit.services.settlement.domain.switches import BASIC, county_file, differences, rule, stay


@pytest.mark.parametrize("switch", [*START_LINES, *RATIOS, *ITEMS, *LATER, *BOTTOMS])
def test_pays_as_worked_out_by_hand(switch, tmp_path):
    layers, version, examples = (START_LINES | RATIOS | ITEMS | LATER | BOTTOMS)[switch]

    assert differences(county_file(tmp_path, layers=layers, version=version, examples=examples)) == []


def test_a_further_cap_meets_payments_only(tmp_path):
    """The account of critical illness caps basic insurance, too: its base stays the cost that critical illness counted."""
    basic = rule(
        "ratio: {value: 0.5, source: plan}\nmore_caps:\n  - {account: critical, cap: {value: 9000, source: plan}}"
    )
    critical = "      base: rest_in_scope\n      counting: per_year\n      ratio: {value: 0.6, source: plan}\n"
    example = stay("basic: 5000.00, critical_illness: 3000.00", "2000.00", bill="10000")
    path = county_file(tmp_path, layers=basic + SECOND + critical, examples=[example])
    [[version, [told]]] = load_county(path).examples
    policy = load_county(path).policy
    told_stay = told.stay(policy.institution_on(code=told.institution_code, day=told.decided_on))

    chosen, _ = best_calculation(version=version, stay=told_stay, bill=told.bill, categories=[], before={})

    assert chosen.changes["critical"] == Balance(Money(500_000), Money(0), Money(800_000), 1)
    assert differences(path) == []


def test_a_hand_that_is_a_fen_off_is_found(tmp_path):
    examples = [stay("basic: 500.01", "499.99")]

    assert len(differences(county_file(tmp_path, layers=BASIC, examples=examples))) == 2


@pytest.mark.parametrize(("kind", "day"), [("admission", "2020-01-01"), ("settlement", "2021-01-05")])
def test_the_day_of_the_county_chooses_the_version(kind, day, tmp_path):
    """A stay admitted on the first day of 2020 belongs to the version of that day although it ended a year later."""
    days = {"admitted_on": "2020-01-01", "discharged_on": "2020-12-31", "settled_on": "2021-01-05"}
    path = county_file(tmp_path, layers=BASIC, examples=[stay("basic: 500.00", "500.00", **days)])
    text = path.read_text(encoding="utf-8").replace(
        "versions:\n  - from: 2020-01-01", f"version_day: {kind}\nversions:\n  - from: {day}"
    )
    path.write_text(text, encoding="utf-8")

    assert differences(path) == []


def test_each_fund_of_a_layer_pays_its_own_rules(tmp_path):
    """Basic insurance pays half; of what is left finance pays 30 % and the hospital bears 20 %."""
    rules = """
- layer: shared
  label: 分担
  fund: resident_basic
  choose: all
  rules:
    - {rule: first, label: 一, account: a, base: rest, ratio: {value: 0.5, source: plan}}
    - {rule: second, label: 二, account: b, base: rest, fund: {value: finance, source: plan}, ratio: {value: 0.3, source: plan}}
    - {rule: third, label: 三, account: c, base: rest, fund: {value: hospital, source: plan}, ratio: {value: 0.2, source: plan}}
"""
    path = county_file(tmp_path, layers=rules, examples=[stay("shared: 720.00", "280.00")])
    loaded = load_county(path)
    version, examples = loaded.examples[0]
    institution = loaded.policy.institution_on(code="TOWN1", day=version.starts_on)

    chosen, _ = best_calculation(
        version=version, stay=examples[0].stay(institution), bill=examples[0].bill, categories=[], before={}
    )

    assert differences(path) == []
    assert [(each.fund, each.paid.fen) for each in chosen.layers] == [("resident_basic", 50_000), ("finance", 15_000)]
    assert [(each.fund, each.paid.fen) for each in chosen.borne] == [("hospital", 7_000)]


@pytest.mark.parametrize("key", ["account: basic", "more_caps: [{account: basic, cap: {value: 900, source: plan}}]"])
def test_an_account_of_own_cost_is_no_other_rules(key, tmp_path):
    other = "- layer: bottom\n  label: 兜底\n  fund: finance\n  rules:\n    - rule: two\n      label: 规则\n      base: rest\n"
    account = "" if key.startswith("account") else "      account: bottom\n"
    layers = rule("own_limit: {value: 5000, source: plan}") + other + account
    layers += f"      {key}\n      ratio: {{value: 0.5, source: plan}}\n"

    with pytest.raises(PolicyFileInvalid, match="account basic of an own_limit is used by another rule"):
        load_county(county_file(tmp_path, layers=layers, examples=[stay("", "1000.00")]))


@pytest.mark.parametrize(
    ("caps", "said"),
    [
        ("{window: per_hospital, account: a, cap: {value: 9, source: plan}}", "per_year, per_quarter, per_month"),
        ("{window: per_stay, account: a, cap: {value: 9, source: plan}}", "take it out"),
        ("{window: per_month, cap: {value: 9, source: plan}}", "add `account"),
        ("{window: per_week, account: a, cap: {value: 9, source: plan}}", "per_week"),
    ],
)
def test_a_cap_of_no_such_time_is_refused_with_its_remedy(caps, said, tmp_path):
    layers = rule(f"ratio: {{value: 0.5, source: plan}}\nmore_caps: [{caps}]")

    with pytest.raises(PolicyFileInvalid, match=said):
        load_county(county_file(tmp_path, layers=layers, examples=[stay("basic: 500.00", "500.00")]))
