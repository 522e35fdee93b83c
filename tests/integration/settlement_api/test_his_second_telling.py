"""One stay told by messages and by a discharge call, under two record numbers, is settled once."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.his_vocabulary import His, Stay, a_discharge, refused
from tests.integration.settlement_api.vocabulary import OTHER_HOSPITAL, Person, a_person, a_stay, refusal_of

MESSAGE_DAYS = ("2016-09-07", "2016-09-12")


async def _told(his: His, person: Person, *, days: tuple[str, str] = MESSAGE_DAYS) -> Stay:
    stay = await his.admit(person, mdtrt_cert_no=person.number, begntime=days[0])
    await his.ask("2402", a_discharge(stay, endtime=days[1]))
    return stay


def _called(person: Person, *, days: tuple[str, str] = MESSAGE_DAYS, **fields: object) -> dict[str, object]:
    return a_stay(person, admitted_on=days[0], on=days[1], **fields)


class TestTheSecondTelling:
    async def test_by_a_call_is_refused_and_names_the_first(self, window: Window) -> None:
        his, person = His(window), await window.register()
        stay = await _told(his, person)
        settled = (await his.ask("2304", stay.bill()))["setlinfo"]
        before = await window.row_counts()

        answer = await window.discharge(_called(person))

        assert refusal_of(answer) == (409, "stay_settled_otherwise")
        told = answer.json()
        assert told["settlement_id"] == settled["expContent"]["settlement_id"]
        assert told["record_no"] == stay.mdtrt_id
        assert {**await window.row_counts(), "idempotency_record": 0} == {**before, "idempotency_record": 0}

    async def test_by_message_is_refused(self, window: Window) -> None:
        his, person = His(window), await window.register()
        await window.settle(_called(person))
        stay = await _told(his, person)

        assert "已通过其他途径" in await his.refusal("2304", stay.bill())

    async def test_is_settled_once_the_first_was_reversed(self, window: Window) -> None:
        his, person = His(window), await window.register()
        called = await window.settle(_called(person))
        stay = await _told(his, person)
        await window.reverse(called)
        settled = (await his.ask("2304", stay.bill()))["setlinfo"]
        await his.ask("2305", {"data": stay.named(setl_id=settled["setl_id"])})

        await window.settle(_called(person))

        assert await window.sql("SELECT count(*) FROM settlement WHERE state = 'settled'") == [(1,)]

    async def test_at_the_same_moment_is_settled_by_one_of_both(self, window: Window) -> None:
        his = His(window)
        for order in range(1, 6):
            person = await window.register(a_person(order))
            stay = await _told(his, person)

            by_call, by_message = await asyncio.gather(window.discharge(_called(person)), his.send("2304", stay.bill()))

            if by_call.status_code == 201:
                assert "已通过其他途径" in refused(by_message)
            else:
                assert refusal_of(by_call) == (409, "stay_settled_otherwise")
                assert by_message.json()["infcode"] == "0"
        assert await window.sql("SELECT count(*) FROM settlement") == [(5,)]

    @pytest.mark.parametrize(
        ("days", "is_refused"),
        [
            (("2016-09-07", "2016-09-12"), True),
            (("2016-09-01", "2016-09-09"), True),
            (("2016-09-10", "2016-09-20"), True),
            (("2016-09-08", "2016-09-10"), True),
            (("2016-09-01", "2016-09-30"), True),
            (("2016-09-01", "2016-09-08"), False),
            (("2016-09-11", "2016-09-20"), False),
            (("2016-09-12", "2016-09-20"), False),
            (("2016-09-01", "2016-09-07"), False),
            (("2016-09-10", "2016-09-10"), False),
            (("2016-08-01", "2016-08-10"), False),
        ],
    )
    async def test_is_known_by_its_days(self, window: Window, days: tuple[str, str], is_refused: bool) -> None:  # noqa: FBT001 - a column of the table
        his, person = His(window), await window.register()
        await his.ask("2304", (await _told(his, person)).bill())

        answer = await window.discharge(_called(person, days=days))

        assert answer.status_code == (409 if is_refused else 201), answer.text

    async def test_of_a_stay_within_one_day_is_known_by_both_days(self, window: Window) -> None:
        his, person = His(window), await window.register()
        day = ("2016-09-07", "2016-09-07")
        await his.ask("2304", (await _told(his, person, days=day)).bill())

        assert refusal_of(await window.discharge(_called(person, days=day))) == (409, "stay_settled_otherwise")


class TestWhatIsNoSecondTelling:
    async def test_two_stays_at_one_time_by_one_interface(self, window: Window) -> None:
        his, person = His(window), await window.register()
        for ipt_no in ("Z1", "Z2"):
            stay = await his.admit(person, ipt_no=ipt_no)
            await his.ask("2402", a_discharge(stay))
            await his.ask("2304", stay.bill())

        other = await window.register(a_person(2))
        for _ in range(2):
            await window.settle(_called(other))

    async def test_a_visit_of_an_outpatient_during_the_stay(self, window: Window) -> None:
        his, person = His(window), await window.register()
        await his.ask("2304", (await _told(his, person)).bill())
        visit = _called(person, days=("2016-09-09", "2016-09-09"), visit_type="special_outpatient")

        await window.settle(visit)
        await window.settle(visit | {"record_no": "R-same-day"})

    async def test_a_visit_before_the_stay_that_is_told_by_message(self, window: Window) -> None:
        his, person = His(window), await window.register()
        await window.settle(_called(person, days=("2016-09-09", "2016-09-09"), visit_type="special_outpatient"))

        await his.ask("2304", (await _told(his, person)).bill())

    async def test_another_person_or_another_hospital(self, window: Window) -> None:
        his, person = His(window), await window.register()
        await his.ask("2304", (await _told(his, person)).bill())

        await window.settle(_called(await window.register(a_person(2))))
        await window.settle(_called(person, institution_code=OTHER_HOSPITAL))
        told = {"name": "王某之子", "birth_date": "2016-09-01", "sex": "male", "head_citizen_id": person.number}
        newborn = {"temporary": told}
        await window.settle(_called(person, patient=newborn))
