"""Cost control over HTTP and a real database: what hospitals charged in a month, seen by who may."""

from dataclasses import replace

import pytest

from services.settlement.adapters.policy_files import load_county
from tests.integration.settlement.conftest import BILL, COUNTY, ELSEWHERE, HOSPITAL, OTHER_HOSPITAL
from tests.integration.settlement.rerating_desk import POLICIES
from tests.unit.services.settlement.domain.switches import county_file, rule, stay

SEPTEMBER = {"county": COUNTY, "month": "2016-09"}


def lines(**fen):
    """Return bill lines by category; what is called outside is of class C."""
    return [
        {
            "item_code": f"X{at}",
            "name": word,
            "category": word,
            "catalogue_class": "C" if word.startswith("自费") else "A",
            "quantity": "1",
            "unit_price": f"{amount / 100:.2f}",
            "amount_fen": amount,
            "occurred_on": "2016-09-02",
        }
        for at, (word, amount) in enumerate(fen.items())
    ]


async def seen(counter, headers=None, **query):
    answer = await counter.get("/v1/cost-control", headers or counter.bureau, **(SEPTEMBER | query))
    assert answer.status_code == 200, answer.text
    return answer.json()["hospitals"]


def shares(hospital):
    return {each["kind"]: (each["fen"], each["share"]) for each in hospital["shares"]}


async def test_shows_each_hospital_s_shares_of_the_month(counter):
    await counter.settle("R1", bill=None, lines=lines(西药费=300_000, 耗材费=100_000, 床位费=500_000, 自费药=100_000))
    await counter.settle("R2", bill=None, lines=lines(检查费=200_000, 自费药=0))
    await counter.settle("R3")
    undone = await counter.settle("R4", bill=None, lines=lines(西药费=900_000))
    await counter.reverse(undone)
    await counter.settle("R5", discharged_on="2016-08-31", admitted_on="2016-08-20")
    await counter.settle("R6", counter.other_hospital, institution_code=OTHER_HOSPITAL)

    first, second = await seen(counter)

    assert (first["institution_code"], first["stay_count"], first["itemised_count"]) == (HOSPITAL, 3, 2)
    assert first["total_fen"] == 1_000_000 + 200_000 + BILL["total_fen"]
    assert shares(first) == {
        "drug": (300_000, "0.2500"),
        "consumable": (100_000, "0.0833"),
        "test": (200_000, "0.1667"),
        "out_of_catalogue": (250_000, "0.0391"),
    }
    assert (second["institution_code"], second["itemised_count"]) == (OTHER_HOSPITAL, 0)
    assert shares(second)["drug"] == (0, None)


async def test_a_hospital_sees_itself_alone(counter):
    await counter.settle("R1")
    await counter.settle("R2", counter.other_hospital, institution_code=OTHER_HOSPITAL)

    [own] = await seen(counter, counter.hospital)
    [asked] = await seen(counter, institution_code=OTHER_HOSPITAL)
    foreign = await counter.get("/v1/cost-control", counter.hospital, **SEPTEMBER, institution_code=OTHER_HOSPITAL)
    elsewhere = await counter.get("/v1/cost-control", counter.bureau, **SEPTEMBER | {"county": ELSEWHERE})

    assert (own["institution_code"], asked["institution_code"]) == (HOSPITAL, OTHER_HOSPITAL)
    assert {(each.status_code, each.json()["code"]) for each in (foreign, elsewhere)} == {(403, "not_yours")}


@pytest.mark.parametrize("month", ["2016-13", "2016-9", "2016-09-01", "", "1999-01"])
async def test_a_month_that_is_none_is_refused(counter, month):
    answer = await counter.get("/v1/cost-control", counter.bureau, **SEPTEMBER | {"month": month})

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed_body")


async def test_an_empty_month_has_no_hospital(counter):
    assert await seen(counter, month="2016-12") == []


class TestPackages:
    @pytest.fixture
    def policies(self, tmp_path):
        """The county's hospitals are paid by a package of 10,000.00 yuan, a fifth of it by the patient."""
        package = rule(
            "package_price: {value: 10000, source: plan}\npackage_patient: {share: 0.2, of: price, source: plan}"
        )
        file = load_county(county_file(tmp_path, layers=package, examples=[stay("basic: 800.00", "200.00")]))
        [[layer]] = [version.layers for version in file.policy.versions]
        policy = POLICIES[COUNTY]
        versions = tuple(
            replace(each, layers=(replace(each.layers[0], rules=layer.rules),)) for each in policy.versions
        )
        return {**POLICIES, COUNTY: replace(policy, versions=versions)}

    async def test_show_price_against_charge(self, counter):
        above = await counter.settle("R1")
        await counter.settle("R2", bill=BILL | {"total_fen": 900_000, "in_scope_fen": 700_000})

        [hospital] = await seen(counter)

        assert above["total_fen"] == 5_200_000
        assert hospital["packages"] == {
            "stay_count": 2,
            "price_fen": 2_000_000,
            "charged_fen": 6_100_000,
            "over_count": 1,
            "over_fen": 4_200_000,
        }
