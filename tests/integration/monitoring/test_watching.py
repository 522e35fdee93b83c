"""The own share of twelve months against the county's line: one alert per crossing, whatever comes late or twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from common.kit.cause import Cause
from common.kit.envelope import EnvelopeUnreadable, Received, event_data
from common.published.identity import PersonEnded, PersonMerged, PersonMoved
from services.monitoring.adapters.line_files import load_lines
from services.monitoring.adapters.stays import StayUnknown
from services.monitoring.consumers import handlers
from tests.integration.monitoring.conftest import (
    ANNA,
    AWAY,
    BERT,
    COUNTY,
    ELSEWHERE,
    HERE,
    HOME,
    THERE,
    Watch,
    a_change,
    a_discharge,
    a_reversal,
    a_supplement,
)


class TestCrossing:
    async def test_of_a_household_raises_one_alert_and_tells_it(self, watch: Watch):
        await watch.family()
        crossing = a_discharge(2500, BERT)
        await watch.hear(a_discharge(4000, on=date(2016, 3, 1)))
        await watch.hear(crossing)
        await watch.hear(a_discharge(100, on=date(2016, 9, 13)))

        (alert,) = await watch.alerts()
        assert (alert["amount_fen"], alert["line_fen"], alert["state"]) == (650_000, 600_000, "open")
        assert (alert["household_id"], alert["person_id"]) == (str(HOME), str(BERT))
        assert (alert["window_from"], alert["window_to"]) == ("2015-09-13", "2016-09-12")
        assert (alert["township"], alert["settlement_id"]) == (HERE, str(crossing.settlement_id))
        (told,) = await watch.told()
        assert {name: told[name] for name in ("alert_id", "household_id", "amount_fen", "township")} == {
            name: alert[name] for name in ("alert_id", "household_id", "amount_fen", "township")
        }
        assert told["subject_id"] == str(HOME)

    async def test_is_reached_exactly_and_not_a_yuan_before(self, watch: Watch):
        await watch.family()
        await watch.hear(a_discharge(5999))
        assert await watch.states() == []

        await watch.hear(a_discharge(1, BERT))

        assert await watch.states() == ["6000 open"]

    async def test_of_a_person_nobody_knows_is_told_without_a_household(self, watch: Watch):
        await watch.hear(a_discharge(7000, township=THERE))

        (alert,) = await watch.alerts(watch.other_township)
        assert (alert["household_id"], alert["person_id"], alert["township"]) == (None, str(ANNA), THERE)
        assert (await watch.told())[0]["subject_id"] == str(ANNA)

    async def test_uses_the_line_of_the_county(self, watch: Watch):
        await watch.hear(a_discharge(5500, county=ELSEWHERE))
        await watch.hear(a_discharge(5500, BERT))

        (alert,) = await watch.alerts(watch.other_bureau)
        assert (alert["county"], alert["line_fen"]) == (ELSEWHERE, 500_000)
        assert await watch.alerts() == []

    async def test_is_never_judged_where_the_county_has_no_line(self, watch: Watch):
        await watch.hear(a_discharge(99_999, county="110101"))

        assert await watch.told() == []

    async def test_is_judged_once_although_every_fact_comes_twice(self, watch: Watch):
        await watch.family()
        settled = a_discharge(7000)

        for _ in range(2):
            await watch.hear(settled)
            await watch.know(ANNA, is_head=True)

        assert await watch.states() == ["7000 open"]
        assert len(await watch.told()) == 1

    async def test_of_a_household_with_many_stays_at_once_raises_one_alert(self, watch: Watch):
        await watch.family()
        stays = [a_discharge(1000, person_id) for person_id in (ANNA, BERT) for _ in range(4)]

        await asyncio.gather(*(watch.hear(stay) for stay in stays))

        (alert,) = await watch.alerts()
        assert (alert["amount_fen"], alert["state"]) == (800_000, "open")
        assert len(await watch.told()) == 1

    async def test_is_seen_when_each_of_two_members_crosses_halfway_at_the_same_time(self, watch: Watch):
        for number in range(10):
            home, first, second = uuid4(), uuid4(), uuid4()
            await watch.know(first, home)
            await watch.know(second, home)

            await asyncio.gather(watch.hear(a_discharge(3000, first)), watch.hear(a_discharge(3000, second)))

            (alert,) = await watch.alerts(household_id=str(home))
            assert (alert["amount_fen"], len(await watch.told())) == (600_000, number + 1)

    async def test_is_seen_when_a_stay_and_the_household_are_told_at_the_same_time(self, watch: Watch):
        for _ in range(10):
            home, who = uuid4(), uuid4()

            await asyncio.gather(watch.hear(a_discharge(7000, who)), watch.know(who, home))

            (alert,) = await watch.alerts(household_id=str(home))
            assert alert["state"] == "open"
            assert await watch.states(state="open", person_id=str(who)) == ["7000 open"]

    async def test_refuses_an_event_that_is_not_what_its_type_says(self, watch: Watch):
        event = a_reversal(a_discharge(1))
        received = Received(
            uuid4(),
            "settlement.settlement_reversed.v1",
            "settlement",
            "",
            1,
            watch.now,
            Cause("test"),
            {},
            event_data(event),
        )
        handler = handlers(clock=watch.clock, lines=load_lines())["settlement.discharge_settled.v1"]

        with pytest.raises(EnvelopeUnreadable):
            async with watch.database.unit_of_work(Cause("test")) as uow:
                await handler(uow, received)


class TestCorrection:
    async def test_withdraws_the_alert_of_a_reversed_stay_and_raises_another_for_the_next(self, watch: Watch):
        await watch.family()
        settled = a_discharge(7000)
        await watch.hear(settled)

        await watch.hear(a_reversal(settled))
        (alert,) = await watch.alerts()
        assert (alert["state"], alert["reason"]) == ("withdrawn", "corrected")

        await watch.hear(a_discharge(6500, attempt=2))

        assert await watch.states() == ["6500 open", "7000 withdrawn"]
        assert len({each["alert_id"] for each in await watch.told()}) == 2

    async def test_keeps_the_alert_while_the_rest_is_above_the_line(self, watch: Watch):
        await watch.family()
        first, second = a_discharge(7000, on=date(2016, 3, 1)), a_discharge(6500, on=date(2016, 4, 1))
        await watch.hear(first)
        await watch.hear(second)

        await watch.hear(a_reversal(first))

        (alert,) = await watch.alerts()
        assert (alert["amount_fen"], alert["window_to"], alert["state"]) == (650_000, "2016-04-01", "open")
        assert len(await watch.told()) == 1

    async def test_judges_a_late_stay_at_the_days_it_belongs_to(self, watch: Watch):
        await watch.family()
        await watch.hear(a_discharge(3500, on=date(2016, 8, 1)))
        assert await watch.alerts() == []

        await watch.hear(a_discharge(3000, on=date(2016, 2, 1)))

        (alert,) = await watch.alerts()
        assert (alert["window_to"], alert["amount_fen"]) == ("2016-08-01", 650_000)

    async def test_tells_a_crossing_that_was_over_when_it_became_known(self, watch: Watch):
        await watch.family()
        await watch.hear(a_discharge(7000, on=date(2018, 3, 1)))

        await watch.hear(a_discharge(6500, on=date(2016, 2, 1)))

        assert await watch.states() == ["6500 withdrawn", "7000 open"]
        assert len(await watch.told()) == 2

    async def test_follows_a_supplement_once(self, watch: Watch):
        settled = a_discharge(7000)
        await watch.hear(settled)
        relief = a_supplement(settled, -1500)

        await watch.hear(relief)
        await watch.hear(relief)
        assert await watch.states() == ["7000 withdrawn"]

        await watch.hear(a_supplement(settled, 600))
        assert await watch.states() == ["6100 open", "7000 withdrawn"]

    async def test_waits_for_a_settlement_nobody_told_of(self, watch: Watch):
        for event in (a_reversal(a_discharge(1)), a_supplement(a_discharge(1), 1)):
            with pytest.raises(StayUnknown):
                await watch.hear(event)


class TestHousehold:
    async def test_takes_over_the_stays_of_somebody_watched_alone(self, watch: Watch):
        await watch.hear(a_discharge(7000))

        await watch.family()

        open_now = await watch.alerts(state="open")
        assert [each["household_id"] for each in open_now] == [str(HOME)]
        assert [each["household_id"] for each in await watch.alerts(state="withdrawn")] == [None]

    async def test_counts_its_members_on_each_day(self, watch: Watch):
        await watch.know(ANNA, HOME, is_head=True)
        await watch.know(BERT, AWAY)
        await watch.hear(a_discharge(4000, ANNA, on=date(2016, 3, 1)))
        await watch.hear(a_discharge(4000, BERT, on=date(2016, 3, 1)))
        assert await watch.alerts() == []

        moved = {"as_of": date(2016, 6, 1)}
        await watch.hear(a_change(AWAY, left=[BERT], **moved))
        await watch.hear(a_change(HOME, joined=[BERT], **moved))
        assert await watch.alerts() == []

        await watch.hear(a_discharge(1, ANNA, on=date(2016, 7, 1)))

        (alert,) = await watch.alerts()
        assert (alert["amount_fen"], alert["household_id"]) == (800_100, str(HOME))

    async def test_falls_below_when_a_member_leaves(self, watch: Watch):
        await watch.family()
        await watch.hear(a_discharge(7000, BERT, on=date(2016, 3, 1)))
        await watch.hear(a_discharge(10, ANNA, on=date(2016, 8, 1)))

        await watch.hear(a_change(left=[BERT], as_of=date(2016, 6, 1)))

        (household,) = await watch.alerts(household_id=str(HOME))
        assert (household["state"], household["reason"]) == ("withdrawn", "fell_below")

    async def test_still_counts_a_stay_that_ended_in_death(self, watch: Watch):
        await watch.family()
        await watch.hear(PersonEnded(county=COUNTY, person_id=BERT, ended_on=date(2016, 9, 12), reason_code="died"))

        await watch.hear(a_discharge(7000, BERT, on=date(2016, 9, 12)))

        (alert,) = await watch.alerts()
        assert alert["household_id"] == str(HOME)

    async def test_lies_where_its_head_lives_and_keeps_closed_alerts_where_they_were(self, watch: Watch):
        await watch.family()
        settled = a_discharge(7000)
        await watch.hear(settled)
        await watch.hear(a_reversal(settled))
        await watch.hear(a_discharge(6500))

        await watch.hear(PersonMoved(county=COUNTY, person_id=ANNA, township=THERE, moved_on=date(2016, 9, 13)))

        assert [each["state"] for each in await watch.alerts(watch.township)] == ["withdrawn"]
        assert len(await watch.alerts(watch.other_township)) == 2
        (open_now,) = await watch.alerts(watch.other_township, state="open")
        assert open_now["township"] == THERE

    async def test_does_not_move_with_a_member_who_is_not_its_head(self, watch: Watch):
        await watch.family()
        await watch.hear(a_discharge(7000))

        await watch.hear(PersonMoved(county=COUNTY, person_id=BERT, township=THERE, moved_on=date(2016, 9, 13)))

        assert len(await watch.alerts(watch.township, state="open")) == 1

    async def test_takes_head_and_township_from_what_is_told_of_it(self, watch: Watch):
        await watch.hear(a_change(joined=[ANNA], township=THERE))
        await watch.hear(a_discharge(7000))
        assert (await watch.alerts())[0]["township"] == THERE

        await watch.know(BERT, None)
        await watch.hear(a_change(head_person_id=BERT))

        assert (await watch.alerts())[0]["township"] == HERE


class TestMerge:
    def merged(self, person_id=ANNA) -> PersonMerged:
        return PersonMerged(
            county=COUNTY,
            person_id=person_id,
            surviving_person_id=ANNA,
            retired_person_id=BERT,
            merged_on=date(2016, 9, 14),
        )

    async def test_adds_up_what_both_bore(self, watch: Watch):
        await watch.know(ANNA)
        await watch.hear(a_discharge(3500, ANNA))
        await watch.hear(a_discharge(3500, BERT))

        await watch.hear(self.merged())
        await watch.hear(self.merged(BERT))

        (alert,) = await watch.alerts()
        assert (alert["amount_fen"], alert["household_id"]) == (700_000, str(HOME))

    async def test_takes_over_the_household_of_the_retired_where_there_is_no_other(self, watch: Watch):
        await watch.know(BERT, is_head=True)
        await watch.hear(self.merged())

        await watch.hear(a_discharge(7000, BERT))

        (alert,) = await watch.alerts()
        assert (alert["household_id"], alert["person_id"], alert["township"]) == (str(HOME), str(ANNA), HERE)


class TestDaily:
    async def test_lets_windows_run_out_and_arms_again(self, watch: Watch):
        await watch.family()
        await watch.hear(a_discharge(7000, on=date(2016, 9, 12)))
        watch.now = datetime(2017, 9, 11, 2, tzinfo=UTC)
        await watch.look_daily()
        assert await watch.states() == ["7000 open"]

        watch.now = datetime(2017, 9, 11, 16, 30, tzinfo=UTC)
        await watch.look_daily()
        assert await watch.states() == ["7000 withdrawn"]
        (alert,) = await watch.alerts()
        assert alert["reason"] == "fell_below"

        await watch.hear(a_discharge(8000, on=date(2017, 9, 13)))
        assert await watch.states() == ["7000 withdrawn", "8000 open"]

    async def test_opens_an_alert_again_when_the_same_day_turns_out_to_fill_what_ran_out(self, watch: Watch):
        await watch.family()
        await watch.hear(a_discharge(7000, on=date(2016, 9, 12)))
        watch.now = datetime(2017, 9, 12, 2, tzinfo=UTC)
        await watch.look_daily()

        await watch.hear(a_discharge(8000, on=date(2017, 9, 12)))

        assert await watch.states() == ["7000 open"]

    async def test_is_done_once_a_day_so_that_a_restart_changes_nothing(self, watch: Watch):
        watch.now = datetime(2017, 9, 12, 2, tzinfo=UTC)
        await watch.look_daily()
        await watch.hear(a_discharge(7000, on=date(2016, 9, 1)))

        await watch.look_daily()
        assert await watch.states() == ["7000 open"]

        watch.now = datetime(2017, 9, 13, 2, tzinfo=UTC)
        await watch.look_daily()
        assert await watch.states() == ["7000 withdrawn"]

    async def test_does_not_wake_an_alert_that_ran_out(self, watch: Watch):
        await watch.family()
        await watch.hear(a_discharge(7000, on=date(2016, 9, 12)))
        watch.now = datetime(2018, 1, 1, 2, tzinfo=UTC)
        await watch.look_daily()

        await watch.hear(a_change(joined=[BERT]))

        assert await watch.states() == ["7000 withdrawn"]
        assert len(await watch.told()) == 1

    async def test_goes_through_every_household_some_at_a_time(self, watch: Watch, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("services.monitoring.worker.ROWS_AT_ONCE", 2)
        for _ in range(5):
            await watch.hear(a_discharge(7000, uuid4()))
        watch.now = datetime(2018, 1, 1, 2, tzinfo=UTC)

        await watch.look_daily()

        assert await watch.states(state="open") == []
