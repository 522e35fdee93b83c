"""Several stays of one person: caps, cumulated critical illness, the turn of the year, classes gained on the way."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from common.published.identity import PersonMerged
from tests.integration.settlement_api.conftest import Window, an_entitlement
from tests.integration.settlement_api.vocabulary import (
    BEIPIAO,
    RONGJIANG,
    Amounts,
    a_bill,
    a_person,
    a_stay,
    amounts_of,
    fen,
    yuan,
)

POOR, ALLOWANCE, DESTITUTE = "registered_poor", "allowance_recipient", "destitute"


async def test_the_yearly_caps_of_basic_and_assistance_run_down_over_several_stays(window: Window) -> None:
    person = await window.register(a_person(), ALLOWANCE)

    paid = [
        await window.pay(a_stay(person, bill=a_bill(cost))) for cost in ("100000", "100000", "50000", "10000", "200")
    ]

    assert paid == [
        # 99700 x 80 %; (20240 - 5000) x 70 %; 9572 x 70 %
        _three("79760.00", "10668.00", "6700.40", "2871.60"),
        # 150000 - 79760; 29760 x 70 %; 8928 x 70 %
        _three("70240.00", "20832.00", "6249.60", "2678.40"),
        # nothing left; 50000 x 70 %; 20000 - 12950
        _three(None, "35000.00", "7050.00", "7950.00"),
        _three(None, "7000.00", None, "3000.00"),
        _three(None, "140.00", None, "60.00"),
    ]


async def test_two_stays_together_pass_the_start_line_of_critical_illness(window: Window) -> None:
    person = await window.register(a_person(), POOR)

    first = await window.pay(a_stay(person, bill=a_bill("20000")))
    second = await window.pay(a_stay(person, bill=a_bill("10000")))

    assert first == (POOR, {"basic": "15760.00"}, "4240.00")
    # 9700 x 80 %; (4240 + 2240 - 5000) x 70 %
    assert second == (POOR, {"basic": "7760.00", "critical_illness": "1036.00"}, "1204.00")


async def test_two_stays_together_reach_the_next_band(window: Window) -> None:
    stays = [a_stay(county=RONGJIANG, on="2015-06-10", level="province", bill=a_bill("50800")) for _ in range(2)]

    first, second = [await window.pay(stay) for stay in stays]

    # 50000 x 50 %; (25800 - 8000) x 50 %
    assert first == ("ordinary", {"basic": "25000.00", "critical_illness": "8900.00"}, "16900.00")
    # F(51600) - F(25800) = 11000 + 21600 x 60 % - 8900
    assert second == ("ordinary", {"basic": "25000.00", "critical_illness": "15060.00"}, "10740.00")


async def test_the_year_is_that_of_the_discharge_day(window: Window) -> None:
    person = await window.register(a_person(), POOR)
    days = {"2016-12-31": "2016-12-01", "2017-01-01": "2016-12-20"}

    paid = [
        await window.pay(a_stay(person, on=left, admitted_on=came, bill=a_bill("20000"))) for left, came in days.items()
    ]

    assert paid == [(POOR, {"basic": "15760.00"}, "4240.00")] * 2
    assert {year for year, _ in await window.accumulated(person.person_id)} == {2016, 2017}


async def test_stays_count_in_the_order_of_settling(window: Window) -> None:
    person = await window.register(a_person(), POOR)

    later = await window.pay(a_stay(person, on="2016-11-20", bill=a_bill("20000")))
    earlier = await window.pay(a_stay(person, on="2016-08-20", bill=a_bill("10000")))

    assert later == (POOR, {"basic": "15760.00"}, "4240.00")
    assert earlier == (POOR, {"basic": "7760.00", "critical_illness": "1036.00"}, "1204.00")


async def test_a_class_gained_in_mid_year_pays_nothing_for_earlier_cost(window: Window) -> None:
    person = await window.register(a_person())
    await window.tell(an_entitlement(person, POOR, since="2016-08-01"))

    before = await window.pay(a_stay(person, on="2016-07-31", bill=a_bill("30300")))
    after = await window.pay(a_stay(person, on="2016-09-01", bill=a_bill("1300")))

    # 30000 x 70 %; 9000 is below 10000
    assert before == ("ordinary", {"basic": "21000.00"}, "9300.00")
    # 1000 x 80 %; F(9800) - F(9300) with 5000 and 70 %
    assert after == (POOR, {"basic": "800.00", "critical_illness": "350.00"}, "150.00")


async def test_the_cap_of_a_class_counts_all_assistance_of_the_year(window: Window) -> None:
    person = await window.register(a_person())
    await window.tell(_until(person, DESTITUTE, "2016-08-01"))
    await window.tell(an_entitlement(person, ALLOWANCE, since="2016-08-01"))

    first = await window.pay(a_stay(person, on="2016-07-31", bill=a_bill("100000")))
    second = await window.pay(a_stay(person, on="2016-08-01", bill=a_bill("60000")))
    third = await window.pay(a_stay(person, on="2016-08-02", bill=a_bill("40000")))

    assert first == (
        DESTITUTE,
        {"basic": "79760.00", "critical_illness": "10668.00", "medical_assistance": "9572.00"},
        "0.00",
    )
    # 59700 x 80 %; 12240 x 70 %; 3672 x 70 %
    assert second == _three("47760.00", "8568.00", "2570.40", "1101.60")
    # 150000 - 127520; 17520 x 70 %; 5256 x 70 %: 9572 + 2570.40 + 3679.20 is below 20000
    assert third == _three("22480.00", "12264.00", "3679.20", "1576.80")
    assert await _accumulated(window, person, "medical_assistance") == "15821.60"


async def test_different_stays_of_one_person_at_once_never_pass_a_cap(window: Window) -> None:
    person = await window.register(a_person(), ALLOWANCE)
    stays = [a_stay(person, level="province", bill=a_bill("100000")) for _ in range(6)]

    answers = await asyncio.gather(*(window.discharge(stay) for stay in stays))

    assert [each.status_code for each in answers] == [201] * 6
    paid = [amounts_of(each.json())[1] for each in answers]
    assert _sum(paid, "basic") == "150000.00"
    assert _sum(paid, "medical_assistance") == "20000.00"
    # F(600000 - 150000) = 445000 x 70 %
    assert _sum(paid, "critical_illness") == "311500.00"


async def test_visits_at_once_never_pass_the_pool(window: Window) -> None:
    visits = [a_stay(county=RONGJIANG, on="2015-06-10", visit_type="outpatient", bill=a_bill("300")) for _ in range(5)]

    answers = await asyncio.gather(*(window.discharge(visit) for visit in visits))

    assert [each.status_code for each in answers] == [201] * 5
    assert _sum([amounts_of(each.json())[1] for each in answers], "basic") == "400.00"


async def test_one_person_s_stays_move_nobody_else_s_accounts(window: Window) -> None:
    await window.pay(a_stay(a_person(1), bill=a_bill("100000")))

    assert await window.pay(a_stay(a_person(2), bill=a_bill("20000"))) == ("ordinary", {"basic": "13790.00"}, "6210.00")


async def test_what_one_county_paid_does_not_count_in_the_other(window: Window) -> None:
    await window.pay(a_stay(on="2016-05-05", bill=a_bill("215000")))

    stay = a_stay(county=RONGJIANG, on="2016-05-06", bill=a_bill("11000"))

    assert await window.pay(stay) == ("ordinary", {"basic": "8640.00"}, "2360.00")


def _three(basic: str | None, critical: str, assistance: str | None, patient: str) -> Amounts:
    layers = {"basic": basic, "critical_illness": critical, "medical_assistance": assistance}
    return ALLOWANCE, {name: paid for name, paid in layers.items() if paid}, patient


def _until(person: Any, category: str, day: str) -> Any:
    return an_entitlement(person, category, effective_to=day)


def _sum(paid: list[dict[str, str]], layer: str) -> str:
    return yuan(sum(fen(each.get(layer, "0")) for each in paid))


async def _accumulated(window: Window, person: Any, account: str) -> str:
    return yuan((await window.accumulated(person.person_id))[2016, account][2])


async def test_merged_persons_share_one_year_and_each_stay_can_still_be_reversed(window: Window) -> None:
    kept, retired = await window.register(a_person(1)), await window.register(a_person(2))
    first = await window.settle(a_stay(kept))
    second = await window.settle(a_stay(retired))
    before = await window.accumulated(kept.person_id)

    for told_under in (retired.person_id, kept.person_id):  # Once under each key.
        await window.tell(
            PersonMerged(
                county=BEIPIAO,
                person_id=told_under,
                surviving_person_id=kept.person_id,
                retired_person_id=retired.person_id,
                merged_on=date(2016, 10, 1),
            )
        )

    both = await window.accumulated(kept.person_id)
    third = await window.settle(a_stay(retired))
    await window.reverse(third)
    await window.reverse(second)

    assert await window.accumulated(retired.person_id) == {}
    assert both == {account: tuple(2 * each for each in counts) for account, counts in before.items()}
    assert third["person_id"] == str(kept.person_id)
    assert await window.accumulated(kept.person_id) == before
    assert (await window.reverse(first)).status_code == 201
    assert await window.accumulated(kept.person_id) == {}
