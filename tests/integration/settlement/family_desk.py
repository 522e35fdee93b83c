"""A county whose households have accounts, its households, and what their members draw."""

from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

from common.core.money import Money
from common.kit.cause import Cause
from common.published.identity import HouseholdChanged, PersonRegistered
from services.settlement.domain.condition import Condition, Origin
from services.settlement.domain.policy import FamilyAccount
from services.settlement.domain.vocabulary import Fact, VisitType
from services.settlement.usecases.learn_person import learn_household, learn_person
from services.settlement.usecases.verify_books import verify_books
from tests.integration.settlement.conftest import (
    BILL,
    COUNTY,
    NAME,
    NUMBER,
    a_number,
    person_of,
)
from tests.integration.settlement.relief_desk import CHARTS

HOME, NEW_HOME = UUID(int=1), UUID(int=2)
CHILD = a_number(7)
YEARLY = 12_000
VISIT = {"visit_type": "outpatient", "admitted_on": "2016-09-12", "bill": {**BILL, "total_fen": 8_000}}
VISIT["bill"] |= {"own_expense_fen": 0, "first_self_pay_fen": 0, "in_scope_fen": 8_000}
EVERY = Condition({}, {})
OUTPATIENT = Condition({Fact.VISIT_TYPE: frozenset({VisitType.OUTPATIENT.value})}, {})


def with_account(policies, when=OUTPATIENT, yearly=YEARLY):
    """Return policies whose county credits every household so much a year."""
    account = FamilyAccount(Money(yearly), when, Origin("文件", date(2016, 1, 1), is_assumed=False))
    policy = policies[COUNTY]
    versions = tuple(replace(each, family_account=account) for each in policy.versions)
    return {**policies, COUNTY: replace(policy, versions=versions)}


async def housed(counter, *numbers, home=HOME, told_on=date(2016, 3, 1)):
    """Let the registry know the people of a household since a day."""
    for number in numbers:
        await counter.hold(number=number)
        async with counter.database.unit_of_work(Cause("test")) as uow:
            known = PersonRegistered(county=COUNTY, person_id=person_of(number), household_id=home)
            await learn_person(uow, event=known, told_on=told_on)


async def rehoused(counter, number, *, joins=None, leaves=None, as_of=date(2016, 9, 1)):
    for home, field in ((leaves, "left"), (joins, "joined")):
        if home is not None:
            change = HouseholdChanged(
                county=COUNTY, household_id=home, change_id=uuid4(), as_of=as_of, **{field: [person_of(number)]}
            )
            async with counter.database.unit_of_work(Cause("test")) as uow:
                await learn_household(uow, event=change, told_on=as_of)


async def visit(counter, record_no, number=NUMBER, fen=8_000, **fields):
    bill = VISIT["bill"] | {"total_fen": fen, "in_scope_fen": fen}
    return await counter.settle(
        record_no, patient={"citizen_id": number, "name": NAME}, **(VISIT | {"bill": bill} | fields)
    )


async def account(counter, home=HOME, headers=None):
    answer = await counter.get(f"/v1/family-accounts/{home}", headers or counter.bureau, county=COUNTY)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def left(counter, home=HOME):
    return (await account(counter, home))["available_fen"]


async def brought(counter, fen, home=HOME, headers=None, **fields):
    """Tell what a household had in its account before the start."""
    body = {"county": COUNTY, "amount_fen": fen, "source": "原系统家庭账户结余表"} | fields
    return await counter.post(f"/v1/family-accounts/{home}/openings", headers or counter.bureau, **body)


async def findings(counter):
    async with counter.database.unit_of_work(Cause("test")) as uow:
        return await verify_books(uow, charts=CHARTS)


def split(answer):
    return answer["patient_pays_fen"], answer["family_account_fen"], answer["cash_fen"]
