"""A category may count for cost before its first day, where the county says so (认定追溯)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from common.kit.cause import Cause
from common.published.identity import EntitlementChanged
from services.settlement.adapters import persons
from services.settlement.adapters.policy_files import load_policies
from services.settlement.domain.policy import Reach
from tests.integration.settlement.conftest import COUNTY, NAME, NUMBER, person_of
from tests.integration.settlement.rerating_desk import booked, corrections, opened, rating

STAY = {"admitted_on": "2016-09-01", "discharged_on": "2016-09-12"}


def reaching(**reach):
    """Return the shipped policies in which registered poverty counts before its first day."""
    shipped = load_policies()
    versions = tuple(
        replace(
            version,
            classes=tuple(
                replace(each, reach=Reach(**reach)) if "registered_poor" in each.categories else each
                for each in version.classes
            ),
        )
        for version in shipped[COUNTY].versions
    )
    return {**shipped, COUNTY: replace(shipped[COUNTY], versions=versions)}


@pytest.fixture(scope="module", params=[{"months": 12}, {"whole_month": True}], ids=str)
def reach(request):
    return request.param


@pytest.fixture(scope="module")
def policies(reach):
    """Instead of the shipped ones."""
    return reaching(**reach)


async def recognise(counter, effective_from):
    await counter.hold(category="nothing_special")
    async with counter.database.unit_of_work(Cause("test")) as uow:
        await persons.categorise(
            uow.connection,
            EntitlementChanged(
                county=COUNTY,
                entitlement_id=uuid4(),
                person_id=person_of(),
                version=1,
                category="registered_poor",
                effective_from=effective_from,
                effective_to=None,
                authority="poverty_relief",
                list_date=effective_from,
                known_since=datetime(2016, 9, 20, tzinfo=UTC),
                withdrawn=False,
                counting_category="registered_poor",
            ),
        )


@pytest.mark.parametrize(
    ("effective_from", "counts_in"),
    [
        (date(2016, 9, 12), {"months", "whole_month"}),
        (date(2016, 9, 13), {"months", "whole_month"}),
        (date(2016, 9, 30), {"months", "whole_month"}),
        (date(2016, 10, 1), {"months"}),
        (date(2017, 9, 12), {"months"}),
        (date(2017, 9, 13), set()),
    ],
)
async def test_counts_from_the_day_the_county_says(counter, reach, effective_from, counts_in):
    counter.now = datetime(2017, 9, 20, 2, 0, tzinfo=UTC)
    await recognise(counter, effective_from)

    settled = await counter.settle("R1", **STAY)
    checked = await counter.post(
        "/v1/entitlements/check",
        citizen_id=NUMBER,
        name=NAME,
        county=COUNTY,
        institution_code="H21138100001",
        on="2016-09-12",
    )

    trace = (await counter.get(f"/v1/settlements/{settled['settlement_id']}/trace")).json()
    counts = "registered_poor" if counts_in & set(reach) else "ordinary"
    assert settled["entitlement"]["benefit_class"] == counts
    assert ("reach" in trace) == (counts == "registered_poor")
    assert checked.json()["benefit_class"] == counts


async def test_a_stay_settled_before_the_recognition_is_put_right(counter, policies):
    settled = await counter.settle("R1", **STAY)
    await recognise(counter, date(2016, 9, 20))
    knowing = rating(policies)

    await booked(counter, await opened(counter, knowing), knowing)

    [correction] = await corrections(counter, settled)
    assert correction["result"]["entitlement"]["benefit_class"] == "registered_poor"
    assert correction["patient_fen"] < 0
