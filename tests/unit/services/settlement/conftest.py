"""Builders for settlement's rules: the shipped counties, stays and bills with keyword overrides."""

from datetime import date
from decimal import Decimal

import pytest

from common.core.money import ZERO, Money
from services.settlement.adapters.policy_files import load_policies
from services.settlement.domain.bill import Bill, BillLine, CatalogueClass
from services.settlement.domain.calculation import calculate
from services.settlement.domain.stay import Stay
from services.settlement.domain.vocabulary import InsuranceState, Referral, Scheme, VisitType

COUNTY_HOSPITAL = {"211381": "H21138100001", "522632": "H52263200001"}


@pytest.fixture(scope="session")
def policies():
    return load_policies()


@pytest.fixture
def make_stay(policies):
    def make(county="211381", *, institution=None, on=date(2016, 9, 12), diagnosis="I63.9", **overrides):
        values = {
            "visit_type": VisitType.INPATIENT,
            "referral": Referral.NONE,
            "admitted_on": on,
            "discharged_on": on,
            "main_diagnosis": diagnosis,
            "institution": policies[county].institution_on(code=institution or COUNTY_HOSPITAL[county], day=on),
            "scheme": Scheme.RURAL_COOPERATIVE,
            "insurance": InsuranceState.INSURED,
        }
        return Stay(**(values | overrides))

    return make


@pytest.fixture
def make_bill():
    def make(in_scope=5_000_000, *, outside=200_000, prior_relief=0):
        return Bill(
            Money(in_scope + outside), Money(outside), ZERO, ZERO, Money(in_scope), prior_relief=Money(prior_relief)
        )

    return make


@pytest.fixture
def make_line():
    def make(catalogue_class="A", amount=10_000, **overrides):
        values = {"quantity": Decimal(1), "unit_price": Decimal(amount) / 100}
        return BillLine(CatalogueClass(catalogue_class), Money(amount), **(values | overrides))

    return make


@pytest.fixture
def calculate_stay(policies, make_stay, make_bill):
    def run(county="211381", *, benefit_class="ordinary", before=None, bill=None, version=None, **stay):
        made = make_stay(county, **stay)
        return calculate(
            version=version or policies[county].version_on(day=made.discharged_on),
            stay=made,
            bill=bill or make_bill(),
            benefit_class=benefit_class,
            before=before or {},
        )

    return run
