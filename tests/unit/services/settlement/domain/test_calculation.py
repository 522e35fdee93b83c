"""The chain pays what the county's file says, to the fen, and says what it read."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from common.core.money import Money
from services.settlement.domain.accumulator import Balance
from services.settlement.domain.condition import ALWAYS, Origin, Row, Table
from services.settlement.domain.layer_rule import NO_RATIO, BaseRule, Cap, Layer, LayerRule, StartLine
from services.settlement.domain.vocabulary import Base, Choice, Counting, Fund, InsuranceState, Scheme, VisitType

ORIGIN = Origin("test", date(2016, 1, 1), is_assumed=False)


def a_table(*values):
    return Table("t", tuple(Row(ALWAYS, value, ORIGIN) for value in values))


def a_rule(source, *, points=NO_RATIO, **overrides):
    return replace(source, method=replace(source.method, points=points), **overrides)


def paid(calculation):
    return {layer.layer: layer.paid.fen for layer in calculation.layers}


class TestWorkedExample:
    def test_comes_out_to_the_fen(self, calculate_stay):
        calculation = calculate_stay(benefit_class="allowance_recipient")

        assert paid(calculation) == {"basic": 3_976_000, "critical_illness": 366_800, "medical_assistance": 460_040}
        assert [layer.base.fen for layer in calculation.layers] == [5_000_000, 1_024_000, 657_200]
        assert [layer.deductible.fen for layer in calculation.layers] == [30_000, 500_000, 0]
        assert calculation.patient_pays == Money(397_160)

    def test_names_every_parameter_with_its_paper(self, calculate_stay):
        basic = calculate_stay(benefit_class="allowance_recipient").layers[0]

        reads = {read.name.rpartition(".")[2]: read for step in basic.steps for read in step.reads}

        assert {name: read.value for name, read in reads.items()} == {
            "start_line": "300.00",
            "ratio": "0.70",
            "points": "0.10",
            "cap": "150000.00",
        }
        assert not reads["points"].is_assumed
        assert reads["points"].since == date(2016, 7, 1)
        assert reads["ratio"].is_assumed
        assert reads["ratio"].since == date(2016, 1, 1)


class TestNothingPays:
    @pytest.mark.parametrize("state", [InsuranceState.NOT_INSURED, InsuranceState.WAITING])
    def test_without_insurance(self, calculate_stay, state):
        calculation = calculate_stay(benefit_class="destitute", insurance=state)

        assert calculation.fund_paid == Money(0)
        assert calculation.changes == {}
        assert calculation.nothing_pays is not None

    def test_where_the_institution_is_not_designated(self, calculate_stay):
        calculation = calculate_stay(institution="H21138100009")

        assert calculation.nothing_pays.zh.startswith("非定点医疗机构")
        assert calculation.patient_pays == calculation.bill.total

    def test_where_no_rule_meets_the_care(self, calculate_stay):
        calculation = calculate_stay(visit_type=VisitType.OUTPATIENT)

        assert calculation.changes == {}
        assert calculation.layers[0].fund == "rural_cooperative"
        assert "no rule" in calculation.layers[0].steps[0].en


class TestLayer:
    def test_pays_from_the_fund_of_the_scheme(self, calculate_stay):
        calculation = calculate_stay(scheme=Scheme.RESIDENT)

        assert calculation.layers[0].fund == "resident_basic"

    def test_stops_at_all_of_it(self, policies, calculate_stay):
        version = policies["211381"].versions[1]
        basic = version.layers[0]
        rule = a_rule(basic.rules[0], points=a_table(Decimal(1)), caps=(Cap("basic"),))
        version = replace(version, layers=(replace(basic, rules=(rule,)),))

        calculation = calculate_stay(version=version)

        assert paid(calculation) == {"basic": 4_970_000}

    def test_keeps_the_rule_that_pays_most_when_asked(self, policies, calculate_stay):
        version = policies["211381"].versions[1]
        basic = version.layers[0]
        low = a_rule(basic.rules[0], name="low")
        high = a_rule(basic.rules[0], name="high", points=a_table(Decimal("0.2")))
        version = replace(version, layers=(replace(basic, choice=Choice.HIGHEST, rules=(low, high)),))

        calculation = calculate_stay(version=version)

        assert calculation.layers[0].rule == "high"

    def test_books_what_the_hospital_bears_apart_from_the_layers(self, policies, calculate_stay):
        version = policies["211381"].versions[1]
        rule = LayerRule(
            name="waiver",
            label="医院减免",
            when=ALWAYS,
            fund=a_table(Fund.HOSPITAL.value),
            base=BaseRule(Base.REST_IN_SCOPE),
            counting=Counting.PER_STAY,
            start_line=StartLine(),
            method=policies["211381"].versions[0].layers[1].rules[0].method,
            caps=(Cap("waiver"),),
        )
        waiver = Layer("hospital_waiver", "医院减免", Fund.HOSPITAL, Choice.FIRST, (rule,))
        version = replace(version, layers=(waiver,))

        calculation = calculate_stay(version=version)

        assert calculation.layers == ()
        assert calculation.hospital_borne == Money(2_500_000)
        assert calculation.patient_pays == Money(2_700_000)

    def test_adds_up_two_layers_that_share_an_account(self, policies, calculate_stay):
        version = policies["211381"].versions[1]
        basic = version.layers[0]
        version = replace(version, layers=(basic, replace(basic, name="again")))

        calculation = calculate_stay(version=version)

        assert calculation.changes["basic"].stay_count == 2

    def test_never_lets_relief_and_payments_pass_the_total(self, calculate_stay, make_bill):
        bill = make_bill(1_000_000, outside=0, prior_relief=900_000)

        calculation = calculate_stay(bill=bill)

        assert calculation.fund_paid == Money(100_000)

    def test_uses_up_the_yearly_start_line_once(self, calculate_stay, make_bill):
        calculation = calculate_stay(
            benefit_class="registered_poor",
            bill=make_bill(2_000_000, outside=0),
            before={"critical_illness": Balance(base=Money(400_000))},
        )

        assert calculation.layers[1].deductible == Money(100_000)


class TestGap:
    def test_names_what_is_missing_to_the_target(self, calculate_stay, make_bill):
        calculation = calculate_stay(
            "522632", benefit_class="severely_disabled", bill=make_bill(1_100_000, outside=100_000)
        )

        assert calculation.gap.missing == Money(162_000)

    def test_is_none_where_the_target_is_reached(self, calculate_stay, make_bill):
        calculation = calculate_stay(
            "522632", benefit_class="allowance_recipient", bill=make_bill(1_100_000, outside=100_000)
        )

        assert calculation.gap is None

    def test_is_none_for_whom_the_county_sets_no_target(self, calculate_stay):
        assert calculate_stay("522632").gap is None
