"""The check at admission: categories, class, deposit, and what it refuses."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from common.core.citizen_number import CitizenNumber, person_id_of
from common.kit.cause import Cause
from common.published.identity import PersonRegistered
from services.settlement.adapters import persons
from tests.integration.settlement.conftest import (
    COUNTY,
    FAR_HOSPITAL,
    HOSPITAL,
    NAME,
    NUMBER,
    PERSON_KEY,
    Counter,
    a_number,
)

PATH = "/v1/entitlements/check"


def asked(**fields: Any) -> dict[str, Any]:
    usual = {"citizen_id": NUMBER, "name": NAME, "county": COUNTY, "institution_code": HOSPITAL, "on": "2016-09-12"}
    return usual | fields


async def test_a_registered_poor_person_pays_no_deposit_and_is_told_why(counter: Counter) -> None:
    await counter.hold("registered_poor")
    await counter.hold("allowance_recipient")
    await counter.hold("registered_poor")

    held = (await counter.post(PATH, **asked())).json()

    assert held["benefit_class"] == "registered_poor"
    assert held["categories"] == ["allowance_recipient", "registered_poor"]
    assert held["counting_category"] == "registered_poor"
    assert held["list_date"] == "2016-09-10"
    assert (held["identity_open"], held["deposit_waived"]) == (False, True)
    assert "免交押金" in held["deposit_reason"]["zh"]
    assert held["policy"]["version_from"] == "2016-07-01"


async def test_a_class_for_which_the_policy_waives_nothing_pays_one(counter: Counter) -> None:
    await counter.hold("allowance_recipient")

    held = (await counter.post(PATH, **asked())).json()

    assert (held["benefit_class"], held["deposit_waived"]) == ("allowance_recipient", False)
    assert "待确认" in held["deposit_reason"]["zh"]


async def test_before_the_programme_no_policy_spoke_of_deposits(counter: Counter) -> None:
    await counter.hold("registered_poor")

    held = (await counter.post(PATH, **asked(on="2016-06-30"))).json()

    assert held["deposit_waived"] is False
    assert "未规定" in held["deposit_reason"]["zh"]


async def test_whose_insurance_does_not_pay_is_asked_for_a_deposit(counter: Counter) -> None:
    await counter.hold("registered_poor")
    await counter.insure("not_insured")

    held = (await counter.post(PATH, **asked())).json()

    assert held["deposit_waived"] is False
    assert "参保" in held["deposit_reason"]["zh"]


@pytest.mark.parametrize("fields", [{"name": "李某"}, {"citizen_id": a_number(7)}])
async def test_whom_no_list_knows_is_ordinary_and_open(counter: Counter, fields: dict[str, str]) -> None:
    await counter.hold("registered_poor")

    held = (await counter.post(PATH, **asked(**fields))).json()

    assert held["benefit_class"] == "ordinary"
    assert (held["categories"], held["counting_category"], held["list_date"]) == ([], None, None)
    assert (held["identity_open"], held["deposit_waived"]) == (True, False)


async def test_what_cannot_be_checked_is_refused_with_its_code(counter: Counter) -> None:
    await counter.hold()
    await counter.die(date(2016, 9, 1))
    cases = [
        ({"institution_code": FAR_HOSPITAL}, 403, "not_yours"),
        ({"county": "999999"}, 409, "county_unknown"),
        ({"on": "2001-01-01"}, 409, "policy_not_in_force"),
        ({"county": "522632"}, 409, "institution_not_listed"),
        ({"citizen_id": "1"}, 422, "citizen_id_invalid"),
        ({}, 409, "person_deceased"),
    ]

    for fields, status, code in cases:
        answer = await counter.post(PATH, **asked(**fields))
        assert (answer.status_code, answer.json()["code"]) == (status, code), fields


async def test_a_category_without_a_class_in_the_county_is_shown_and_paid_as_ordinary(counter: Counter) -> None:
    await counter.hold("special_care")

    held = (await counter.post(PATH, **asked())).json()

    assert (held["benefit_class"], held["categories"]) == ("ordinary", ["special_care"])


async def test_a_person_without_a_name_check_is_taken_by_number(counter: Counter) -> None:
    person_id = person_id_of(CitizenNumber(a_number(8)), person_key=PERSON_KEY)
    async with counter.database.unit_of_work(Cause("test")) as uow:
        await persons.register(uow.connection, PersonRegistered(county=COUNTY, person_id=person_id, township=None))

    held = (await counter.post(PATH, **asked(citizen_id=a_number(8)))).json()

    assert held["identity_open"] is True
