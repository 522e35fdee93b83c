"""Settled stays are computed again when a list or a policy comes late: the differences listed, decided, booked once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from common.core.money import Money
from services.settlement import books
from tests.integration.settlement.conftest import BILL, NUMBER, OTHER_HOSPITAL, a_number, person_of
from tests.integration.settlement.rerating_desk import (
    OPENED,
    POLICIES,
    booked,
    case,
    corrections,
    decided,
    lines,
    opened,
    rating,
    stands,
    with_ratio_of,
    withdraw_all,
    work,
)

TWIN = {"citizen_id": a_number(1), "name": "李某某"}
BILLS = [
    BILL,
    BILL | {"total_fen": 300_000, "own_expense_fen": 0, "first_self_pay_fen": 0, "in_scope_fen": 300_000},
    BILL | {"total_fen": 9_050_003, "own_expense_fen": 50_003, "first_self_pay_fen": 0, "in_scope_fen": 9_000_000},
    BILL | {"total_fen": 700_001, "own_expense_fen": 1, "first_self_pay_fen": 0, "in_scope_fen": 700_000},
]


async def events(counter, kind):
    rows = await counter.rows(
        f"SELECT convert_from(data, 'UTF8')::json FROM outbox_event WHERE type = '{kind}' ORDER BY log_id"  # noqa: S608
    )
    return [row[0] for row in rows]


async def accounts(counter, number):
    return await counter.rows(
        "SELECT account, base_fen, deductible_fen, paid_fen, stay_count FROM accumulator "  # noqa: S608 - ours
        f"WHERE person_id = '{person_of(number)}' AND (base_fen, paid_fen, stay_count) <> (0, 0, 0) ORDER BY account"
    )


class TestALateList:
    async def test_gives_back_what_the_patient_paid_too_much_beside_the_first_result(self, counter):
        settled = await counter.settle("R1")
        first_slip = (await counter.get(f"/v1/settlements/{settled['settlement_id']}/slip")).text
        await counter.hold()

        told = await opened(counter)
        [line] = await lines(counter, told)
        done = await booked(counter, told)

        assert (told["state"], told["stay_count"], done["state"]) == ("proposed", 1, "booked")
        assert (line["outcome"], line["class_before"], line["class_after"]) == (
            "supplement",
            "ordinary",
            "registered_poor",
        )
        assert line["patient_fen"] < 0
        assert sum(each["fen"] for each in line["layers"]) + line["hospital_borne_fen"] == -line["patient_fen"]
        [correction] = await corrections(counter, settled)
        assert correction["patient_fen"] == line["patient_fen"]
        assert correction["result"]["patient_pays_fen"] == settled["patient_pays_fen"] + line["patient_fen"]
        assert (await counter.get(f"/v1/settlements/{settled['settlement_id']}")).json() == settled
        assert (await counter.get(f"/v1/settlements/{settled['settlement_id']}/slip")).text == first_slip
        slip = await counter.get(f"/v1/settlements/{settled['settlement_id']}/slip", correction=1)
        assert "第 1 次更正（2016-09-12），较前次结果：退还个人" in slip.text
        assert await books.verify(counter.database) == []

    async def test_leaves_what_would_stand_had_it_come_in_time(self, counter):
        await counter.hold(number=TWIN["citizen_id"], name=TWIN["name"])
        late, twin = [], []
        for place, bill in enumerate(BILLS[:3]):
            late.append(await counter.settle(f"L{place}", bill=bill))
            twin.append(await counter.settle(f"T{place}", bill=bill, patient=TWIN))
            counter.now += timedelta(hours=1)
        await counter.hold()
        await booked(counter, await opened(counter))
        late.append(await counter.settle("L9", bill=BILLS[3]))
        twin.append(await counter.settle("T9", bill=BILLS[3], patient=TWIN))

        for ours, theirs in zip(late, twin, strict=True):
            assert await stands(counter, ours) == await stands(counter, theirs)
        assert await accounts(counter, NUMBER) == await accounts(counter, TWIN["citizen_id"])
        assert await books.verify(counter.database) == []

    async def test_is_told_to_others_once(self, counter):
        settled = await counter.settle("R1")
        await counter.hold()
        await booked(counter, await opened(counter))
        [line] = await lines(counter, (await counter.get("/v1/reratings", counter.bureau)).json()["items"][0])

        [told] = await events(counter, "settlement.supplement_booked.v1")

        assert (told["settlement_id"], told["patient_pays_fen"]) == (settled["settlement_id"], line["patient_fen"])
        assert sum(each["paid_fen"] for each in told["layers"]) == -line["patient_fen"] - line["hospital_borne_fen"]
        assert told["reason_code"] == "late_list"

    async def test_proposes_nothing_the_second_time_even_after_another_stay(self, counter):
        await counter.settle("R1")
        await counter.settle("R2", bill=BILLS[1])
        await counter.hold()
        await booked(counter, await opened(counter))
        await counter.settle("R3", bill=BILLS[2])

        again = await opened(counter)

        assert (again["stay_count"], again["outcomes"], again["funds"]) == (3, [], [])

    async def test_of_one_person_leaves_the_others_alone(self, counter):
        settled = await counter.settle("R1")
        await counter.settle("T1", patient=TWIN)
        await counter.hold()
        await counter.hold(number=TWIN["citizen_id"], name=TWIN["name"])

        told = await opened(counter, person_id=settled["person_id"])

        assert [line["settlement_id"] for line in await lines(counter, told)] == [settled["settlement_id"]]

    async def test_changes_nothing_where_nothing_differs(self, counter):
        await counter.hold()
        await counter.settle("R1")

        told = await opened(counter)

        assert (told["stay_count"], told["outcomes"]) == (1, [])

    async def test_does_not_guess_whose_stay_it_was_when_the_names_differ(self, counter):
        await counter.settle("R1", patient={"citizen_id": NUMBER, "name": "赵某"})
        await counter.hold()

        told = await opened(counter)
        done = await booked(counter, told)
        again = await opened(counter)

        assert [line["outcome"] for line in await lines(counter, told)] == ["name_differs"]
        assert [(each["outcome"], each["result"]) for each in done["outcomes"]] == [("name_differs", "let_go")]
        assert again["outcomes"] == []
        assert await events(counter, "settlement.supplement_booked.v1") == []

    async def test_takes_later_stays_of_the_year_along_but_not_their_own_facts(self, counter):
        """Only September is asked about; October differs by the accounts alone."""
        await counter.settle("R1", bill=BILLS[2])
        counter.now = datetime(2016, 10, 20, 2, 0, tzinfo=UTC)
        await counter.settle("R2", bill=BILLS[2], admitted_on="2016-10-01", discharged_on="2016-10-12")
        await counter.hold()

        told = await opened(counter, discharged_to="2016-09-30")

        found = {line["record_no"]: (line["class_before"], line["class_after"]) for line in await lines(counter, told)}
        assert told["stay_count"] == 1
        assert found["R1"] == ("ordinary", "registered_poor")
        assert found.get("R2", ("ordinary", "ordinary")) == ("ordinary", "ordinary")


class TestABackdatedEnd:
    async def test_is_asked_back_from_the_patient_above_the_limit(self, counter):
        await counter.hold()
        settled = await counter.settle("R1")
        await withdraw_all(counter)

        told = await opened(counter, cause="backdated_category")
        await booked(counter, told)

        [line] = await lines(counter, told)
        assert line["outcome"] == "recovery"
        [correction] = await corrections(counter, settled)
        assert correction["patient_fen"] == line["patient_fen"] > 0
        assert await books.verify(counter.database) == []

    async def test_is_let_go_up_to_the_limit_for_good(self, counter):
        await counter.hold()
        settled = await counter.settle("R1")
        await withdraw_all(counter)
        generous = rating(waive_up_to=Money(BILL["total_fen"]))

        done = await booked(counter, await opened(counter, generous), generous)
        again = await opened(counter, generous)
        strict = await opened(counter)

        assert [(each["outcome"], each["result"]) for each in done["outcomes"]] == [("waived", "let_go")]
        assert done["funds"] == []
        assert await corrections(counter, settled) == []
        assert again["outcomes"] == []
        assert [each["outcome"] for each in strict["outcomes"]] == ["recovery"]


class TestAPolicyWithAPastStart:
    async def test_is_shown_by_fund_before_anything_is_booked(self, counter):
        await counter.hold()
        settled = await counter.settle("R1")
        new = rating(with_ratio_of(POLICIES, "basic", Decimal("0.05")))

        told = await opened(counter, new, cause="policy_version")

        assert {each["fund"]: each["fen"] for each in told["funds"]}["rural_cooperative"] > 0
        assert await corrections(counter, settled) == []
        assert (await counter.rows("SELECT count(*) FROM journal_entry")) == [(1,)]


class TestDecision:
    async def test_needs_a_second_person(self, counter):
        await counter.settle("R1")
        await counter.hold()
        told = await opened(counter)

        own = await decided(counter, told, by=" 甲 ")
        other = await decided(counter, told)
        again = await decided(counter, told)
        otherwise = await decided(counter, told, decision="declined")

        assert (own.status_code, own.json()["code"]) == (409, "second_person_needed")
        assert (other.status_code, other.json()["state"], other.json()["decided_by"]) == (200, "approved", "乙")
        assert (again.status_code, again.json()["state"]) == (200, "approved")
        assert (otherwise.status_code, otherwise.json()["code"]) == (409, "rerating_not_proposed")

    async def test_waits_until_everything_is_listed(self, counter):
        answer = await counter.post("/v1/reratings", counter.bureau, **OPENED)

        early = await decided(counter, answer.json())

        assert (early.status_code, early.json()["code"]) == (409, "rerating_not_proposed")

    async def test_to_decline_books_nothing(self, counter):
        settled = await counter.settle("R1")
        await counter.hold()
        told = await opened(counter)

        await decided(counter, told, decision="declined")
        steps = await work(counter)

        assert (steps, (await case(counter, told))["state"]) == (0, "declined")
        assert await corrections(counter, settled) == []

    @pytest.mark.parametrize("change", ["another stay is corrected meanwhile", "the stay is reversed meanwhile"])
    async def test_does_not_cover_what_was_not_shown(self, counter, change):
        settled = await counter.settle("R1")
        await counter.hold()
        told = await opened(counter)
        if change.startswith("the stay"):
            await counter.reverse(settled)
        else:
            await booked(counter, await opened(counter))

        done = await booked(counter, told)

        assert [each["result"] for each in done["outcomes"]] == ["outdated"]
        assert await books.verify(counter.database) == []


async def test_a_stay_in_another_hospital_meets_the_corrected_accounts(counter):
    await counter.settle("R1", bill=BILLS[2])
    await counter.hold()
    await booked(counter, await opened(counter))

    settled = await counter.settle("R2", counter.other_hospital, institution_code=OTHER_HOSPITAL, bill=BILLS[2])

    [(seen,)] = await counter.rows(
        "SELECT inputs->>'corrected_by' FROM settlement_record "  # noqa: S608 - ours
        f"WHERE settlement_id = '{settled['settlement_id']}'"
    )
    assert int(seen) > 0
