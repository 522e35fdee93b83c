"""What the national interface refuses: envelopes that cannot be read, foreign ones, wrong order, wrong content."""

from __future__ import annotations

from typing import Any

import pytest

from common.kit.testing import bearer
from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.his_vocabulary import His, Stay, a_discharge, an_admission
from tests.integration.settlement_api.vocabulary import (
    HOSPITAL,
    OTHER_HOSPITAL,
    UNKNOWN_COUNTY,
    UNLISTED,
    a_person,
    refusal_of,
)

MALFORMED = {
    "no infno": {"infno": ...},
    "infno of words": {"infno": "settle"},
    "no msgid": {"msgid": ""},
    "msgid of 29": {"msgid": f"{HOSPITAL}20170601100000001"},
    "msgid of 31": {"msgid": f"{HOSPITAL}2017060110000000001"},
    "no institution": {"fixmedins_code": ...},
    "short institution": {"fixmedins_code": "H2113"},
    "no input": {"input": ...},
    "input a list": {"input": []},
    "region of words": {"insuplc_admdvs": "北票市"},
    "unknown member": {"fixmedins": HOSPITAL},
    "number for a text": {"opter": 1},
}


class TestEnvelopes:
    @pytest.mark.parametrize("fields", MALFORMED.values(), ids=MALFORMED)
    async def test_that_cannot_be_read_are_problem_documents(self, window: Window, fields: dict[str, Any]) -> None:
        his = His(window)
        envelope = {name: each for name, each in (his.envelope("1101", {}) | fields).items() if each is not ...}

        answer = await his.post(envelope)

        assert refusal_of(answer) == (422, "malformed_body")

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"infno": "1101", "infno": "1101"}', b"\xff"])
    async def test_that_are_no_json_object_are_problem_documents(self, window: Window, content: bytes) -> None:
        headers = window.hospital(HOSPITAL) | {"content-type": "application/json"}

        answer = await window.client.post("/v1/his/messages", content=content, headers=headers)

        assert refusal_of(answer) == (422, "malformed_body")

    async def test_of_another_institution_are_not_the_caller_s(self, window: Window) -> None:
        his = His(window, code=OTHER_HOSPITAL)

        answer = await his.post(his.envelope("1101", {}), caller=HOSPITAL)

        assert refusal_of(answer) == (403, "not_yours")

    async def test_need_the_scope_of_hospitals(self, window: Window) -> None:
        his = His(window)

        answer = await window.client.post(
            "/v1/his/messages", json=his.envelope("1101", {}), headers=bearer("funds", county="211381")
        )

        assert refusal_of(answer) == (403, "scope_missing")

    async def test_numbered_by_another_institution_are_refused(self, window: Window) -> None:
        foreign = His(window, code=OTHER_HOSPITAL).a_message_id()

        assert "前 12 位" in await His(window).refusal("1101", {}, msgid=foreign)

    @pytest.mark.parametrize("infno", ["2301", "2302", "2403", "5206", "9999", "2304A"])
    async def test_of_transactions_that_are_not_open_say_so(self, window: Window, infno: str) -> None:
        his = His(window)

        answer = (await his.send(infno, {"data": {}})).json()

        assert (answer["infcode"], answer["err_msg"], answer["output"]) == ("-1", "交易尚未开通", {})
        assert len(answer["inf_refmsgid"]) == 30
        assert answer["inf_refmsgid"][:20] == "21138120170601100000"
        assert answer["refmsg_time"] == answer["respond_time"] == "20170601100000000"


_TWO = a_person(2).number
PERSONS = {
    "no node": ({}, "交易输入缺少节点 data"),
    "another certificate": ({"mdtrt_cert_type": "03"}, "暂只支持按身份证号查询"),
    "another paper": ({"psn_cert_type": "06"}, "暂只支持按身份证号查询"),
    "no citizen number": ({"mdtrt_cert_no": "211381196503150019"}, "身份证号码不正确"),
    "two numbers": ({"certno": _TWO}, "人证不一致"),
    "no name": ({"psn_name": " "}, "data.psn_name 不能为空"),
    "long name": ({"psn_name": "王" * 201}, "data.psn_name 长度超过"),
    "no day": ({"begntime": "2016-02-30"}, "data.begntime 须为 yyyy-MM-dd"),
}
ADMISSIONS = {
    "never asked": ({"psn_no": "A" * 26}, "请先办理人员基本信息获取"),
    "another number": ({"mdtrt_cert_no": _TWO}, "人证不一致"),
    "unknown care": ({"med_type": "11"}, "不支持的医疗类别 11"),
    "unknown insurance": ({"insutype": "510"}, "不支持的险种类型 510"),
    "no number of the bed": ({"ipt_no": None}, "mdtrtinfo.ipt_no 不能为空"),
    "a code as number": ({"med_type": 21}, "mdtrtinfo.med_type 须为文本"),
    "tomorrow": ({"begntime": "2017-06-02"}, "入院日期在将来"),
}
DISCHARGES = {
    "unknown stay": ({"mdtrt_id": "B" * 26}, "没有找到该就诊ID"),
    "another person": ({"psn_no": "A" * 26}, "人员编号与就诊登记不一致"),
    "another insurance": ({"insutype": "310"}, "险种类型与入院登记不一致"),
    "before the admission": ({"endtime": "2016-09-06"}, "出院日期早于入院日期"),
    "tomorrow": ({"endtime": "2017-06-02 00:00:00"}, "出院日期在将来"),
    "without a day": ({"endtime": ""}, "dscginfo.endtime 不能为空"),
}
_MAIN = {"maindiag_flag": "1", "diag_code": "I63.9"}
DIAGNOSES = {
    "none": ([], "主诊断须有且只能有一条"),
    "two main": ([_MAIN, _MAIN], "主诊断须有且只能有一条"),
    "only a traditional one": ([_MAIN | {"diag_type": "2"}], "主诊断须有且只能有一条"),
    "no code": ([_MAIN | {"diag_code": "脑梗死"}], "diseinfo[0].diag_code 不是 ICD-10 编码"),
    "too many": ([_MAIN] + [{"maindiag_flag": "0", "diag_code": "I10"}] * 50, "诊断超过 50 条"),
    "no rows": ({"diag_code": "I63.9"}, "须为对象数组"),
    "nothing": ("", "须为对象数组"),
}
AMOUNTS = {
    "a number": ({"medfee_sumamt": 52000.0}, "data.medfee_sumamt 须为文本"),
    "three decimals": ({"inscp_scp_amt": "50000.001"}, "最多两位小数"),
    "negative": ({"preselfpay_amt": "-500.00"}, "不得为负"),
    "words": ({"overlmt_selfpay": "无"}, "金额文本"),
    "missing": ({"fulamt_ownpay_amt": None}, "data.fulamt_ownpay_amt 不能为空"),
    "beyond all bounds": ({"medfee_sumamt": "99999999999999.99"}, "金额超出范围"),
    "a sum that is none": ({"medfee_sumamt": "52000.01"}, "总费用不等于"),
}
WAYS = {
    "in mid-stay": ({"mid_setl_flag": "1"}, "暂不支持中途结算"),
    "by package": ({"psn_setlway": "02"}, "暂只支持普通结算方式"),
    "another day": ({"dscgTime": "2016-09-11"}, "出院时间与出院登记不一致"),
    "another person": ({"psn_no": "A" * 26}, "人员编号与就诊登记不一致"),
    "unknown stay": ({"mdtrt_id": "B" * 26}, "没有找到该就诊ID"),
}


class TestContent:
    @pytest.mark.parametrize(("fields", "reason"), PERSONS.values(), ids=PERSONS)
    async def test_of_1101(self, window: Window, fields: dict[str, Any], reason: str) -> None:
        data = {"mdtrt_cert_type": "02", "mdtrt_cert_no": a_person().number, "psn_name": "王某某"}

        assert reason in await His(window).refusal("1101", {"data": data | fields} if fields else {})

    @pytest.mark.parametrize(("fields", "reason"), ADMISSIONS.values(), ids=ADMISSIONS)
    async def test_of_2401(self, window: Window, fields: dict[str, Any], reason: str) -> None:
        his = His(window)
        psn_no = (await his.identify())["baseinfo"]["psn_no"]

        assert reason in await his.refusal("2401", an_admission(psn_no, **fields))

    async def test_of_2401_by_another_certificate_is_taken_as_the_person_of_1101(self, window: Window) -> None:
        his = His(window)

        stay = await his.admit(mdtrt_cert_type="03", mdtrt_cert_no="0001")
        unread = await his.admit(ipt_no="Z2", mdtrt_cert_no="")

        assert stay.psn_no == unread.psn_no

    @pytest.mark.parametrize(("county", "reason"), [("", "缺少参保地"), (UNKNOWN_COUNTY, "没有该县的政策文件")])
    async def test_of_2401_insured_nowhere(self, window: Window, county: str, reason: str) -> None:
        his = His(window)
        psn_no = (await his.identify())["baseinfo"]["psn_no"]

        assert reason in await his.refusal("2401", an_admission(psn_no), insuplc_admdvs=county)

    @pytest.mark.parametrize(("fields", "reason"), DISCHARGES.values(), ids=DISCHARGES)
    async def test_of_2402(self, window: Window, fields: dict[str, Any], reason: str) -> None:
        his = His(window)
        stay = await his.admit()

        assert reason in await his.refusal("2402", a_discharge(stay, **fields))

    @pytest.mark.parametrize(("rows", "reason"), DIAGNOSES.values(), ids=DIAGNOSES)
    async def test_of_2402_in_its_diagnoses(self, window: Window, rows: Any, reason: str) -> None:
        his = His(window)
        stay = await his.admit()

        assert reason in await his.refusal("2402", a_discharge(stay, diagnoses=rows))

    @pytest.mark.parametrize(("fields", "reason"), (AMOUNTS | WAYS).values(), ids=AMOUNTS | WAYS)
    async def test_of_2303_and_2304(self, window: Window, fields: dict[str, Any], reason: str) -> None:
        his = His(window)
        stay = await his.discharged()
        given = {"data": stay.bill()["data"] | fields}

        assert reason in await his.refusal("2303", given)
        assert reason in await his.refusal("2304", given)

    async def test_of_another_county_than_the_admission_s(self, window: Window) -> None:
        his = His(window)
        stay = await his.discharged()

        assert "参保地" in await his.refusal("2304", stay.bill(), insuplc_admdvs="522632")


ODD = ("", " ", "x" * 201, "0", "-1", "9999-12-31", "0001-01-01", "１", "' OR 1=1", "\x1f", "😀", 0, 1.5, True, [], {})


class TestOddValues:
    @pytest.mark.parametrize("infno", ["1101", "2401", "2402", "2303", "2304", "2305", "2601"])
    async def test_in_any_field_are_answered_by_an_envelope(self, window: Window, infno: str) -> None:
        his = His(window)
        stay, admission = await his.discharged(), his.a_message_id()
        whole = {
            "1101": {
                "data": {
                    "mdtrt_cert_type": "02",
                    "mdtrt_cert_no": a_person().number,
                    "psn_name": "王某某",
                    "psn_cert_type": "01",
                    "certno": a_person().number,
                    "begntime": "2016-09-01",
                }
            },
            "2401": an_admission(stay.psn_no, ipt_no="Z9"),
            "2402": a_discharge(stay),
            "2303": stay.bill(mid_setl_flag="0", psn_setlway="01", dscgTime="2016-09-12"),
            "2304": stay.bill(mid_setl_flag="0", psn_setlway="01", dscgTime="2016-09-12"),
            "2305": {"data": stay.named(setl_id="C" * 26)},
            "2601": {"data": {"psn_no": stay.psn_no, "omsgid": admission, "oinfno": "2304"}},
        }[infno]
        for node, fields in whole.items():
            name_of = fields if isinstance(fields, dict) else fields[0]
            for name in name_of:
                for odd in ODD:
                    changed = name_of | {name: odd}
                    given = whole | {node: changed if isinstance(fields, dict) else [changed]}
                    answer = await his.send(infno, given)
                    assert answer.status_code == 200, (node, name, odd, answer.text)
                    assert answer.json()["infcode"] in {"0", "-1"}


class TestOrder:
    async def test_nothing_is_settled_before_the_discharge(self, window: Window) -> None:
        his = His(window)
        stay = await his.admit()

        assert "尚未办理出院登记" in await his.refusal("2303", stay.bill())
        assert "尚未办理出院登记" in await his.refusal("2304", stay.bill())

    async def test_no_discharge_is_told_of_a_settled_stay(self, window: Window) -> None:
        his = His(window)
        stay = await his.discharged()
        await his.ask("2304", stay.bill())

        assert "人员已结算" in await his.refusal("2402", a_discharge(stay, endtime="2016-09-13"))

    async def test_one_bed_holds_one_stay_and_is_free_after_the_discharge(self, window: Window) -> None:
        his = His(window)
        stay = await his.admit()
        assert "入院登记已上传" in await his.refusal("2401", an_admission(stay.psn_no))
        await his.ask("2402", a_discharge(stay))

        again = await his.ask("2401", an_admission(stay.psn_no, begntime="2016-10-01"))

        assert again["result"]["mdtrt_id"] != stay.mdtrt_id

    @pytest.mark.parametrize("setl_id", ["C" * 26, "no id", "settlement of another stay"])
    async def test_only_the_stay_s_own_settlements_are_reversed(self, window: Window, setl_id: str) -> None:
        his = His(window)
        stay, other = await his.discharged(ipt_no="Z1"), await his.discharged(ipt_no="Z2")
        settled = await his.ask("2304", other.bill())
        named = settled["setlinfo"]["setl_id"] if "another" in setl_id else setl_id

        assert "没有此结算ID" in await his.refusal("2305", {"data": stay.named(setl_id=named)})

    async def test_a_stay_of_another_hospital_is_as_unknown(self, window: Window) -> None:
        his, stranger = His(window), His(window, code=OTHER_HOSPITAL)
        stay = await his.discharged()
        setl_id = (await his.ask("2304", stay.bill()))["setlinfo"]["setl_id"]

        foreign = Stay(stay.psn_no, stay.mdtrt_id)
        reasons = {
            await stranger.refusal("2402", a_discharge(foreign)),
            await stranger.refusal("2303", foreign.bill()),
            await stranger.refusal("2304", foreign.bill()),
            await stranger.refusal("2305", {"data": foreign.named(setl_id=setl_id)}),
        }

        assert reasons == {"没有找到该就诊ID的入院登记"}
        assert "请先办理人员基本信息获取" in await stranger.refusal("2401", an_admission(stay.psn_no))

    async def test_an_institution_that_the_county_does_not_list_is_refused(self, window: Window) -> None:
        his = His(window, code=UNLISTED)
        data = {"mdtrt_cert_type": "02", "mdtrt_cert_no": a_person().number, "psn_name": "王某某"}

        assert "机构表" in await his.refusal("1101", {"data": data})
