"""A bureau's list, from the file to the archives and the events."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.core.ids import RosterId
from common.kit.cause import Cause
from common.kit.testing import bearer
from services.identity.adapters.rosters import begin_publishing
from services.identity.domain.roster import RosterTerms
from services.identity.usecases.apply_roster_slice import apply_roster_slice
from services.identity.usecases.compare_roster_slice import compare_roster_slice
from services.identity.usecases.continue_rosters import continue_rosters
from services.identity.usecases.stage_roster import Delivery, stage_roster
from tests.integration.identity.conftest import (
    COUNTY,
    TOWNSHIP,
    Identity,
    a_civil_list,
    a_list,
    a_number,
    a_row,
    id_of,
)

ALL = ("accepted", "changed", "unchanged", "rejected")


def counted(**counts: int) -> dict[str, int]:
    return dict.fromkeys(ALL, 0) | counts


class TestSendRoster:
    async def test_stages_every_row_with_a_verdict_and_applies_nothing(self, identity: Identity) -> None:
        answer = await identity.send(a_list(a_row(1), a_row(2, name="李某", number="211381196503150012")))

        report = answer.json()
        assert answer.status_code == 202, answer.text
        assert report["state"] == "staged"
        assert report["row_count"] == 2
        assert report["verdicts"] == counted(accepted=1, rejected=1)
        assert report["reasons"] == {"citizen_id_invalid": 1}
        assert await identity.count("person") == 0

    async def test_explains_every_bad_row_and_masks_its_number(self, identity: Identity) -> None:
        bad = [
            a_row(1, household=""),
            a_row(2, name=""),
            a_row(3, township="无名镇"),
            a_row(4, recognised="2016-02-30"),
            a_row(5, household="B1"),
            a_row(5, household="B2"),
            a_row(6, household="C1", number="12345"),
            a_row(7, household="D1", phone="1" * 31),
        ]

        report = (await identity.send(a_list(*bad))).json()
        rows = await identity.rows(report["roster_id"], verdict="rejected")

        assert report["verdicts"] == counted(rejected=8)
        assert [[reason["code"] for reason in row["reasons"]] for row in rows] == [
            ["household_no_missing"],
            ["name_missing"],
            ["township_unknown"],
            ["date_invalid"],
            ["number_in_two_households"],
            ["number_in_two_households"],
            ["citizen_id_invalid"],
            ["text_invalid"],
        ]
        assert rows[0]["citizen_id"] == a_number(1)[:6] + "********" + a_number(1)[-4:]
        assert all(a_number(order) not in str(rows) for order in range(1, 8))

    async def test_gives_unknown_words_of_civil_affairs_back(self, identity: Identity) -> None:
        content = a_civil_list(a_row(1, identity="困难群众"), a_row(2, household="A2", identity="特困，低保"))

        report = (await identity.send(content, source="civil_affairs")).json()

        rows = await identity.rows(report["roster_id"])
        assert [(row["verdict"], row["category"]) for row in rows] == [("rejected", None), ("accepted", "destitute")]

    async def test_leaves_the_comparing_of_a_long_list_to_the_worker(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(1)), as_of="2016-08-10")
        rows = [a_row(1), *(a_row(order, household=f"A{order}") for order in range(2, 120)), a_row(130, name="")]
        keys = identity.settings.keys()
        delivery = Delivery(
            RosterId(uuid4()),
            RosterTerms(COUNTY, "poverty_relief", "full", date(2016, 9, 10)),
            a_list(*rows),
            "bureau",
        )
        async with identity.unit() as uow:
            report = await stage_roster(
                uow, delivery=delivery, counties=identity.counties, keys=keys, now=identity.now, at_once=100
            )
        assert (report.roster.state, report.verdicts) == ("comparing", counted(rejected=1))

        await continue_rosters(
            open_unit=identity.unit, counties=identity.counties, keys=keys, clock=identity.clock, slice_rows=40
        )

        path = f"/v1/rosters/{delivery.roster_id}"
        compared = (await identity.client.get(path, headers=identity.write)).json()
        assert (compared["state"], compared["verdicts"]) == ("staged", counted(accepted=118, unchanged=1, rejected=1))
        assert await identity.count("person") == 1

    async def test_pages_through_rows_with_a_cursor(self, identity: Identity) -> None:
        rows = [a_row(order, household=f"A{order}") for order in range(1, 6)]
        roster_id = (await identity.send(a_list(*rows))).json()["roster_id"]
        path = f"/v1/rosters/{roster_id}/rows"

        first = (await identity.client.get(path, params={"limit": 3}, headers=identity.write)).json()
        query = {"limit": 3, "cursor": first["next_cursor"]}
        second = (await identity.client.get(path, params=query, headers=identity.write)).json()

        assert [row["row_no"] for row in first["items"] + second["items"]] == [2, 3, 4, 5, 6]
        assert second["next_cursor"] is None


class TestPublishRoster:
    async def test_registers_the_persons_and_tells_it_without_names(self, identity: Identity) -> None:
        report = await identity.take(a_list(a_row(1), a_row(2, name="李某", relation="配偶", phone="")))

        assert (report["state"], report["verdicts"]) == ("published", counted(accepted=2))
        registered = {each["person_id"]: each for each in await identity.told("person_registered")}
        assert set(registered) == {id_of(1), id_of(2)}
        assert registered[id_of(1)]["township"] == TOWNSHIP
        assert registered[id_of(1)]["is_head"]
        (household,) = await identity.told("household_changed")
        assert household["head_person_id"] == id_of(1)
        assert sorted(household["joined"]) == sorted([id_of(1), id_of(2)])
        entitlement = (await identity.told("entitlement_changed"))[0]
        assert entitlement["category"] == entitlement["counting_category"] == "registered_poor"
        assert (entitlement["effective_from"], entitlement["list_date"]) == ("2016-01-05", "2016-09-10")
        assert "王某" not in str(registered) + str(household)

    async def test_changes_nothing_when_the_same_file_comes_twice_and_says_so(self, identity: Identity) -> None:
        content = a_list(a_row(1), a_row(2, name="李某", relation="配偶"))
        first = await identity.take(content)
        told = await identity.count("outbox_event")

        second = await identity.take(content)

        assert second["verdicts"] == counted(unchanged=2)
        assert second["same_file_as"] == first["roster_id"]
        assert await identity.count("outbox_event") == told

    async def test_publishes_once_when_asked_twice(self, identity: Identity) -> None:
        first = await identity.take(a_list(a_row(1)))
        told = await identity.count("outbox_event")

        again = await identity.publish(first["roster_id"])

        assert again == first
        assert await identity.count("outbox_event") == told

    async def test_publishes_once_when_asked_ten_times_at_once(self, identity: Identity) -> None:
        roster_id = (await identity.send(a_list(a_row(1)))).json()["roster_id"]

        reports = await asyncio.gather(*(identity.publish(roster_id) for _ in range(10)))

        assert {report["state"] for report in reports} == {"published"}
        assert await identity.count("entitlement_statement") == 1

    async def test_applies_lists_of_both_sources_at_once(self, identity: Identity) -> None:
        poor = [a_row(order, household=f"A{order}") for order in range(1, 30)]
        helped = [a_row(order, household=f"M{order}", identity="低保") for order in range(29, 0, -1)]
        first = (await identity.send(a_list(*poor))).json()["roster_id"]
        second = (await identity.send(a_civil_list(*helped), source="civil_affairs")).json()["roster_id"]

        await asyncio.gather(identity.publish(first), identity.publish(second))

        assert await identity.count("household") == await identity.count("person") == 29
        assert (await identity.archive(id_of(7)))["categories"] == ["allowance_recipient", "registered_poor"]

    async def test_compares_anew_when_another_list_came_between(self, identity: Identity) -> None:
        content = a_list(a_row(1))
        early = (await identity.send(content)).json()["roster_id"]
        late = (await identity.send(content)).json()["roster_id"]
        await identity.publish(early)

        report = await identity.publish(late)

        assert report["verdicts"] == counted(unchanged=1)
        assert await identity.count("entitlement_statement") == 1

    @pytest.mark.parametrize("step", [compare_roster_slice, apply_roster_slice])
    async def test_has_no_slice_left_once_it_is_published(self, identity: Identity, step: Any) -> None:
        report = await identity.take(a_list(a_row(1)))

        async with identity.unit() as uow:
            has_more = await step(
                uow,
                roster_id=RosterId(UUID(report["roster_id"])),
                counties=identity.counties,
                keys=identity.settings.keys(),
                now=identity.now,
                slice_rows=10,
            )

        assert not has_more

    async def test_keeps_the_good_rows_of_a_bad_list(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(1), a_row(2, household="A2", township="无名镇")))

        assert await identity.count("person") == 1

    async def test_proposes_to_end_who_is_missing_and_ends_nobody(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(1), a_row(2, household="A2")), as_of="2016-08-10")

        report = await identity.take(a_list(a_row(1)))

        path = f"/v1/rosters/{report['roster_id']}/end-proposals"
        (proposal,) = (await identity.client.get(path, headers=identity.write)).json()["items"]
        assert (report["proposed_end_count"], proposal["person_id"], proposal["state"]) == (1, id_of(2), "open")
        assert (await identity.archive(id_of(2)))["categories"] == ["registered_poor"]

    async def test_lets_a_proposal_lapse_when_the_person_is_named_again(self, identity: Identity) -> None:
        both = a_list(a_row(1), a_row(2, household="A2"))
        await identity.take(both, as_of="2016-07-10")
        report = await identity.take(a_list(a_row(1)), as_of="2016-08-10")

        await identity.take(both, as_of="2016-09-10")

        path = f"/v1/rosters/{report['roster_id']}/end-proposals"
        (proposal,) = (await identity.client.get(path, headers=identity.write)).json()["items"]
        assert proposal["state"] == "lapsed"

    async def test_raises_the_list_date_when_a_newer_list_repeats_a_row(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(1)), as_of="2016-08-10")

        report = await identity.take(a_list(a_row(1)), as_of="2016-09-10")

        told = await identity.told("entitlement_changed")
        assert report["verdicts"] == counted(unchanged=1)
        assert [(each["version"], each["list_date"]) for each in told] == [(1, "2016-08-10"), (2, "2016-09-10")]

    async def test_tells_a_move_and_a_corrected_name(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(1)), as_of="2016-08-10")

        report = await identity.take(a_list(a_row(1, name="王某某", township="上园镇")))

        assert report["verdicts"] == counted(changed=1)
        (moved,) = await identity.told("person_moved")
        assert (moved["township"], moved["moved_on"]) == ("211381104", "2016-09-10")
        assert len(await identity.told("name_check_changed")) == 1
        assert len(await identity.told("household_changed")) == 2

    async def test_never_guesses_when_a_name_does_not_match_its_number(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(1)), as_of="2016-08-10")

        report = await identity.take(a_list(a_row(1, household="Z9", name="赵某")), kind="changes")

        assert report["verdicts"] == counted(rejected=1)
        assert report["reasons"] == {"name_conflict": 1}
        assert (await identity.archive(id_of(1)))["name"] == "王某"

    async def test_moves_a_person_between_households_of_one_source(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(1), a_row(2, relation="配偶")), as_of="2016-08-10")

        await identity.take(a_list(a_row(2, household="A2")), kind="changes")

        left, joined = sorted((await identity.told("household_changed"))[1:], key=lambda each: not each["left"])
        assert (left["left"], left["head_person_id"]) == ([id_of(2)], id_of(1))
        assert (joined["joined"], joined["head_person_id"]) == ([id_of(2)], id_of(2))

    async def test_counts_a_dual_identity_as_registered_poor(self, identity: Identity) -> None:
        await identity.take(a_civil_list(a_row(1, household="M7", identity="低保")), source="civil_affairs")

        await identity.take(a_list(a_row(1)))

        archive = await identity.archive(id_of(1))
        assert archive["categories"] == ["allowance_recipient", "registered_poor"]
        assert archive["counting_category"] == "registered_poor"
        counting = [each["counting_category"] for each in await identity.told("entitlement_changed")]
        assert counting == ["allowance_recipient", "registered_poor"]
        assert await identity.count("household") == 1

    async def test_takes_two_categories_of_one_person_in_one_list(self, identity: Identity) -> None:
        rows = [a_row(1, identity="低保"), a_row(1, identity="计生两户")]

        report = await identity.take(a_civil_list(*rows), source="civil_affairs")

        assert report["verdicts"] == counted(accepted=2)
        assert (await identity.archive(id_of(1)))["categories"] == [
            "allowance_recipient",
            "family_planning_household",
        ]

    async def test_lets_the_class_begin_on_the_lists_day_without_a_recognition_date(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(1, recognised="")))

        (period,) = (await identity.archive(id_of(1)))["periods"]
        assert period["effective_from"] == "2016-09-10"

    async def test_refuses_a_person_whom_another_county_registered(self, identity: Identity) -> None:
        await identity.take(a_list(a_row(1)))
        headers = bearer("identity:write", county="522632")

        answer = await identity.send(a_list(a_row(1, township="忠诚镇")), county="522632", headers=headers)

        assert answer.json()["reasons"] == {"registered_elsewhere": 1}

    async def test_is_carried_on_by_the_worker_where_a_list_is_long(self, identity: Identity) -> None:
        rows = [a_row(order, household=f"A{order // 3}", relation="其他") for order in range(1, 200)]
        roster_id = RosterId(UUID((await identity.send(a_list(*rows))).json()["roster_id"]))
        async with identity.unit() as uow:
            cause = Cause("publish-request")
            await begin_publishing(uow.connection, roster_id, by="bureau", cause=cause, now=identity.now)

        slices = await continue_rosters(
            open_unit=identity.unit,
            counties=identity.counties,
            keys=identity.settings.keys(),
            clock=identity.clock,
            slice_rows=20,
        )

        report = (await identity.client.get(f"/v1/rosters/{roster_id}", headers=identity.write)).json()
        assert (report["state"], report["verdicts"]) == ("published", counted(accepted=199))
        assert slices > 5
        assert await identity.count("person") == len(await identity.told("entitlement_changed")) == 199
        assert await identity.count("outbox_event WHERE headers LIKE '%publish-request%'") > 199
