"""The conversations that a HIS vendor runs (make his-kit), held with the app itself; and that the kit can fail.

There is no line to cut here, so a cut one is an answer nobody reads; tests/e2e/test_his_kit.py cuts a real one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.kit.text_yaml import DataFileInvalid
from local.his_kit import failed, new_facts, numbering, run_kit
from local.his_script import FOLDER, Conversation, Step, read_conversations
from local.his_talk import Line, Talk, broken_identities
from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import BEIPIAO, HOSPITAL

TODAY = date(2017, 6, 1)
CONVERSATIONS = {each.name: each for each in read_conversations()}


def a_line(window: Window) -> Line:
    async def send(envelope: Mapping[str, Any]) -> httpx.Response:
        return await window.client.post("/v1/his/messages", json=envelope, headers=window.hospital(HOSPITAL))

    async def cut(envelope: Mapping[str, Any]) -> None:
        await send(envelope)

    async def settlements(record_no: str) -> list[str]:
        found = await window.get("/v1/settlements", window.hospital(HOSPITAL), record_no=record_no)
        return [item["state"] for item in found.json()["items"]]

    return Line(send, cut, settlements, numbering(HOSPITAL, "20170601100000"))


async def _problems(line: Line, conversation: Conversation) -> list[str]:
    facts = new_facts(institution=HOSPITAL, county=BEIPIAO, today=TODAY)
    outcomes = await Talk(line, facts).hold(conversation)
    return [f"step {each.step} {each.what}: {problem}" for each in outcomes for problem in each.problems]


@pytest.mark.parametrize("name", CONVERSATIONS)
async def test_goes_as_recorded(window: Window, name: str) -> None:
    assert await _problems(a_line(window), CONVERSATIONS[name]) == []


class TestTheKit:
    async def test_fails_on_a_broken_expectation_and_says_where(
        self, window: Window, capsys: pytest.CaptureFixture[str]
    ) -> None:
        whole = CONVERSATIONS["stay/whole_stay"]
        last = whole.steps[5]
        assert isinstance(last, Step)
        broken = replace(last, expect={"output.setlinfo.medfee_sumamt": "-1.00"})
        steps = (*whole.steps[:5], broken, *whole.steps[6:])

        held = await run_kit(
            a_line(window),
            [whole, replace(whole, name="broken", steps=steps)],
            institution=HOSPITAL,
            county=BEIPIAO,
            today=TODAY,
        )

        assert failed(held) == ["broken"]
        said = capsys.readouterr().out
        assert "6 2305 住院结算撤销: FAILED" in said
        assert "output.setlinfo.medfee_sumamt is '-52000.00', not -1.00" in said

    async def test_fails_when_a_repeat_is_answered_otherwise(self, window: Window) -> None:
        line = a_line(window)
        answers = 0

        async def send(envelope: Mapping[str, Any]) -> httpx.Response:
            nonlocal answers
            answers += 1
            answer = await line.send(envelope)
            told = json.loads(answer.content) | {"inf_refmsgid": str(answers)}
            return httpx.Response(answer.status_code, json=told)

        problems = await _problems(replace(line, send=send), CONVERSATIONS["stay/every_point/2304-twice"])

        assert problems == ["step 6 2304 住院结算: the repeated message is answered otherwise than the first"]

    async def test_fails_when_a_settlement_was_booked_twice(self, window: Window) -> None:
        line = a_line(window)

        async def settlements(record_no: str) -> list[str]:
            return [*await line.settlements(record_no), "settled"]

        problems = await _problems(replace(line, settlements=settlements), CONVERSATIONS["stay/whole_stay"])

        assert problems == ["step 7 结算笔数: the record has other settlements"]

    async def test_stops_where_an_answer_did_not_give_what_comes_next(self, window: Window) -> None:
        line = a_line(window)

        async def send(_: Mapping[str, Any]) -> httpx.Response:
            return httpx.Response(502, text="<html>")

        problems = await _problems(replace(line, send=send), CONVERSATIONS["stay/whole_stay"])

        assert problems == [
            "step 1 1101 人员基本信息获取: status is '502', not 200",
            "step 1 1101 人员基本信息获取: infcode is None, not 0",
            "step 2 入院办理: ${psn_no} is not known: an earlier step did not give it",
        ]

    def test_finds_a_settlement_whose_sums_do_not_hold(self) -> None:
        amounts = dict.fromkeys(
            (
                *("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"),
                *("hifp_pay", "hifob_pay", "hifmi_pay", "cvlserv_pay", "maf_pay", "hifes_pay", "hifdm_pay", "oth_pay"),
                *("fund_pay_sumamt", "hosp_part_amt", "psn_part_amt", "acct_pay", "acct_mulaid_pay", "psn_cash_pay"),
            ),
            "0.00",
        )

        assert broken_identities({}) == broken_identities({"setlinfo": amounts, "setldetail": []}) == []
        assert broken_identities({"setlinfo": amounts | {"maf_pay": "0.01"}, "setldetail": []}) == [
            "broken: fund_pay_sumamt = the payments of all funds"
        ]
        assert broken_identities({"setlinfo": amounts, "setldetail": [{}]}) == [
            "setlinfo lacks an amount: KeyError('fund_payamt')"
        ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("talks: {}", "keys out of"),
        ("conversations: {a: {title: t, steps: [{use: nobody}]}}", "no message is called nobody"),
        ("conversations: {a: {title: t, steps: [{name: n, transaction: '1101'}]}}", "lacks input"),
        ("conversations: {a: {title: t, steps: [{use: settled, fault: late}]}}", "not late"),
        ("conversations: {a: {title: t, begin: [settled], every_point: [late], steps: []}}", "not late"),
    ],
)
def test_a_conversation_that_cannot_be_held_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "messages.yaml").write_text((FOLDER / "messages.yaml").read_text("utf-8"), "utf-8")
    (tmp_path / "more.yaml").write_text(text, "utf-8")

    with pytest.raises(DataFileInvalid, match=reason):
        read_conversations(tmp_path)
