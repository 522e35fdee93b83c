"""The home office settles what a patient paid elsewhere: same rules, the funds owe the patient, once."""

import asyncio
from datetime import UTC, datetime

import pytest

from common.kit.cause import Cause
from services.settlement.usecases.verify_books import verify_books
from tests.integration.settlement.clearing_desk import FUND, balances, closed, judged, of_fund
from tests.integration.settlement.clearing_desk import opened as opened_clearing
from tests.integration.settlement.conftest import BILL, COUNTY, ELSEWHERE, HOSPITAL, NAME, NUMBER, a_discharge, a_number
from tests.integration.settlement.relief_desk import CHARTS
from tests.integration.settlement.rerating_desk import booked, categorise, corrections, opened, withdraw_all

FAR = "HLJ0001"
STATED = {"name": "外省某医院", "level": "county", "region": "inside", "designated": True}
TODAY = "2016-09-12"


def a_claim(record_no="发票1", **fields):
    """Return a stay at a hospital of the county's table, paid by the patient."""
    return a_discharge(record_no, document="合医报销〔2016〕12号", **fields)


async def claimed(counter, record_no="发票1", **fields):
    answer = await counter.post("/v1/claims", counter.bureau, **a_claim(record_no, **fields))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def reverse(counter, claim, headers=None):
    path = f"/v1/claims/{claim['settlement_id']}/reversal"
    return await counter.post(path, headers or counter.bureau, reason="票据有误")


async def findings(counter):
    async with counter.database.unit_of_work(Cause("test")) as uow:
        return await verify_books(uow, charts=CHARTS)


class TestClaims:
    async def test_are_paid_by_the_rules_of_a_discharge(self, counter):
        await counter.hold()
        previewed = await counter.post("/v1/claims/preview", counter.bureau, **a_claim())
        window = await counter.post("/v1/discharges/preview", **a_discharge())

        claim = await claimed(counter)

        for name in ("layers", "fund_paid_fen", "patient_pays_fen", "entitlement"):
            assert claim[name] == previewed.json()[name] == window.json()[name]
        assert (claim["hospital_advances_fen"], claim["patient_receives_fen"]) == (0, claim["fund_paid_fen"])
        assert "patient_receives_fen" not in window.json()
        assert await findings(counter) == []

    async def test_count_in_the_year_s_accounts(self, counter):
        await counter.hold()
        await claimed(counter)

        after = await counter.settle("R2", admitted_on="2016-08-01", discharged_on="2016-08-09")

        assert [each["deductible_fen"] for each in after["layers"]][1] == 0

    async def test_of_a_hospital_that_nobody_lists_take_what_the_office_says(self, counter):
        await counter.hold()
        unlisted = await counter.post("/v1/claims", counter.bureau, **a_claim(institution_code=FAR))
        wrong = STATED | {"level": "galaxy"}
        no_level = await counter.post("/v1/claims", counter.bureau, **a_claim(institution_code=FAR, institution=wrong))

        near = await claimed(counter, institution_code=FAR, institution=STATED)
        far = STATED | {"level": "province", "region": "outside"}
        away = await claimed(counter, "发票2", institution_code=FAR, institution=far, admitted_on="2016-08-02")

        told = [(each.status_code, each.json()["code"]) for each in (unlisted, no_level)]
        assert told == [(409, "institution_not_listed"), (409, "level_unknown")]
        assert of_fund(near) == 3_976_000
        assert of_fund(away) < of_fund(near)
        assert await findings(counter) == []

    async def test_a_listed_hospital_counts_as_listed_whatever_is_stated(self, counter):
        await counter.hold()

        claim = await claimed(counter, institution=STATED | {"level": "province", "region": "outside"})

        assert of_fund(claim) == 3_976_000

    async def test_need_papers_and_a_bureau_of_the_county(self, counter):
        bare = {name: value for name, value in a_claim().items() if name != "document"}
        refusals = [
            await counter.post("/v1/claims", counter.bureau, **bare),
            await counter.post("/v1/claims", counter.other_bureau, **a_claim()),
            await counter.post("/v1/claims", counter.hospital, **a_claim()),
            await counter.post("/v1/claims", counter.bureau, **a_claim(county=ELSEWHERE)),
        ]

        told = [(each.status_code, each.json()["code"]) for each in refusals]
        assert told == [(422, "malformed_body"), (403, "not_yours"), (403, "scope_missing"), (403, "not_yours")]


class TestOnce:
    async def test_an_equal_claim_is_answered_again(self, counter):
        first = await claimed(counter)

        again = await counter.post("/v1/claims", counter.bureau, **a_claim())

        assert (again.status_code, again.json()["settlement_id"]) == (200, first["settlement_id"])

    async def test_a_stay_that_the_window_settled_is_refused_under_any_number(self, counter):
        await counter.hold()
        settled = await counter.settle("R1")

        same = await counter.post("/v1/claims", counter.bureau, **a_claim("R1"))
        other = await counter.post("/v1/claims", counter.bureau, **a_claim("发票1"))

        told = [(each.status_code, each.json()["code"]) for each in (same, other)]
        assert told == [(409, "discharge_already_settled"), (409, "stay_settled_otherwise")]
        assert {each.json()["settlement_id"] for each in (same, other)} == {settled["settlement_id"]}

    async def test_the_window_refuses_a_stay_that_was_claimed(self, counter):
        await counter.hold()
        claim = await claimed(counter)

        late = await counter.post("/v1/discharges", **a_discharge("R1"))

        assert (late.status_code, late.json()["code"]) == (409, "stay_settled_otherwise")
        assert late.json()["settlement_id"] == claim["settlement_id"]

    async def test_window_and_office_at_the_same_moment_settle_it_once(self, counter):
        await counter.hold()

        answers = await asyncio.gather(
            counter.post("/v1/discharges", **a_discharge("R1")),
            counter.post("/v1/claims", counter.bureau, **a_claim()),
        )

        assert sorted(each.status_code for each in answers) == [201, 409]
        assert await findings(counter) == []

    async def test_another_stay_and_another_patient_are_others(self, counter):
        await counter.hold()
        await counter.settle("R1")

        earlier = {"admitted_on": "2016-08-01", "discharged_on": "2016-08-09"}
        await claimed(counter, "发票1", **earlier)
        await claimed(counter, "发票2", patient={"citizen_id": a_number(5), "name": "李某"})


class TestPayment:
    async def test_is_a_batch_of_patients_that_waits_for_no_month(self, counter):
        await counter.hold()
        claim = await claimed(counter)
        window = await counter.settle("R2", admitted_on="2016-08-01", discharged_on="2016-08-09")

        batch = (await opened_clearing(counter, until=TODAY, institution_code="patient")).json()
        paid = await closed(counter, batch)

        assert (batch["line_count"], batch["sum_fen"]) == (1, of_fund(claim))
        assert paid["accepted_fen"] == of_fund(claim)
        assert await balances(counter, "patient_bank") == [of_fund(claim)]
        again = await opened_clearing(counter, until=TODAY, institution_code="patient")
        assert (again.status_code, again.json()["code"]) == (409, "clearing_empty")
        counter.now = datetime(2016, 10, 2, 2, 0, tzinfo=UTC)
        of_hospital = (await opened_clearing(counter)).json()
        assert (of_hospital["line_count"], of_hospital["sum_fen"]) == (1, of_fund(window))
        assert await findings(counter) == []

    async def test_is_never_refused_by_an_auditor(self, counter):
        await counter.hold()
        await claimed(counter)
        batch = (await opened_clearing(counter, until=TODAY, institution_code="patient")).json()

        refused = await judged(counter, batch, (1, "refused"))
        postponed = await judged(counter, batch, (1, "postponed"))

        assert (refused.status_code, refused.json()["code"]) == (409, "claim_not_refusable")
        assert postponed.status_code == 200

    async def test_boards_statements_and_sheets_show_patients_apart(self, counter):
        await counter.hold()
        claim = await claimed(counter)
        board = (await counter.get("/v1/exposures", counter.bureau)).json()["items"]
        period = {"county": COUNTY, "from": "2016-09-01", "to": "2016-09-30"}
        statement = (await counter.get(f"/v1/funds/{FUND}/statement", counter.bureau, **period)).json()
        of_hospital = (await counter.get("/v1/settlements")).json()
        of_office = (await counter.get("/v1/settlements", counter.bureau, institution_code="patient")).json()
        foreign = await counter.get(f"/v1/settlements/{claim['settlement_id']}")

        assert {each["institution_code"] for each in board} == {"patient"}
        assert [each["institution_code"] for each in statement["hospitals"]] == ["patient"]
        assert (of_hospital["count"], of_office["count"]) == (0, 1)
        assert foreign.status_code == 404


class TestUndoing:
    async def test_a_reversal_restores_everything_once_and_the_stay_may_be_settled_again(self, counter):
        await counter.hold()
        claim = await claimed(counter)

        told = await asyncio.gather(*(reverse(counter, claim) for _ in range(3)))

        assert sorted(each.status_code for each in told) == [200, 200, 201]
        assert await findings(counter) == []
        again = await counter.settle("R1")
        assert of_fund(again) == of_fund(claim)

    async def test_is_the_office_s_alone(self, counter):
        await counter.hold()
        claim, settled = (
            await claimed(counter),
            await counter.settle("R9", patient={"citizen_id": a_number(5), "name": "李"}),
        )
        by_hospital = await counter.post(f"/v1/settlements/{claim['settlement_id']}/reversal", reason="录错")
        by_record = await counter.post("/v1/reversals", record_no="发票1", reason="录错")
        elsewhere = await reverse(counter, claim, counter.other_bureau)
        no_claim = await reverse(counter, settled)

        assert {each.status_code for each in (by_hospital, by_record, elsewhere, no_claim)} == {404}

    async def test_what_was_paid_is_taken_off_the_next_batch(self, counter):
        await counter.hold()
        claim = await claimed(counter)
        await closed(counter, (await opened_clearing(counter, until=TODAY, institution_code="patient")).json())
        await reverse(counter, claim)

        batch = (await opened_clearing(counter, until=TODAY, institution_code="patient")).json()

        assert batch["sum_fen"] == -of_fund(claim)


async def test_a_correction_pays_the_patient_the_difference(counter):
    await counter.hold()
    await withdraw_all(counter)
    claim = await claimed(counter)
    await categorise(counter, withdrawn=False)

    await booked(counter, await opened(counter))

    [corrected] = [each["result"] for each in await corrections(counter, claim, counter.bureau)]
    assert corrected["patient_receives_fen"] == corrected["fund_paid_fen"] > claim["fund_paid_fen"]
    assert corrected["hospital_advances_fen"] == 0
    assert await findings(counter) == []


async def test_the_slip_says_what_the_patient_gets_back(counter):
    await counter.hold()
    claim = await claimed(counter, institution_code=FAR, institution=STATED)

    slip = (await counter.get(f"/v1/settlements/{claim['settlement_id']}/slip", counter.bureau)).text

    assert "费用已由个人垫付，基金返还个人" in slip
    assert FAR in slip


@pytest.mark.parametrize("scope", ["his", "funds"])
async def test_names_stay_where_they_are(counter, scope):
    """A claim's number and name are sealed as a discharge's are."""
    claim = await claimed(counter)
    headers = counter.bureau if scope == "funds" else counter.hospital
    answer = await counter.get(f"/v1/settlements/{claim['settlement_id']}", headers)

    assert NUMBER not in answer.text
    assert NAME not in answer.text
    assert (HOSPITAL in answer.text) == (scope == "funds")
    assert BILL["total_fen"] == 5_200_000
