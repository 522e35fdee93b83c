"""Switches of what counts, start lines and ratios (policies.md 2 A and 2 B), each worked out by hand."""

from tests.unit.services.settlement.domain.switches import rule, stay

# name -> (layers, further keys of the version, worked examples)
START_LINES = {
    "per stay: (1000 - 300) x 50 %, and again": (
        rule("start_line: {value: 300, source: plan}\nratio: {value: 0.5, source: plan}"),
        "",
        [
            stay("basic: 350.00", "650.00"),
            stay("basic: 350.00", "650.00", before="{basic: {base: 1000, deductible: 300, paid: 350, stays: 1}}"),
        ],
    ),
    "per year: 100 of 300 used up, 200 are left; a cost below the line uses it up": (
        rule("start_line: {value: 300, source: plan}\nstart_line_window: per_year\nratio: {value: 0.5, source: plan}"),
        "",
        [
            stay("basic: 400.00", "600.00", before="{basic: {deductible: 100}}"),
            stay("basic: 500.00", "500.00", before="{basic: {deductible: 300}}"),
            stay("", "80.00", bill="80"),
        ],
    ),
    "per year, topped up at a hospital whose line is higher: 600 - 300": (
        rule(
            "start_line:\n  - {when: {level: [township]}, value: 300, source: plan}\n  - {value: 600, source: plan}\n"
            "start_line_window: per_year\nratio: {value: 0.5, source: plan}"
        ),
        "",
        [stay("basic: 350.00", "650.00", institution="CITY1", before="{basic: {deductible: 300}}")],
    ),
    "per hospital and year: the first stay in each": (
        rule(
            "start_line: {value: 300, source: plan}\nstart_line_window: per_hospital\nratio: {value: 0.5, source: plan}"
        ),
        "",
        [
            stay("basic: 500.00", "500.00", before='{"basic@hospital:TOWN1": {deductible: 300, stays: 1}}'),
            stay("basic: 350.00", "650.00", before='{"basic@hospital:CITY1": {deductible: 300, stays: 1}}'),
        ],
    ),
    "per quarter: June is in the second": (
        rule(
            "start_line: {value: 300, source: plan}\nstart_line_window: per_quarter\nratio: {value: 0.5, source: plan}"
        ),
        "",
        [
            stay("basic: 450.00", "550.00", before='{"basic@quarter:2": {deductible: 200}}'),
            stay("basic: 350.00", "650.00", before='{"basic@quarter:1": {deductible: 200}}'),
        ],
    ),
    "per month": (
        rule("start_line: {value: 300, source: plan}\nstart_line_window: per_month\nratio: {value: 0.5, source: plan}"),
        "",
        [
            stay("basic: 450.00", "550.00", before='{"basic@month:6": {deductible: 200}}'),
            stay("basic: 350.00", "650.00", before='{"basic@month:5": {deductible: 200}}'),
        ],
    ),
    "repeat stay at the same level halved; the year's sum at most 500": (
        rule(
            "start_line: {value: 300, source: plan}\n"
            "start_line_share: {when: {stay_at_level: {from: 2}}, value: 0.5, source: plan}\n"
            "start_line_year_limit: {value: 500, source: plan}\nratio: {value: 0.5, source: plan}"
        ),
        "",
        [
            stay("basic: 350.00", "650.00"),
            stay("basic: 425.00", "575.00", before='{"stays@level:township": {stays: 1}, basic: {deductible: 300}}'),
            stay("basic: 475.00", "525.00", before='{"stays@level:township": {stays: 2}, basic: {deductible: 450}}'),
        ],
    ),
    "free from the fourth stay for the old and the small": (
        rule(
            "start_line:\n  - {when: {stay: {from: 4}, age: {from: 70}}, value: 0, source: plan}\n"
            "  - {when: {stay: {from: 4}, age: {to: 6}}, value: 0, source: plan}\n  - {value: 300, source: plan}\n"
            "ratio: {value: 0.5, source: plan}"
        ),
        "age_on: discharge",
        [
            stay("basic: 500.00", "500.00", age="70", before="{stays: {stays: 3}}"),
            stay("basic: 350.00", "650.00", age="69", before="{stays: {stays: 3}}"),
            stay("basic: 500.00", "500.00", age="6", before="{stays: {stays: 3}}"),
            stay("basic: 350.00", "650.00", age="70", before="{stays: {stays: 2}}"),
            stay("basic: 350.00", "650.00", before="{stays: {stays: 3}}"),
        ],
    ),
    "a transfer shares the start line, a mid-stay settlement does not": (
        rule(
            "start_line: {value: 300, source: plan}\nstart_line_shared_with: [transfer]\nratio: {value: 0.5, source: plan}"
        ),
        "",
        [
            stay("basic: 450.00", "550.00", continuation="transfer", charged_before="{basic: 200}"),
            stay("basic: 350.00", "650.00", continuation="mid_stay", charged_before="{basic: 200}"),
            stay("basic: 350.00", "650.00", continuation="transfer"),
        ],
    ),
    "tied to an income figure of the day: 10 % of 20000, of 30000 a year later": (
        rule("start_line: {share: 0.10, of: income, source: plan}\nratio: {value: 0.5, source: plan}"),
        "",
        [
            stay("basic: 500.00", "2500.00", bill="3000", discharged_on="2020-12-31"),
            stay("", "3000.00", bill="3000", discharged_on="2021-01-01"),
        ],
    ),
    "tied to the bill: 20 % between 200 and 500": (
        rule(
            "start_line: {share: 0.20, of: total, at_least: 200, at_most: 500, source: plan}\nratio: {value: 0.5, source: plan}"
        ),
        "",
        [
            stay("basic: 50.00", "250.00", bill="300"),
            stay("basic: 800.00", "1200.00", bill="2000"),
            stay("basic: 2250.00", "2750.00", bill="5000"),
        ],
    ),
    "tied to the bill without limits: 10 % of what is in scope": (
        rule("start_line: {share: 0.10, of: in_scope, source: plan}\nratio: {value: 0.5, source: plan}"),
        "",
        [stay("basic: 450.00", "650.00", outside="100")],
    ),
    "none for a list": (
        rule(
            "start_line:\n  - {when: {disease_list: [major]}, value: 0, source: plan}\n  - {value: 300, source: plan}\n"
            "ratio: {value: 0.5, source: plan}"
        ),
        "",
        [
            stay("basic: 500.00", "500.00", diagnosis="C34.9"),
            stay("basic: 350.00", "650.00", diagnosis="D10"),
            stay("basic: 350.00", "650.00"),
        ],
    ),
    "a list for children": (
        rule(
            "ratio:\n  - {when: {disease_list: [children]}, value: 0.9, source: plan}\n  - {value: 0.5, source: plan}"
        ),
        "",
        [
            stay("basic: 900.00", "100.00", diagnosis="C91.0", age="14"),
            stay("basic: 500.00", "500.00", diagnosis="C91.0", age="15"),
            stay("basic: 500.00", "500.00", diagnosis="C91.0"),
        ],
    ),
}
RATIOS = {
    "points add up, at most all of it, never below nothing": (
        rule(
            "ratio: {value: 0.7, source: plan}\npoints:\n  - {when: {class: [destitute]}, value: 0.10, source: plan}\n"
            "  - {when: {contract: ['yes']}, value: 0.30, source: plan}\n"
            "  - {when: {referral: [self_referred]}, value: -0.20, source: plan}"
        ),
        "",
        [
            stay("basic: 800.00", "200.00", categories="[destitute]", counts_as="destitute"),
            stay("basic: 1000.00", "0.00", categories="[destitute]", counts_as="destitute", contract="'yes'"),
            stay("basic: 500.00", "500.00", referral="self_referred"),
        ],
    ),
    "not below a ratio for a list": (
        rule("ratio: {value: 0.5, source: plan}\nat_least: {when: {disease_list: [major]}, value: 0.7, source: plan}"),
        "",
        [stay("basic: 700.00", "300.00", diagnosis="C50"), stay("basic: 500.00", "500.00")],
    ),
    "a floor of 45 % of the cost in scope": (
        rule(
            "start_line: {value: 500, source: plan}\nratio: {value: 0.5, source: plan}\nfloor: {value: 0.45, source: plan}"
        ),
        "",
        [stay("basic: 450.00", "550.00"), stay("basic: 4750.00", "5250.00", bill="10000")],
    ),
    "a floor of the total, and one of the base": (
        rule(
            "start_line: {value: 900, source: plan}\nratio: {value: 0.5, source: plan}\n"
            "floor: {value: 0.40, source: plan}\nfloor_of: total"
        ).replace("fund: resident_basic\n  rules:", "fund: resident_basic\n  choose: highest\n  rules:")
        + "    - {rule: two, label: 二, account: basic, base: in_scope, ratio: {value: 0, source: plan},\n"
        "       floor: {when: {level: [prefecture]}, value: 0.9, source: plan}, floor_of: base}\n",
        "",
        [stay("basic: 480.00", "720.00", outside="200"), stay("basic: 900.00", "100.00", institution="CITY1")],
    ),
    "a floor pays at most what counts: 90 % of 1000, of which 800 count": (
        rule(
            "base_cap: {value: 800, source: plan}\nratio: {value: 0.5, source: plan}\nfloor: {value: 0.9, source: plan}"
        ),
        "",
        [stay("basic: 800.00", "200.00")],
    ),
    "a limit of the cost before the start line, and after it": (
        rule(
            "base_cap: {value: 800, source: plan}\nstart_line: {value: 300, source: plan}\nratio: {value: 0.5, source: plan}"
        )
        + "- layer: supplement\n  label: 补充\n  fund: finance\n  rules:\n"
        "    - {rule: after, label: 后, account: after, base: in_scope, base_cap: {value: 400, source: plan},\n"
        "       base_cap_first: no, start_line: {value: 300, source: plan}, ratio: {value: 0.5, source: plan}}\n",
        "",
        # (800 - 300) x 50 %; min(1000 - 300, 400) x 50 %
        [stay("basic: 250.00, supplement: 200.00", "550.00")],
    ),
    "a limit of the year's cost: 600 of 1500 are left": (
        rule("base_cap: {value: 1500, source: plan}\nbase_cap_per_year: yes\nratio: {value: 0.5, source: plan}"),
        "",
        [stay("basic: 300.00", "700.00", before="{basic: {base: 900, paid: 450}}")],
    ),
    "a ratio of the total": (
        rule("base: total\nratio: {value: 0.5, source: plan}"),
        "",
        [stay("basic: 600.00", "600.00", outside="200")],
    ),
    "own ratio at a hospital for Chinese medicine, and at a named one": (
        rule(
            "ratio:\n  - {when: {kind: [tcm]}, value: 0.6, source: plan}\n"
            "  - {when: {institution: [CITY1]}, value: 0.4, source: plan}\n  - {value: 0.5, source: plan}"
        ),
        "",
        [
            stay("basic: 600.00", "400.00", institution="CITY2"),
            stay("basic: 400.00", "600.00", institution="CITY1"),
            stay("basic: 500.00", "500.00"),
        ],
    ),
    "a package price: 5000 of which the patient pays a fifth; the hospital bears what is above": (
        rule(
            "package_price: {value: 5000, source: plan}\npackage_patient: {share: 0.2, of: price, source: plan}"
        ).replace("      base: in_scope\n", "")
        + "- layer: hospital_waiver\n  label: 医院负担\n  fund: hospital\n  rules:\n"
        "    - {rule: above, label: 超出包干价, account: waiver, when: {total: {above: 5000}}, base: rest,\n"
        "       base_cap: {value: 0, source: plan}, ratio: {value: 1, source: plan}}\n",
        "",
        [stay("basic: 4000.00", "1000.00", bill="5000"), stay("basic: 500.00", "1000.00", bill="1500")],
    ),
    "a first share for going outside leaves the scope: 10 % referred, 20 % not": (
        rule("ratio: {value: 0.5, source: plan}"),
        (
            "first_share:\n  - {when: {region: [outside], referral: [referred, emergency]}, value: 0.10, source: plan}\n"
            "  - {when: {region: [outside]}, value: 0.20, source: plan}\n  - {value: 0, source: plan}"
        ),
        [
            stay("basic: 450.00", "550.00", institution="AWAY1", referral="referred"),
            stay("basic: 400.00", "600.00", institution="AWAY1"),
            stay("basic: 500.00", "500.00"),
        ],
    ),
}
SECOND = """
- layer: critical_illness
  label: 大病
  fund: critical_illness_insurer
  rules:
    - rule: one
      label: 大病
      account: critical
"""
BY_ITEM = """
- layer: basic
  label: 基本医保
  fund: resident_basic
  choose: all
  rules:
    - {rule: drugs, label: 药, account: basic, base: in_scope, base_items: [西药费, 中成药费], start_line: {value: 100, source: plan}, ratio: {value: 0.8, source: plan}}
    - {rule: beds, label: 床位, account: basic, base: in_scope, base_items: [床位费], ratio: {value: 0.5, source: plan}}
    - {rule: rest, label: 其他, account: basic, base: in_scope, base_items: [检查费, unlisted], ratio: {value: 0.7, source: plan}, cap: {value: 650, source: plan}}
"""
ITEMS = {
    "by kind of item: (300 - 100) x 80 % + 200 x 50 % + (100 + 400) x 70 %": (
        BY_ITEM,
        "",
        [
            stay("basic: 610.00", "390.00", items="{西药费: 250, 中成药费: 50, 床位费: 200, 检查费: 100}"),
            stay("basic: 650.00", "350.00"),
            stay("basic: 500.00", "500.00", items="{床位费: 1000}"),
        ],
    ),
    "by kind of item after 10 % first self-pay: (270 - 100) x 80 % + 630 x 70 %": (
        BY_ITEM,
        "first_share: {value: 0.10, source: plan}",
        [stay("basic: 577.00", "423.00", items="{西药费: 300}")],
    ),
}
