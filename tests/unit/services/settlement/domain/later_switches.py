"""Switches of caps, later layers and bottoms (policies.md 2 C to 2 F), each worked out by hand."""

from tests.unit.services.settlement.domain.counting_switches import SECOND
from tests.unit.services.settlement.domain.switches import BASIC, rule, stay

LATER = {
    "without the start line before, absolute bands": (
        rule("start_line: {value: 200, source: plan}\nratio: {value: 0.5, source: plan}")
        + SECOND
        + "      base: rest_in_scope\n      base_less: [start_line]\n      counting: per_year\n"
        "      start_line: {value: 1000, source: plan}\n"
        "      bands: [{up_to: {value: 3000, source: plan}, ratio: {value: 0.5, source: plan}}, {ratio: {value: 0.6, source: plan}}]\n",
        "",
        # basic (10000 - 200) / 2 = 4900; base 5100 - 200 = 4900: 2000 x 50 % + 1900 x 60 %
        [stay("basic: 4900.00, critical_illness: 2140.00", "2960.00", bill="10000")],
    ),
    "bands above the start line": (
        BASIC
        + SECOND
        + "      base: rest_in_scope\n      counting: per_year\n      start_line: {value: 1000, source: plan}\n"
        "      edges: above_start_line\n"
        "      bands: [{up_to: {value: 3000, source: plan}, ratio: {value: 0.5, source: plan}}, {ratio: {value: 0.6, source: plan}}]\n",
        "",
        # base 5000: up to 1000 + 3000 half of 3000, then 1000 x 60 %
        [stay("basic: 5000.00, critical_illness: 2100.00", "2900.00", bill="10000")],
    ),
    "cost that was used for a payment does not enter again": (
        BASIC
        + SECOND
        + "      base: rest_in_scope\n      counting: per_year_unused\n      start_line: {value: 1000, source: plan}\n"
        "      ratio: {value: 0.6, source: plan}\n",
        "",
        [
            # 600 not used yet + 5000 - 1000
            stay(
                "basic: 5000.00, critical_illness: 2760.00", "2240.00", bill="10000", before="{critical: {base: 600}}"
            ),
            stay("basic: 250.00", "250.00", bill="500"),
        ],
    ),
    "with the first self-pay, and without what the basic cap cut": (
        rule("ratio: {value: 0.5, source: plan}\ncap: {value: 1000, source: plan}")
        + SECOND
        + "      base: rest_in_scope\n      base_plus: [first_self_pay]\n      base_less: [over_cap]\n"
        "      ratio: {value: 0.5, source: plan}\n",
        "",
        # basic 5000 cut to 1000; 9000 + 300 - 4000 = 5300 x 50 %
        [
            stay(
                "basic: 1000.00, critical_illness: 2650.00",
                "6650.00",
                bill="10000",
                outside="300",
                first_self_pay="300",
            )
        ],
    ),
    "with the own expense, not with what is above the price ceilings: 1100 count, 500 + 100 can be paid": (
        BASIC
        + SECOND
        + "      base: in_scope\n      base_plus: [own_expense]\n      ratio: {value: 1, source: plan}\n",
        "",
        [stay("basic: 500.00, critical_illness: 600.00", "200.00", outside="300", own_expense="100", over_limit="200")],
    ),
    "a cap that grows: 1000 + 3 x 100 + 2 x 100, at most 40 %": (
        rule(
            "ratio: {value: 0.5, source: plan}\ncap: {value: 1000, source: plan}\n"
            "cap_growth:\n  - {per: insured_years, above: 4, value: 100, source: plan}\n"
            "  - {per: claim_free_years, value: 100, source: plan}\ncap_growth_at_most: {value: 0.4, source: plan}"
        ),
        "",
        [
            stay("basic: 1400.00", "8600.00", bill="10000", insured_years="7", claim_free_years="2"),
            stay("basic: 1300.00", "8700.00", bill="10000", insured_years="7"),
            stay("basic: 1000.00", "9000.00", bill="10000", insured_years="4"),
        ],
    ),
    "a cap that grows by at most 5 % of itself, half up: 333.33 + 16.6665": (
        rule(
            "ratio: {value: 0.5, source: plan}\ncap: {value: 333.33, source: plan}\n"
            "cap_growth:\n  - {per: insured_years, value: 100, source: plan}\ncap_growth_at_most: {value: 0.05, source: plan}"
        ),
        "",
        [stay("basic: 350.00", "9650.00", bill="10000", insured_years="7")],
    ),
    "a cap that grows without a limit": (
        rule(
            "ratio: {value: 0.5, source: plan}\ncap: {value: 1000, source: plan}\n"
            "cap_growth:\n  - {per: insured_years, value: 100, source: plan}"
        ),
        "",
        [stay("basic: 1700.00", "8300.00", bill="10000", insured_years="7")],
    ),
    "caps apart and together: out-patient 1000, with in-patient 1500": (
        rule(
            "ratio: {value: 0.5, source: plan}\naccount: outpatient\ncap: {value: 1000, source: plan}\n"
            "more_caps:\n  - {account: together, cap: {value: 1500, source: plan}}"
        ),
        "",
        [
            stay("basic: 1000.00", "9000.00", bill="10000"),
            stay("basic: 600.00", "9400.00", bill="10000", before="{together: {paid: 900}}"),
        ],
    ),
    "a cap of the month within that of the year": (
        rule(
            "ratio: {value: 0.5, source: plan}\ncap: {value: 2000, source: plan}\n"
            "more_caps:\n  - {account: basic, window: per_month, cap: {value: 200, source: plan}}"
        ),
        "",
        [
            stay("basic: 200.00", "9800.00", bill="10000"),
            stay("basic: 50.00", "9950.00", bill="10000", before="{basic: {paid: 900}, basic@month:6: {paid: 150}}"),
            stay("basic: 100.00", "9900.00", bill="10000", before="{basic: {paid: 1900}, basic@month:5: {paid: 200}}"),
        ],
    ),
    "a cap of the month and a start line of the month on one account": (
        rule(
            "start_line: {value: 100, source: plan}\nstart_line_window: per_month\nratio: {value: 0.5, source: plan}\n"
            "more_caps:\n  - {account: basic, window: per_month, cap: {value: 300, source: plan}}"
        ),
        "",
        [
            stay(
                "basic: 20.00",
                "9980.00",
                bill="10000",
                before="{basic@month:6: {deductible: 100, paid: 280, stays: 1}}",
            )
        ],
    ),
    "a cap of the quarter": (
        rule(
            "ratio: {value: 0.5, source: plan}\n"
            "more_caps:\n  - {account: pool, window: per_quarter, cap: {value: 600, source: plan}}"
        ),
        "",
        [stay("basic: 100.00", "9900.00", bill="10000", before="{pool@quarter:2: {paid: 500}}")],
    ),
    "a cap of each visit": (
        rule("ratio: {value: 0.5, source: plan}\nmore_caps:\n  - {window: per_stay, cap: {value: 40, source: plan}}"),
        "",
        [stay("basic: 40.00", "9960.00", bill="10000", before="{basic: {paid: 40}}")],
    ),
    "two layers under one cap: the second sees what the first paid for the same stay": (
        rule("ratio: {value: 0.5, source: plan}\nmore_caps:\n  - {account: both, cap: {value: 6000, source: plan}}")
        + SECOND
        + "      base: rest_in_scope\n      ratio: {value: 0.5, source: plan}\n"
        "      more_caps:\n        - {account: both, cap: {value: 6000, source: plan}}\n",
        "",
        [stay("basic: 5000.00, critical_illness: 1000.00", "4000.00", bill="10000")],
    ),
    "an account of its own for every listed disease": (
        rule(
            "when: {disease_list: [major, hypertension]}\nratio: {value: 0.5, source: plan}\n"
            "account_per_list: yes\ncap: {value: 400, source: plan}"
        ),
        "",
        [
            stay("basic: 100.00", "900.00", diagnosis="I10", before='{"basic@list:hypertension": {paid: 300}}'),
            stay("basic: 400.00", "600.00", diagnosis="C34", before='{"basic@list:hypertension": {paid: 300}}'),
        ],
    ),
    "an account of its own where no list is asked for": (
        rule("ratio: {value: 0.5, source: plan}\naccount_per_list: yes\ncap: {value: 400, source: plan}"),
        "",
        [stay("basic: 400.00", "600.00"), stay("basic: 50.00", "950.00", before="{basic: {paid: 350}}")],
    ),
    "only where the own cost is above 3000, and where critical illness paid": (
        BASIC
        + SECOND
        + "      when: {rest_in_scope: {above: 3000}}\n      base: rest_in_scope\n      ratio: {value: 0.5, source: plan}\n"
        "- layer: medical_assistance\n  label: 救助\n  fund: medical_assistance\n  rules:\n"
        "    - {rule: one, label: 救助, account: aid, when: {paid_by: [critical_illness]}, base: rest_in_scope,\n"
        "       ratio: {value: 0.5, source: plan}}\n",
        "",
        [
            stay("basic: 3000.00", "3000.00", bill="6000"),
            stay("basic: 4000.00, critical_illness: 2000.00, medical_assistance: 1000.00", "1000.00", bill="8000"),
        ],
    ),
    "all rules in turn: all of the rest in scope and 95 % outside": (
        BASIC + "- layer: supplement\n  label: 补充\n  fund: finance\n  choose: all\n  rules:\n"
        "    - {rule: inside, label: 内, account: in, base: rest_in_scope, ratio: {value: 1, source: plan}}\n"
        "    - {rule: gone, label: 无, account: gone, when: {rest_in_scope: {above: 0}}, base: rest_in_scope, ratio: {value: 1, source: plan}}\n"
        "    - {rule: outside, label: 外, account: out, base: out_of_scope, ratio: {value: 0.95, source: plan}}\n",
        "",
        [stay("basic: 500.00, supplement: 690.00", "10.00", outside="200")],
    ),
    "a fixed amount once the line is passed": (
        BASIC + "- layer: supplement\n  label: 补充\n  fund: finance\n  rules:\n"
        "    - {rule: one, label: 定额, account: once, base: rest, amount: {value: 2000, source: plan}, cap: {value: 2000, source: plan}}\n",
        "",
        [
            stay("basic: 500.00, supplement: 500.00", "0.00"),
            stay("basic: 5000.00, supplement: 2000.00", "3000.00", bill="10000"),
            stay("basic: 5000.00", "5000.00", bill="10000", before="{once: {paid: 2000, stays: 1}}"),
        ],
    ),
    "on application: nothing now": (
        BASIC + "- layer: medical_assistance\n  label: 救助\n  fund: medical_assistance\n  rules:\n"
        "    - {rule: one, label: 救助, account: aid, base: rest_in_scope, ratio: {value: 0.5, source: plan}, on_application: yes}\n",
        "",
        [stay("basic: 500.00", "500.00")],
    ),
    "relief already received lowers what is left before the ratio": (
        BASIC + "- layer: medical_assistance\n  label: 救助\n  fund: medical_assistance\n  rules:\n"
        "    - {rule: one, label: 救助, account: aid, base: rest, less_prior_relief: yes, ratio: {value: 0.5, source: plan}}\n",
        "",
        [stay("basic: 500.00, medical_assistance: 200.00", "300.00", prior_relief="100")],
    ),
}
BOTTOM = "- layer: bottom_guarantee\n  label: 兜底\n  fund: finance\n  rules:\n    - {rule: one, label: 兜底, account: bottom, "
BOTTOMS = {
    "fills up to 90 % of the total": (
        BASIC + BOTTOM + "reach: {value: 0.9, source: plan}}\n",
        "",
        # 1200 x 90 % - 500
        [stay("basic: 500.00, bottom_guarantee: 580.00", "120.00", outside="200")],
    ),
    "fills up to all of the cost in scope in the prefecture": (
        BASIC
        + BOTTOM
        + "reach_of: in_scope, base: rest_in_scope, when: {region: [inside, prefecture]}, reach: {value: 1, source: plan}}\n",
        "",
        [
            stay("basic: 500.00, bottom_guarantee: 500.00", "200.00", outside="200"),
            stay("basic: 500.00", "500.00", institution="AWAY1"),
        ],
    ),
    "has reached it already": (
        rule("ratio: {value: 0.95, source: plan}") + BOTTOM + "reach: {value: 0.9, source: plan}}\n",
        "",
        [stay("basic: 950.00", "50.00")],
    ),
    "leaves the patient at most 10 %, half up": (
        BASIC + BOTTOM + "leave: {value: 0.1, source: plan}}\n",
        "",
        # 1000.05 x 10 % = 100.005, half up 100.01; basic 500.025, half up 500.03
        [stay("basic: 500.03, bottom_guarantee: 400.01", "100.01", bill="1000.05")],
    ),
    "own cost in scope of a year at most 3000, 5000 once a city hospital was used": (
        BASIC
        + BOTTOM
        + "base: rest_in_scope, own_limit: [{when: {highest_level: [township, county]}, value: 3000, source: plan}, {value: 5000, source: plan}]}\n",
        "",
        [
            stay("basic: 5000.00, bottom_guarantee: 2000.00", "3000.00", bill="10000"),
            stay("basic: 5000.00", "5000.00", bill="10000", before='{"stays@level:prefecture": {stays: 1}}'),
            # own cost so far 2500, then 5000: 2000 above 3000 + 2500 of it
            stay(
                "basic: 5000.00, bottom_guarantee: 4500.00",
                "500.00",
                bill="10000",
                before="{bottom: {base: 4000, paid: 1500}}",
            ),
            stay("basic: 5000.00", "5000.00", bill="10000", institution="CITY1"),
        ],
    ),
    "at most 3000 of own cost in one stay, whatever was borne before": (
        BASIC + BOTTOM + "base: rest_in_scope, own_limit: {value: 3000, source: plan}, own_limit_window: per_stay}\n",
        "",
        [
            stay("basic: 5000.00, bottom_guarantee: 2000.00", "3000.00", bill="10000"),
            stay(
                "basic: 5000.00, bottom_guarantee: 2000.00",
                "3000.00",
                bill="10000",
                before="{bottom: {base: 4000, paid: 1500}}",
            ),
            stay("basic: 3000.00", "3000.00", bill="6000"),
        ],
    ),
    "the hospital waives a fifth of what is left": (
        BASIC + "- layer: hospital_waiver\n  label: 减免\n  fund: hospital\n  rules:\n"
        "    - {rule: one, label: 减免, account: waiver, base: rest, ratio: {value: 0.2, source: plan}}\n",
        "",
        [stay("basic: 500.00, hospital_waiver: 140.00", "560.00", outside="200")],
    ),
}
