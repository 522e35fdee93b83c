"""The household's account: credited each year, shared by the members, never below zero, undone with a reversal."""

import asyncio
from datetime import UTC, date, datetime

import pytest

from common.kit.cause import Cause
from common.published.identity import PersonRegistered
from services.settlement.usecases.learn_person import learn_person
from tests.integration.settlement.conftest import (
    ELSEWHERE,
    NUMBER,
    a_discharge,
    a_number,
    person_of,
)
from tests.integration.settlement.family_desk import (
    CHILD,
    HOME,
    NEW_HOME,
    VISIT,
    YEARLY,
    account,
    findings,
    housed,
    left,
    rehoused,
    split,
    visit,
    with_account,
)
from tests.integration.settlement.rerating_desk import POLICIES


@pytest.fixture
def policies():
    return with_account(POLICIES)


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
