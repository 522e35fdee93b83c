"""3201 and 3202 hold a hospital's sums against ours; 2405 takes a discharge back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.his_vocabulary import His, Stay, a_discharge, an_admission, refused
from tests.integration.settlement_api.vocabulary import BEIPIAO, OTHER_HOSPITAL, a_bill, a_person, a_stay


async def _settled(his: His, order: int = 1, **fields: Any) -> tuple[Stay, dict[str, Any]]:
    person = await his.window.register(a_person(order))
    stay = await his.admit(person, ipt_no=f"Z{order}", mdtrt_cert_no=person.number, **fields)
    await his.ask("2402", a_discharge(stay, **fields))
    bill = stay.bill()["data"] | fields
    return stay, (await his.ask("2304", {"data": bill}))["setlinfo"]


def _sums(*settled: dict[str, Any], **fields: str) -> dict[str, Any]:
    def summed(name: str) -> str:
        return f"{sum(round(float(each[name]) * 100) for each in settled) / 100:.2f}"

    usual = {
        "insutype": "390",
        "clr_type": "21",
        "setl_optins": BEIPIAO,
        "stmt_begndate": "2017-06-01",
        "stmt_enddate": "2017-06-01",
        "medfee_sumamt": summed("medfee_sumamt"),
        "fund_pay_sumamt": summed("fund_pay_sumamt"),
        "acct_pay": "0.00",
        "fixmedins_setl_cnt": str(len(settled)),
    }
    return {"data": usual | fields}


def _details(*rows: tuple[Stay, dict[str, Any]], **fields: str) -> dict[str, Any]:
    cash = f"{sum(round(float(each['psn_cash_pay']) * 100) for _, each in rows) / 100:.2f}"
    sums = _sums(*(each for _, each in rows), cash_payamt=cash, **fields)
    detail = [
        {
            "mdtrt_id": stay.mdtrt_id,
            "medfee_sumamt": each["medfee_sumamt"],
            "fund_pay_sumamt": each["fund_pay_sumamt"],
            "cash_payamt": each["psn_cash_pay"],
        }
        for stay, each in rows
    ]
    return sums | {"detail": detail}


async def _statement(his: His, given: dict[str, Any]) -> tuple[str, str]:
    told = (await his.ask("3201", given))["stmtinfo"]
    assert told["setl_optins"] == BEIPIAO
    return told["stmt_rslt"], told["stmt_rslt_dscr"]


class TestTotals:
    async def test_agree_with_what_was_settled_that_day_and_lives(self, window: Window) -> None:
        his = His(window)
        _, first = await _settled(his, 1)
        _, second = await _settled(his, 2)
        gone, third = await _settled(his, 3)
        await his.ask("2305", {"data": gone.named(setl_id=third["setl_id"])})

        assert await _statement(his, _sums(first, second)) == ("0", "一致")

    async def test_that_differ_name_every_sum_of_both_sides(self, window: Window) -> None:
        his = His(window)
        _, settled = await _settled(his)

        given = _sums(settled, medfee_sumamt="52000.01", acct_pay="1", fixmedins_setl_cnt="2")
        result, words = await _statement(his, given)

        assert result == "1"
        assert words == (
            "不一致；医疗费总额：机构 52000.01，中心 52000.00；个人账户支出：机构 1.00，中心 0.00；"
            "结算笔数：机构 2，中心 1"
        )

    async def test_count_the_days_asked_for_only(self, window: Window) -> None:
        his = His(window)
        _, settled = await _settled(his)
        window.now = datetime(2017, 6, 1, 16, 0, tzinfo=UTC)  # The next day in China.
        _, later = await _settled(his, 2)

        assert (await _statement(his, _sums(settled)))[0] == "0"
        assert (await _statement(his, _sums(settled, later, stmt_enddate="2017-06-02")))[0] == "0"
        assert (await _statement(his, _sums(later, stmt_begndate="2017-06-02", stmt_enddate="2017-06-02")))[0] == "0"

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
    async def test_of_the_ends_of_time_count_nothing(self, window: Window, day: str) -> None:
        assert (await _statement(His(window), _sums(stmt_begndate=day, stmt_enddate=day)))[0] == "0"

    async def test_count_the_insurance_of_the_admission_and_the_scheme_of_other_calls(self, window: Window) -> None:
        his = His(window)
        _, resident = await _settled(his, 1)
        _, urban = await _settled(his, 2, insutype="391")
        other = await window.settle(a_stay(await window.register(a_person(3)), bill=a_bill()))
        rural = {
            "medfee_sumamt": f"{other['total_fen'] / 100:.2f}",
            "fund_pay_sumamt": f"{other['fund_paid_fen'] / 100:.2f}",
        }

        assert (await _statement(his, _sums(resident, insutype="390")))[0] == "0"
        assert (await _statement(his, _sums(urban, insutype="391")))[0] == "0"
        assert (await _statement(his, _sums(rural, insutype="380")))[0] == "0"
        assert (await _statement(his, _sums(insutype="310")))[0] == "0"

    async def test_count_the_kind_of_clearing_and_the_paying_office(self, window: Window) -> None:
        his = His(window)
        await _settled(his)

        assert (await _statement(his, _sums(clr_type="11")))[0] == "0"
        told = (await his.ask("3201", _sums(setl_optins="522632")))["stmtinfo"]
        assert (told["setl_optins"], told["stmt_rslt"]) == ("522632", "0")

    async def test_are_those_of_the_hospital_that_asks(self, window: Window) -> None:
        await _settled(His(window))
        other = His(window, code=OTHER_HOSPITAL)

        assert (await _statement(other, _sums()))[0] == "0"

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"stmt_enddate": "2017-05-31"}, "对账期间"),
            ({"stmt_enddate": "2017-09-01"}, "对账期间"),
            ({"stmt_begndate": "20170601"}, "stmt_begndate"),
            ({"insutype": "510"}, "险种类型 510"),
            ({"clr_type": "41"}, "清算类别 41"),
            ({"setl_optins": "999999"}, ""),
            ({"fixmedins_setl_cnt": "1.5"}, "fixmedins_setl_cnt"),
            ({"fixmedins_setl_cnt": "9999999999"}, "fixmedins_setl_cnt"),
            ({"medfee_sumamt": "-1"}, "medfee_sumamt"),
            ({"refd_setl_flag": "1"}, "退费"),
        ],
    )
    async def test_that_do_not_fit_are_refused(self, window: Window, fields: dict[str, str], reason: str) -> None:
        assert reason in await His(window).refusal("3201", _sums(**fields))


class TestDetails:
    async def test_agree_where_every_stay_is_told_as_it_stands(self, window: Window) -> None:
        his = His(window)
        rows = [await _settled(his, order) for order in (1, 2)]

        told = await his.ask("3202", _details(*rows))

        assert told["stmtinfo"]["stmt_rslt"] == "0"
        assert told["detail"] == []
        assert told["fileinfo"] == {"file_qury_no": "", "filename": "", "dld_endtime": ""}

    async def test_name_every_stay_that_differs_and_why(self, window: Window) -> None:
        his = His(window)
        (same, same_paid), (dear, dear_paid) = await _settled(his, 1), await _settled(his, 2)
        (gone, gone_paid), (silent, silent_paid) = await _settled(his, 3), await _settled(his, 4)
        await his.ask("2305", {"data": gone.named(setl_id=gone_paid["setl_id"])})
        unknown = Stay("", "NEVER-SETTLED")
        dear_told = dear_paid | {"medfee_sumamt": "52000.01"}

        told = await his.ask(
            "3202",
            _details((same, same_paid), (dear, dear_told), (gone, gone_paid), (unknown, same_paid), (same, same_paid)),
        )

        assert told["stmtinfo"]["stmt_rslt"] == "1"
        assert [(row["mdtrt_id"], row["memo"], row["medfee_sumamt"]) for row in told["detail"]] == [
            (dear.mdtrt_id, "金额不一致", "52000.00"),
            (gone.mdtrt_id, "中心已撤销该结算", "52000.00"),
            ("NEVER-SETTLED", "中心没有该就诊的结算", ""),
            (same.mdtrt_id, "明细重复", "52000.00"),
            (silent.mdtrt_id, "中心已结算，机构明细中没有", "52000.00"),
        ]
        assert [row["setl_id"] for row in told["detail"]] == [
            *(dear_paid["setl_id"], gone_paid["setl_id"], "", same_paid["setl_id"], silent_paid["setl_id"]),
        ]
        assert {row["stmt_rslt"] for row in told["detail"]} == {"1"}

    async def test_of_equal_sums_are_still_compared_stay_by_stay(self, window: Window) -> None:
        his = His(window)
        stay, paid = await _settled(his)

        told = await his.ask("3202", _details((Stay("", "OTHER"), paid)))

        assert told["stmtinfo"]["stmt_rslt_dscr"] == "不一致"
        assert [row["mdtrt_id"] for row in told["detail"]] == ["OTHER", stay.mdtrt_id]

    async def test_in_a_file_or_missing_or_too_many_are_refused(self, window: Window) -> None:
        his = His(window)
        empty = _details()
        row = {"mdtrt_id": "A", "medfee_sumamt": "1", "fund_pay_sumamt": "1", "cash_payamt": "0"}

        assert "9101" in await his.refusal("3202", {"data": empty["data"] | {"file_qury_no": "F1"}})
        assert "detail" in await his.refusal("3202", {"data": empty["data"]})
        assert "detail" in await his.refusal("3202", empty | {"detail": ["A"]})
        assert "cash_payamt" in await his.refusal("3202", empty | {"detail": [row | {"cash_payamt": 0}]})


class TestReopenedStay:
    async def test_is_in_the_house_again_and_ends_anew(self, window: Window) -> None:
        his = His(window)
        stay = await his.discharged(await window.register())

        assert await his.ask("2405", {"data": stay.named()}) == {}

        assert "2402" in await his.refusal("2304", stay.bill())
        assert "2402" in await his.refusal("2405", {"data": stay.named()})
        assert "入院登记已上传" in await his.refusal("2401", an_admission(stay.psn_no))
        await his.ask("2402", a_discharge(stay, endtime="2016-09-20"))
        await his.ask("2304", stay.bill())

    async def test_is_refused_while_settled_and_let_go_after_the_reversal(self, window: Window) -> None:
        his = His(window)
        stay, settled = await _settled(his)
        assert "已结算" in await his.refusal("2405", {"data": stay.named()})
        await his.ask("2305", {"data": stay.named(setl_id=settled["setl_id"])})

        assert await his.ask("2405", {"data": stay.named()}) == {}

    async def test_does_not_take_its_number_from_a_later_one(self, window: Window) -> None:
        his = His(window)
        stay = await his.discharged(await window.register())
        await his.ask("2401", an_admission(stay.psn_no))

        assert "住院号" in await his.refusal("2405", {"data": stay.named()})

    async def test_races_an_admission_of_its_number_and_one_of_them_wins(self, window: Window) -> None:
        his = His(window)
        stay = await his.discharged(await window.register())

        answers = await asyncio.gather(
            his.send("2405", {"data": stay.named()}), his.send("2401", an_admission(stay.psn_no))
        )

        lost = [each for each in answers if each.json()["infcode"] == "-1"]
        assert len(lost) == 1
        assert "住院号" in refused(lost[0])
        assert await window.sql("SELECT count(*) FROM his_stay WHERE state = 'admitted'") == [(1,)]
