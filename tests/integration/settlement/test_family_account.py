"""The household's account: credited each year, shared by the members, never below zero, undone with a reversal."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from common.core.money import Money
from common.kit.cause import Cause
from common.kit.testing import bearer
from common.published.identity import HouseholdChanged, PersonRegistered
from services.settlement.domain.condition import Condition, Origin
from services.settlement.domain.policy import FamilyAccount
from services.settlement.domain.vocabulary import Fact, VisitType
from services.settlement.usecases.learn_person import learn_household, learn_person
from services.settlement.usecases.verify_books import verify_books
from tests.integration.settlement.clearing_desk import opened as opened_clearing
from tests.integration.settlement.conftest import (
    BILL,
    COUNTY,
    ELSEWHERE,
    NAME,
    NUMBER,
    a_discharge,
    a_number,
    person_of,
)
from tests.integration.settlement.relief_desk import CHARTS, named
from tests.integration.settlement.rerating_desk import POLICIES, booked, categorise, opened, rating, withdraw_all

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


@pytest.fixture
def policies():
    return with_account(POLICIES)


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


class TestDraws:
    async def test_pay_of_the_patient_s_share_until_the_account_is_empty(self, counter):
        await housed(counter, NUMBER)

        previewed = await counter.post("/v1/discharges/preview", **a_discharge("R1", **VISIT))
        first, second = await visit(counter, "R1"), await visit(counter, "R2")
        third = await visit(counter, "R3")

        assert [split(each) for each in (first, second, third)] == [
            (8_000, 8_000, 0),
            (8_000, 4_000, 4_000),
            (8_000, 0, 8_000),
        ]
        assert split(previewed.json()) == split(first)
        assert first["fund_paid_fen"] == 0
        assert first["hospital_advances_fen"] == 8_000
        assert "门诊家庭账户支付 80.00 元，账户余额 40.00 元" in first["explanation"][-1]["zh"]
        assert await findings(counter) == []

    async def test_are_for_the_care_that_the_county_names(self, counter):
        await housed(counter, NUMBER)

        stay = await counter.settle("R1")

        assert stay["family_account_fen"] == 0
        assert stay["cash_fen"] == stay["patient_pays_fen"]
        assert await left(counter) == YEARLY

    async def test_are_shared_by_the_members(self, counter):
        await housed(counter, NUMBER, CHILD)

        of_one, of_other = await visit(counter, "R1"), await visit(counter, "R2", CHILD)

        assert (of_one["family_account_fen"], of_other["family_account_fen"]) == (8_000, 4_000)

    async def test_of_many_members_at_once_never_pass_what_is_there(self, counter):
        members = [a_number(order) for order in range(20, 32)]
        await housed(counter, *members)

        told = await asyncio.gather(*(visit(counter, f"R{at}", each, 1_700) for at, each in enumerate(members)))

        assert sum(each["family_account_fen"] for each in told) == YEARLY
        assert sorted(each["family_account_fen"] for each in told)[:4] == [0, 0, 0, 0]
        assert await left(counter) == 0
        assert await findings(counter) == []

    async def test_need_a_household_and_insurance(self, counter):
        await counter.hold()
        alone = await visit(counter, "R1")
        await housed(counter, CHILD)
        await counter.insure("not_insured", CHILD)
        uninsured = await visit(counter, "R2", CHILD)

        assert (alone["family_account_fen"], uninsured["family_account_fen"]) == (0, 0)

    async def test_leave_what_other_relief_has_paid(self, counter):
        await housed(counter, NUMBER)

        relieved = await counter.settle("R1", **(VISIT | {"bill": VISIT["bill"] | {"prior_relief_fen": 5_000}}))

        assert split(relieved) == (8_000, 3_000, 5_000)

    async def test_of_a_household_of_another_county_are_not_made(self, counter):
        async with counter.database.unit_of_work(Cause("test")) as uow:
            known = PersonRegistered(county=ELSEWHERE, person_id=person_of(), household_id=HOME)
            await learn_person(uow, event=known, told_on=date(2016, 3, 1))
        await counter.hold()

        assert (await visit(counter, "R1"))["family_account_fen"] == 0


class TestYears:
    async def test_what_is_left_is_carried_over_and_each_year_is_credited_once(self, counter):
        await housed(counter, NUMBER)
        await visit(counter, "R1")
        counter.now = datetime(2018, 1, 5, 2, 0, tzinfo=UTC)

        shown = await account(counter)
        day = {"admitted_on": "2018-01-05", "discharged_on": "2018-01-05"}
        drawn = await visit(counter, "R2", fen=20_000, **day)

        assert (shown["balance_fen"], shown["due_fen"]) == (4_000, 2 * YEARLY)
        assert split(drawn) == (20_000, 20_000, 0)
        moves = (await account(counter))["moves"]
        assert sorted((each["kind"], each["year"], each["amount_fen"]) for each in moves) == [
            ("credit", 2016, YEARLY),
            ("credit", 2017, YEARLY),
            ("credit", 2018, YEARLY),
            ("draw", 2016, -8_000),
            ("draw", 2018, -20_000),
        ]
        assert await findings(counter) == []

    async def test_a_household_known_from_an_earlier_day_has_that_year_too(self, counter):
        await housed(counter, NUMBER)
        await rehoused(counter, CHILD, joins=HOME, as_of=date(2015, 12, 1))

        # The county's first version with an account begins in 2016.
        assert (await account(counter))["since_year"] == 2015
        assert await left(counter) == YEARLY


class TestMembersWhoMove:
    async def test_draw_from_the_new_household_and_leave_the_past_draws(self, counter):
        await housed(counter, NUMBER, CHILD)
        before = await visit(counter, "R1", CHILD)
        await rehoused(counter, CHILD, leaves=HOME, joins=NEW_HOME)

        after = await visit(counter, "R2", CHILD)

        assert (before["family_account_fen"], after["family_account_fen"]) == (8_000, 8_000)
        assert (await left(counter), await left(counter, NEW_HOME)) == (4_000, 4_000)
        await counter.reverse(before)
        assert (await left(counter), await left(counter, NEW_HOME)) == (YEARLY, 4_000)

    async def test_an_older_word_about_a_member_changes_nothing(self, counter):
        await housed(counter, NUMBER)
        await rehoused(counter, NUMBER, joins=NEW_HOME, as_of=date(2016, 9, 1))
        await rehoused(counter, NUMBER, joins=HOME, as_of=date(2016, 5, 1))
        await rehoused(counter, NUMBER, leaves=NEW_HOME, as_of=date(2016, 5, 1))
        await housed(counter, NUMBER)

        await visit(counter, "R1")

        assert (await left(counter), await left(counter, NEW_HOME)) == (YEARLY, 4_000)

    async def test_who_left_and_joined_nobody_has_no_account(self, counter):
        await housed(counter, NUMBER)
        await rehoused(counter, NUMBER, leaves=HOME)

        assert (await visit(counter, "R1"))["family_account_fen"] == 0


class TestUndoing:
    async def test_a_reversal_puts_the_draw_back_once(self, counter):
        await housed(counter, NUMBER)
        settled = await visit(counter, "R1")

        path = f"/v1/settlements/{settled['settlement_id']}/reversal"
        told = await asyncio.gather(*(counter.post(path, reason="录错") for _ in range(3)))

        assert sorted(each.status_code for each in told) == [200, 200, 201]

        assert await left(counter) == YEARLY
        assert await findings(counter) == []
        assert split(await visit(counter, "R1")) == (8_000, 8_000, 0)
        assert await left(counter) == 4_000

    async def test_a_draw_is_cleared_with_its_hospital_as_a_fund_of_its_own(self, counter):
        await housed(counter, NUMBER)
        await visit(counter, "R1")
        counter.now = datetime(2016, 10, 2, 2, 0, tzinfo=UTC)

        batch = await opened_clearing(counter, fund="family_account")

        assert batch.status_code == 201, batch.text
        assert (batch.json()["line_count"], batch.json()["sum_fen"]) == (1, 8_000)

    async def test_the_slip_shows_what_the_account_paid(self, counter):
        await housed(counter, NUMBER)
        await visit(counter, "R1")
        settled = await visit(counter, "R2")

        slip = (await counter.get(f"/v1/settlements/{settled['settlement_id']}/slip")).text

        assert "其中：门诊家庭账户支付" in slip
        assert slip.count("40.00 元") >= 2


class TestCorrections:
    @pytest.fixture
    def policies(self):
        return with_account(POLICIES, EVERY, yearly=3_000_000)

    async def test_give_back_what_a_layer_pays_after_all(self, counter, policies):
        await housed(counter, NUMBER)
        await withdraw_all(counter)
        settled = await counter.settle("R1")
        assert settled["cash_fen"] == 0
        await categorise(counter, withdrawn=False)

        case = await booked(counter, await opened(counter, rating(policies)), rating(policies))

        assert case["state"] == "booked"
        answer = await counter.get(f"/v1/settlements/{settled['settlement_id']}/corrections")
        [corrected] = [each["result"] for each in answer.json()["items"]]
        assert corrected["patient_pays_fen"] < settled["patient_pays_fen"]
        assert split(corrected) == (corrected["patient_pays_fen"], corrected["patient_pays_fen"], 0)
        assert corrected["hospital_advances_fen"] == corrected["total_fen"]
        assert await left(counter) == 3_000_000 - corrected["patient_pays_fen"]
        assert await findings(counter) == []
        await counter.reverse(settled)
        assert await left(counter) == 3_000_000
        assert await findings(counter) == []

    async def test_leave_a_draw_that_is_below_the_new_share(self, counter, policies):
        await housed(counter, NUMBER)
        answer = await counter.settle("R1", bill=BILL | {"total_fen": 5_200_000})
        await withdraw_all(counter)

        await booked(counter, await opened(counter, rating(policies), cause="backdated_category"), rating(policies))

        drawn = (await account(counter))["moves"]
        assert [each["kind"] for each in drawn if each["settlement_id"] == answer["settlement_id"]] == ["draw"]
        assert await findings(counter) == []

    async def test_relief_gives_no_more_than_the_cash(self, counter):
        await housed(counter, NUMBER)
        settled = await counter.settle("R1")
        await named(counter, settled)
        body = {"county": COUNTY, "fund": "medical_assistance", "ledger": "precise_relief", "document": "方案"}
        body |= {"proposed_by": "甲"}
        grant = {"settlement_id": settled["settlement_id"], "relief_class": "still_heavy"}
        grant |= {"weighed": ["burden"], "amount_fen": 1, "note": "负担"}

        refused = await counter.post("/v1/relief-plans", counter.bureau, **body, grants=[grant])

        assert settled["cash_fen"] == 0
        assert refused.status_code == 409, refused.text


class TestBureau:
    async def test_books_what_a_household_brings_along_and_corrects_it(self, counter):
        await housed(counter, NUMBER)

        first = await brought(counter, 5_000)
        again = await brought(counter, 5_000)
        lower = await brought(counter, 1_000)

        assert [each.json()["available_fen"] for each in (first, again, lower)] == [17_000, 17_000, 13_000]
        assert first.status_code == 201
        assert split(await visit(counter, "R1", fen=20_000)) == (20_000, 13_000, 7_000)
        refused = await brought(counter, 0)
        assert (refused.status_code, refused.json()["code"]) == (409, "already_drawn")
        assert await left(counter) == 0
        assert await findings(counter) == []

    async def test_of_another_county_and_a_household_of_nobody_are_refused(self, counter):
        await housed(counter, NUMBER)
        foreign = await counter.get(f"/v1/family-accounts/{HOME}", counter.other_bureau, county=COUNTY)
        nobody = await counter.get(f"/v1/family-accounts/{uuid4()}", counter.bureau, county=COUNTY)
        elsewhere = await counter.get(f"/v1/family-accounts/{HOME}", counter.other_bureau, county=ELSEWHERE)
        unlisted = bearer("funds", client_id="b9", county="999999")
        unknown = await counter.get(f"/v1/family-accounts/{HOME}", unlisted, county="999999")

        told = [(each.status_code, each.json()["code"]) for each in (foreign, nobody, elsewhere, unknown)]
        assert told == [(403, "not_yours"), (404, "not_found"), (404, "not_found"), (409, "county_unknown")]

    async def test_the_books_find_a_move_that_nobody_booked(self, counter):
        await housed(counter, NUMBER)
        settled = await visit(counter, "R1")
        async with counter.database.engine.begin() as connection:
            await connection.execute(text("UPDATE family_account SET balance_fen = balance_fen + 1"))
            await connection.execute(
                text(
                    "INSERT INTO family_account_move (move_id, household_id, kind, year, settlement_id, amount_fen, "
                    "booked_at) VALUES (gen_random_uuid(), :home, 'return', 2016, :settlement, 1, now())"
                ),
                {"home": HOME, "settlement": settled["settlement_id"]},
            )

        assert {each.check for each in await findings(counter)} == {"family_accounts"}
