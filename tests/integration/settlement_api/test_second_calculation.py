"""Years of stays drawn at random, each held to a second calculation that was written from the documents alone."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest

from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.second_calculation import ORDER, Case, SecondCalculation
from tests.integration.settlement_api.vocabulary import (
    BEIPIAO,
    COLD,
    KIDNEY_FAILURE,
    RONGJIANG,
    Amounts,
    a_bill,
    a_person,
    a_stay,
)

PERSONS, STAYS = 8, 9
VISITS = ("inpatient", "inpatient", "inpatient", "outpatient", "special_outpatient")
REFERRALS = ("none", "referred", "filed", "emergency", "resident_outside", "self_referred")
FIRST_DAY = {BEIPIAO: date(2016, 5, 1), RONGJIANG: date(2015, 10, 1)}
COSTS = ("120", "999.99", "2345.67", "8765.43", "30000.05", "77777.77", "160000.01")


def a_case(random: Random, county: str) -> Case:
    """Draw a stay; some days lie before, some after a change of terms or year."""
    in_scope = Decimal(random.choice(COSTS)) + Decimal(random.randrange(100)) / 100
    return Case(
        county=county,
        level=random.choice(("township", "county", "prefecture", "province")),
        referral=random.choice(REFERRALS),
        visit_type=random.choice(VISITS),
        is_listed_disease=random.random() < 0.5,
        discharged_on=FIRST_DAY[county] + timedelta(days=random.randrange(150)),
        in_scope=in_scope,
        prior_relief=min(Decimal(random.choice((0, 0, 0, 333, 5000))), in_scope),
    )


@pytest.mark.parametrize("county", [BEIPIAO, RONGJIANG])
async def test_every_stay_comes_to_what_the_second_calculation_says(window: Window, county: str) -> None:
    random = Random(20160912)  # noqa: S311 - the same stays in every run
    paid, expected = [], []

    for order in range(1, PERSONS + 1):
        categories = random.sample(ORDER[county], k=order % 4)
        person, years = await window.register(a_person(order), *categories, county=county), SecondCalculation()
        for _ in range(STAYS):
            case = a_case(random, county)
            bill = a_bill(str(case.in_scope), prior_relief_fen=int(case.prior_relief * 100))
            stay = a_stay(
                person,
                county=county,
                level=case.level,
                on=case.discharged_on.isoformat(),
                referral={"kind": case.referral},
                visit_type=case.visit_type,
                diagnoses=[{"icd10": KIDNEY_FAILURE if case.is_listed_disease else COLD, "main": True}],
                bill=bill,
            )
            paid.append((case, await window.pay(stay)))
            expected.append((case, _amounts(case, *years.settle(case, categories))))

    assert [one for one, other in zip(paid, expected, strict=True) if one != other] == []
    assert len({benefit_class for _, (benefit_class, _, _) in paid}) >= 4


def _amounts(case: Case, benefit_class: str, layers: dict[str, Decimal]) -> Amounts:
    patient = case.in_scope - sum(layers.values(), Decimal(0))
    return benefit_class, {name: f"{each:.2f}" for name, each in layers.items()}, f"{patient:.2f}"
