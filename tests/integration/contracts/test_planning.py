"""What a discharge asks for, filed once per person, rule and last day."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from common.kit.cause import Cause
from common.kit.envelope import EnvelopeUnreadable, Received, event_data
from common.published.identity import PersonEnded, PersonMerged, PersonMoved
from services.contracts.adapters.rule_file import load_rules
from services.contracts.adapters.stays import StayUnknown
from services.contracts.consumers import handlers
from tests.integration.contracts.conftest import ANNA, BERT, COUNTY, HERE, THERE, Care, a_discharge, a_reversal

YEAR = ["first", "quarter_1", "quarter_2", "quarter_3", "quarter_4"]


class TestDischarge:
    async def test_plans_visits_of_the_signed_team_by_disease(self, care: Care):
        await care.know()
        team_id = await care.team()
        await care.sign(team_id=team_id)

        await care.hear(a_discharge(diagnoses=["I10", "J18.9"]))

        tasks = await care.items("/v1/follow-ups")
        assert [each["rule"] for each in tasks] == [f"hypertension.{visit}" for visit in YEAR]
        assert {each["team_id"] for each in tasks} == {team_id}
        assert (tasks[0]["window_from"], tasks[0]["window_to"]) == ("2016-09-12", "2016-09-26")
        planned = await care.told("follow_up_planned")
        assert [each["follow_up_id"] for each in planned] == [each["follow_up_id"] for each in tasks]
        assert planned[0]["kind"] == "follow_up"

    async def test_files_a_task_to_sign_for_the_unsigned(self, care: Care):
        await care.know()

        await care.hear(a_discharge())

        (task,) = await care.items("/v1/follow-ups", township=HERE)
        assert (task["kind"], task["team_id"], task["township"]) == ("sign_contract", None, HERE)

    async def test_goes_to_the_township_of_the_request_for_somebody_unknown(self, care: Care):
        await care.hear(a_discharge(identity_open=True, township=THERE))

        assert await care.tasks(care.other_township) == ["verify open", "sign_contract open"]
        assert await care.tasks(care.township) == []

    async def test_goes_to_the_county_desk_where_no_township_is_known(self, care: Care):
        await care.hear(a_discharge(identity_open=True, provisional=True))

        assert await care.tasks(care.bureau) == ["verify open"]
        assert await care.tasks(care.township) == []
        assert await care.tasks(care.other_bureau) == []

    async def test_files_one_live_task_per_person_rule_and_last_day(self, care: Care):
        await care.know()
        await care.hear(a_discharge())
        await care.hear(a_discharge())
        twice = a_discharge()
        await care.hear(twice)
        await care.hear(twice)

        assert await care.tasks() == ["sign_contract open"]
        assert len(await care.told("follow_up_planned")) == 1

    async def test_files_once_when_two_settlements_race(self, care: Care):
        await care.know()

        await asyncio.gather(*(care.hear(a_discharge()) for _ in range(6)))

        assert await care.tasks() == ["sign_contract open"]
        assert len(await care.told("follow_up_planned")) == 1

    async def test_asks_for_no_visit_after_an_out_patient_treatment(self, care: Care):
        await care.know()

        await care.hear(a_discharge(visit_type="outpatient"))

        assert await care.tasks() == []

    async def test_takes_a_contract_that_ran_out_for_none(self, care: Care):
        await care.know()
        await care.sign()
        care.now = datetime(2017, 1, 2, tzinfo=UTC)

        await care.hear(a_discharge(discharged_on=date(2017, 1, 1)))

        assert await care.tasks() == ["sign_contract open"]

    async def test_refuses_an_event_that_is_not_what_its_type_says(self, care: Care):
        event = a_reversal(a_discharge())
        received = Received(
            uuid4(),
            "settlement.settlement_reversed.v1",
            "settlement",
            "",
            1,
            care.now,
            Cause("test"),
            {},
            event_data(event),
        )
        handler = handlers(clock=care.clock, versions=load_rules())["settlement.discharge_settled.v1"]

        with pytest.raises(EnvelopeUnreadable):
            async with care.database.unit_of_work(Cause("test")) as uow:
                await handler(uow, received)


class TestReversal:
    async def test_withdraws_what_rests_on_the_settlement_alone(self, care: Care):
        await care.know()
        settled = a_discharge()
        await care.hear(settled)

        await care.hear(a_reversal(settled))

        assert await care.tasks() == ["sign_contract withdrawn"]

    async def test_keeps_what_another_settlement_asks_for(self, care: Care):
        await care.know()
        first, second = a_discharge(), a_discharge()
        await care.hear(first)
        await care.hear(second)

        await care.hear(a_reversal(first))
        assert await care.tasks() == ["sign_contract open"]

        await care.hear(a_reversal(second))
        assert await care.tasks() == ["sign_contract withdrawn"]

    async def test_is_planned_anew_when_settled_again(self, care: Care):
        await care.know()
        settled = a_discharge()
        await care.hear(settled)
        await care.hear(a_reversal(settled))

        await care.hear(a_discharge(attempt=2))

        assert sorted(await care.tasks()) == ["sign_contract open", "sign_contract withdrawn"]

    async def test_waits_for_a_settlement_nobody_told_of(self, care: Care):
        with pytest.raises(StayUnknown):
            await care.hear(a_reversal(a_discharge()))


class TestPerson:
    async def test_who_moved_is_visited_by_the_new_township_and_the_old_one_keeps_closed_work(self, care: Care):
        await care.know()
        await care.sign()
        await care.hear(a_discharge(diagnoses=["A15.0"]))
        (first, *_) = await care.items("/v1/follow-ups", care.township)
        visit = {"visited_on": "2016-09-13", "outcome_code": "on_target"}
        await care.post(f"/v1/follow-ups/{first['follow_up_id']}/visit", care.township, **visit)

        await care.hear(PersonMoved(county=COUNTY, person_id=ANNA, township=THERE, moved_on=date(2016, 9, 14)))

        assert await care.tasks(care.township) == ["tuberculosis.first done"]
        assert len(await care.tasks(care.other_township)) == 7
        (contract,) = await care.items("/v1/contracts", care.other_township)
        assert contract["township"] == THERE
        assert await care.items("/v1/contracts", care.township) == []

    async def test_who_is_registered_later_takes_the_work_along(self, care: Care):
        await care.hear(a_discharge(identity_open=True))

        await care.know()

        assert await care.tasks(care.township) == ["verify open", "sign_contract open"]

    async def test_who_died_is_visited_no_more(self, care: Care):
        await care.know()
        await care.sign()
        await care.hear(a_discharge())

        await care.hear(PersonEnded(county=COUNTY, person_id=ANNA, ended_on=date(2016, 9, 13), reason_code="died"))
        await care.hear(a_discharge())

        assert await care.tasks() == ["other.once withdrawn"]
        (ended,) = await care.told("contract_ended")
        assert (ended["ended_on"], ended["reason_code"]) == ("2016-09-13", "person_ended")

    async def test_who_died_unsigned_has_nothing_to_end(self, care: Care):
        await care.hear(PersonEnded(county=COUNTY, person_id=ANNA, ended_on=date(2016, 9, 13), reason_code="died"))

        assert await care.told("contract_ended") == []


class TestMerge:
    def merged(self, person_id=ANNA) -> PersonMerged:
        return PersonMerged(
            county=COUNTY,
            person_id=person_id,
            surviving_person_id=ANNA,
            retired_person_id=BERT,
            merged_on=date(2016, 9, 14),
        )

    async def test_hands_over_what_each_had_and_keeps_one_of_what_both_had(self, care: Care):
        for person_id in (ANNA, BERT):
            await care.know(person_id)
            await care.sign(person_id)
        annas, berts = a_discharge(ANNA), a_discharge(BERT, diagnoses=["J18.9"])
        await care.hear(annas)
        await care.hear(berts)

        await care.hear(self.merged())
        await care.hear(self.merged(BERT))
        await care.hear(a_reversal(annas))

        tasks = await care.items("/v1/follow-ups", person_id=str(ANNA))
        assert sorted(each["state"] for each in tasks) == ["open", "withdrawn"]
        assert {each["person_id"] for each in await care.items("/v1/contracts")} == {str(ANNA)}
        (ended,) = await care.told("contract_ended")
        assert (ended["person_id"], ended["reason_code"]) == (str(BERT), "merged")

    async def test_leads_later_facts_to_the_surviving_person(self, care: Care):
        await care.know(BERT)
        await care.hear(self.merged())

        await care.hear(a_discharge(BERT))

        (task,) = await care.items("/v1/follow-ups")
        assert (task["person_id"], task["township"]) == (str(ANNA), HERE)
