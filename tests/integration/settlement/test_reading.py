"""Reading settlements back: one, many with totals, slip, trace, and who may."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from common.core.money import Money
from common.kit.cause import Cause
from common.kit.sealing import Seal
from common.kit.testing import bearer
from services.settlement.adapters.policy_files import load_policies
from services.settlement.domain.capitals import capitals_of
from services.settlement.usecases.read_settlement import Reader
from services.settlement.usecases.render_slip import SlipPrint, render_slip
from tests.integration.settlement.conftest import (
    COUNTY,
    FAR_HOSPITAL,
    HOSPITAL,
    OTHER_HOSPITAL,
    Counter,
    a_number,
)

PARTS = ("", "/slip", "/trace")


async def test_a_settlement_is_read_as_it_was_answered_with_the_state_of_now(counter: Counter) -> None:
    settled = await counter.settle()
    before = await counter.get(f"/v1/settlements/{settled['settlement_id']}")

    await counter.reverse(settled)
    after = await counter.get(f"/v1/settlements/{settled['settlement_id']}", counter.bureau)

    assert before.json() == settled
    assert after.json() == settled | {"state": "reversed"}


@pytest.mark.parametrize("part", PARTS)
async def test_what_is_somebody_elses_is_not_found(counter: Counter, part: str) -> None:
    settled = await counter.settle()
    path = f"/v1/settlements/{settled['settlement_id']}{part}"
    strangers = [
        counter.other_hospital,
        counter.other_bureau,
        bearer("his", county=COUNTY),
        bearer("funds"),
    ]

    answers = [await counter.get(path, headers) for headers in strangers]
    answers.append(await counter.get(f"/v1/settlements/{uuid4()}{part}"))

    assert {(each.status_code, each.json()["code"]) for each in answers} == {(404, "not_found")}
    assert (await counter.get(path, counter.bureau)).status_code == 200


async def test_the_list_pages_in_the_order_settled_and_sums_the_whole_filter(counter: Counter) -> None:
    settled = []
    for day in (12, 13, 14):
        counter.now = datetime(2016, 9, day, 2, 0, tzinfo=UTC)
        settled.append(await counter.settle(f"R{day}"))
    await counter.settle("R9", counter.other_hospital, institution_code=OTHER_HOSPITAL)
    await counter.reverse(settled[1])

    first = (await counter.get("/v1/settlements", limit=2)).json()
    rest = (await counter.get("/v1/settlements", limit=2, cursor=first["next_cursor"])).json()

    assert [each["record_no"] for each in first["items"] + rest["items"]] == ["R12", "R13", "R14"]
    assert rest["next_cursor"] is None
    assert first["items"][1] == settled[1] | {"state": "reversed"}
    live = (settled[0], settled[2])
    for page in (first, rest):
        assert (page["count"], page["reversed_count"]) == (2, 1)
        for name in ("total_fen", "fund_paid_fen", "patient_pays_fen"):
            assert page[name] == sum(each[name] for each in live)


async def test_the_list_filters_by_record_and_by_china_days_both_included(counter: Counter) -> None:
    for record_no, instant in (
        ("before", datetime(2016, 9, 12, 15, 59, 59, tzinfo=UTC)),
        ("first", datetime(2016, 9, 12, 16, 0, tzinfo=UTC)),
        ("last", datetime(2016, 9, 13, 15, 59, 59, tzinfo=UTC)),
        ("after", datetime(2016, 9, 13, 16, 0, tzinfo=UTC)),
    ):
        counter.now = instant
        await counter.settle(record_no, discharged_on="2016-09-12")

    day = (await counter.get("/v1/settlements", settled_from="2016-09-13", settled_to="2016-09-13")).json()
    until = (await counter.get("/v1/settlements", settled_to="9999-12-31", record_no="after")).json()
    none = (await counter.get("/v1/settlements", record_no="nobody")).json()

    assert [each["record_no"] for each in day["items"]] == ["first", "last"]
    assert [each["record_no"] for each in until["items"]] == ["after"]
    assert (none["items"], none["count"], none["total_fen"]) == ([], 0, 0)


async def test_a_bureau_lists_its_county_and_may_name_a_hospital(counter: Counter) -> None:
    await counter.settle("R1")
    await counter.settle("R2", counter.other_hospital, institution_code=OTHER_HOSPITAL)

    whole = (await counter.get("/v1/settlements", counter.bureau)).json()
    one = (await counter.get("/v1/settlements", counter.bureau, institution_code=OTHER_HOSPITAL)).json()
    foreign = (await counter.get("/v1/settlements", counter.other_bureau)).json()

    assert [each["count"] for each in (whole, one, foreign)] == [2, 1, 0]


async def test_the_list_refuses_what_is_foreign_unknown_or_forged(counter: Counter) -> None:
    asked = [
        (await counter.get("/v1/settlements", institution_code=FAR_HOSPITAL), 403, "not_yours"),
        (await counter.get("/v1/settlements", colour="red"), 422, "malformed_body"),
        (await counter.get("/v1/settlements", settled_from="2016-02-30"), 422, "malformed_body"),
        (await counter.get("/v1/settlements", cursor="forged"), 422, "cursor_invalid"),
        (await counter.get("/v1/settlements", bearer("his")), 404, "not_found"),
        (await counter.get("/v1/settlements", bearer("events", county=COUNTY)), 403, "scope_missing"),
    ]

    for answer, status, code in asked:
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await counter.get("/v1/settlements", institution_code=HOSPITAL)).status_code == 200


async def test_the_slip_shows_every_layer_in_yuan_and_no_number_or_name_in_clear(counter: Counter) -> None:
    await counter.hold()
    settled = await counter.settle()

    answer = await counter.get(f"/v1/settlements/{settled['settlement_id']}/slip")

    page = answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for wanted in ("52000.00 元", "王*", "211381********0011", "建档立卡贫困人口", "基本医保", "北票市第一示范医院"):
        assert wanted in page
    for layer in settled["layers"]:
        assert all(step["text"] in page for step in layer["steps"])
        assert capitals_of(Money(layer["paid_fen"])) in page
    assert capitals_of(Money(settled["patient_pays_fen"])) in page
    assert settled["policy"]["digest"] in page
    assert "※待确认" in page
    assert "王某某" not in page
    assert "211381196503150011" not in page
    assert "已冲正" not in page


async def test_the_slip_of_a_reversed_settlement_says_so(counter: Counter) -> None:
    settled = await counter.settle()
    await counter.reverse(settled)
    again = await counter.settle()

    reversed_slip = (await counter.get(f"/v1/settlements/{settled['settlement_id']}/slip")).text
    second_slip = (await counter.get(f"/v1/settlements/{again['settlement_id']}/slip")).text

    assert "已冲正" in reversed_slip
    assert "已冲正" not in second_slip
    assert "第 2 次结算" in second_slip


async def test_the_slip_escapes_what_a_hospital_wrote_and_knows_temporary_patients(counter: Counter) -> None:
    temporary = {
        "name": "<b>某婴",
        "birth_date": "2016-09-01",
        "sex": "male",
        "head_citizen_id": a_number(1),
    }
    settled = await counter.settle("<script>1</script>", patient={"temporary": temporary})

    page = (await counter.get(f"/v1/settlements/{settled['settlement_id']}/slip")).text

    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "&lt;*" in page
    assert "临时身份" in page
    assert "身份待核" in page


async def test_the_slip_names_the_code_of_a_hospital_that_the_county_has_dropped(counter: Counter) -> None:
    settled = await counter.settle()
    policy = replace(load_policies()[COUNTY], institutions=())

    async with counter.database.unit_of_work(Cause("test")) as uow:
        slip = await render_slip(
            uow,
            settlement_id=UUID(settled["settlement_id"]),
            reader=Reader(HOSPITAL, None),
            printed_with=SlipPrint({COUNTY: policy}, Seal(bytes(32)), bytes(32), ""),
        )

    assert slip.hospital == HOSPITAL


async def test_the_trace_names_every_parameter_with_its_source(counter: Counter) -> None:
    settled = await counter.settle()

    trace = (await counter.get(f"/v1/settlements/{settled['settlement_id']}/trace", counter.bureau)).json()

    assert trace["policy"] == settled["policy"]
    reads = [
        read
        for compared in trace["compared"]
        for layer in compared["layers"]
        for step in layer["steps"]
        for read in step["reads"]
    ]
    assert reads
    assert all(read["source"] and read["since"] for read in reads)
