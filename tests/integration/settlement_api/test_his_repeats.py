"""Messages of the national interface that arrive again, whose answer was lost, or that come at the same moment."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

from services.settlement.adapters import his_messages
from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.his_vocabulary import His, Stay, a_discharge, an_admission, an_undoing, refused
from tests.integration.settlement_api.vocabulary import OTHER_HOSPITAL, a_person

_AT_ONCE = 6


async def _moved(window: Window) -> tuple[int, int, int]:
    """Return how many settlements, reversals and journal entries there are; each entry told one fact."""
    counts = await window.row_counts()
    assert counts["outbox_event"] == counts["journal_entry"]
    return counts["settlement"], counts["reversal"], counts["journal_entry"]


async def _settled(his: His) -> tuple[Stay, str, str]:
    """Settle a stay; return it, the number of its 2304, and the settlement's id."""
    stay, message_id = await his.discharged(await his.window.register()), his.a_message_id()
    settled = await his.ask("2304", stay.bill(), msgid=message_id)
    return stay, message_id, settled["setlinfo"]["setl_id"]


async def test_every_transaction_repeated_gets_its_first_answer_byte_for_byte(window: Window) -> None:
    his, person = His(window), await window.register()
    identified = {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": person.number, "psn_name": person.name}}
    stay = await his.discharged(person)
    setl_id = (await his.ask("2304", stay.bill()))["setlinfo"]["setl_id"]
    undone = {"data": stay.named(setl_id=setl_id)}
    other = await his.admit(a_person(2), ipt_no="Z2", mdtrt_cert_no=a_person(2).number)
    conversation = [
        ("1101", identified),
        ("2401", an_admission(stay.psn_no, ipt_no="Z3")),
        ("2305", undone),
        ("2402", a_discharge(stay)),
        ("2303", stay.bill()),
        ("2304", stay.bill()),
        ("2402", a_discharge(other)),
    ]
    sent = [his.envelope(infno, given) for infno, given in conversation]
    first = [await his.post(each) for each in sent]
    stored = await window.row_counts()
    window.now = datetime(2017, 7, 1, tzinfo=UTC)

    # The operator signs in anew and the message is stamped anew; what it says is the same.
    again = [await his.post(each | {"inf_time": "2017-07-01 08:00:00", "sign_no": "2"}) for each in sent]

    assert [each.json()["infcode"] for each in first] == ["0"] * len(sent), [each.text for each in first]
    assert [each.content for each in again] == [each.content for each in first]
    assert {each.headers.get("idempotent-replayed") for each in again} == {"true"}
    assert {each.headers.get("idempotent-replayed") for each in first} == {None}
    assert await window.row_counts() == stored


async def test_a_repeat_after_the_reversal_shows_the_answer_of_its_time_and_settles_nothing(window: Window) -> None:
    his = His(window)
    stay, message_id, setl_id = await _settled(his)
    await his.ask("2305", {"data": stay.named(setl_id=setl_id)})

    again = await his.ask("2304", stay.bill(), msgid=message_id)

    assert again["setlinfo"]["setl_id"] == setl_id
    assert await _moved(window) == (1, 1, 2)


async def test_the_same_number_with_other_content_is_refused(window: Window) -> None:
    his = His(window)
    stay, message_id, setl_id = await _settled(his)

    reasons = {
        await his.refusal("2304", stay.bill(expContent={"a": 1}), msgid=message_id),
        await his.refusal("2305", {"data": stay.named(setl_id=setl_id)}, msgid=message_id),
        await his.refusal("2304", stay.bill(), msgid=message_id, insuplc_admdvs="522632"),
    }

    assert reasons == {"该发送方报文ID已用于内容不同的报文，请使用新的报文ID"}


async def test_a_refused_message_may_be_sent_again_and_is_judged_anew(window: Window) -> None:
    his = His(window)
    stay, message_id = await his.admit(await window.register()), his.a_message_id()
    assert "2402" in await his.refusal("2304", stay.bill(), msgid=message_id)
    await his.ask("2402", a_discharge(stay))

    settled = await his.ask("2304", stay.bill(), msgid=message_id)

    assert settled["setlinfo"]["medins_setl_id"] == message_id


async def test_a_settlement_whose_answer_was_lost_is_undone_once(window: Window) -> None:
    his, person = His(window), await window.register()
    stay, lost = await his.discharged(person), his.a_message_id()
    before = await window.accumulated(person.person_id)
    await his.send("2304", stay.bill(), msgid=lost)

    first = await his.ask("2601", an_undoing(stay, msgid=lost))
    again = await his.ask("2601", an_undoing(stay, msgid=lost))

    assert first == again == {}
    assert await _moved(window) == (1, 1, 2)
    assert await window.accumulated(person.person_id) == before
    assert await window.sql("SELECT reason FROM reversal") == [(f"2601 冲正 {lost}",)]


async def test_undoing_a_lost_settlement_leaves_the_next_one_alone(window: Window) -> None:
    his = His(window)
    stay, lost, _ = await _settled(his)
    await his.ask("2601", an_undoing(stay, msgid=lost))
    await his.ask("2304", stay.bill())

    await his.ask("2601", an_undoing(stay, msgid=lost))

    assert await window.sql("SELECT state FROM settlement ORDER BY attempt") == [("reversed",), ("settled",)]


async def test_a_settled_stay_is_not_settled_again_by_another_message(window: Window) -> None:
    his = His(window)
    stay, _, setl_id = await _settled(his)

    assert await his.refusal("2304", stay.bill()) == f"人员已结算，结算ID {setl_id}"
    other = {"data": stay.bill()["data"] | {"medfee_sumamt": "52000.01", "fulamt_ownpay_amt": "1500.01"}}
    assert "已结算" in await his.refusal("2304", other)


async def test_an_admission_whose_answer_was_lost_is_taken_back(window: Window) -> None:
    his = His(window)
    psn_no = (await his.identify(await window.register()))["baseinfo"]["psn_no"]
    lost = his.a_message_id()
    answer = await his.send("2401", an_admission(psn_no), msgid=lost)
    stay = Stay(psn_no, answer.json()["output"]["result"]["mdtrt_id"])
    assert "入院登记已上传" in await his.refusal("2401", an_admission(psn_no))

    for _ in range(2):
        assert await his.ask("2601", an_undoing(stay, msgid=lost, infno="2401")) == {}

    assert "已冲正" in await his.refusal("2402", a_discharge(stay))
    assert "已冲正" in await his.refusal("2304", stay.bill())
    again = await his.ask("2401", an_admission(psn_no))
    assert again["result"]["mdtrt_id"] != stay.mdtrt_id


async def test_the_admission_of_a_settled_stay_is_not_taken_back(window: Window) -> None:
    his = His(window)
    psn_no = (await his.identify(await window.register()))["baseinfo"]["psn_no"]
    admission = his.a_message_id()
    result = (await his.ask("2401", an_admission(psn_no), msgid=admission))["result"]
    stay = Stay(psn_no, result["mdtrt_id"])
    await his.ask("2402", a_discharge(stay))
    await his.ask("2304", stay.bill())

    assert "已结算" in await his.refusal("2601", an_undoing(stay, msgid=admission, infno="2401"))


async def test_what_cannot_be_undone_is_refused_clearly(window: Window) -> None:
    his = His(window)
    stay, message_id, setl_id = await _settled(his)
    reversal = his.a_message_id()
    stranger = His(window, code=OTHER_HOSPITAL)

    reasons = {
        "unknown": await his.refusal("2601", an_undoing(stay, msgid=his.a_message_id())),
        "another transaction": await his.refusal("2601", an_undoing(stay, msgid=message_id, infno="2401")),
        "another person": await his.refusal("2601", {"data": {"psn_no": "P", "omsgid": message_id, "oinfno": "2304"}}),
        "preview": await his.refusal("2601", an_undoing(stay, msgid=message_id, infno="2303")),
        "foreign": await stranger.refusal("2601", an_undoing(stay, msgid=message_id)),
    }
    await his.ask("2305", {"data": stay.named(setl_id=setl_id)}, msgid=reversal)
    reasons["reversal"] = await his.refusal("2601", an_undoing(stay, msgid=reversal, infno="2305"))

    unknown = "没有找到原报文，未发生任何业务；若原报文仍在途中，请待其应答后再冲正"
    assert reasons == {
        "unknown": unknown,
        "another transaction": "原报文的交易编号是 2304",
        "another person": "人员编号与就诊登记不一致",
        "preview": "交易 2303 不支持冲正",
        "foreign": unknown,
        "reversal": "结算撤销不能冲正；如需恢复，请重新办理住院结算（2304）",
    }
    assert await _moved(window) == (1, 1, 2)


async def test_what_fails_after_its_effect_leaves_nothing_and_may_be_sent_again(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    his = His(window)
    stay = await his.discharged(await window.register())
    envelope, stored = his.envelope("2304", stay.bill()), await window.row_counts()

    async def cut(*_: object, **__: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as broken:
        broken.setattr(his_messages, "keep", cut)
        lost = await his.post(envelope)
    left = await window.row_counts()
    settled = await his.post(envelope)

    assert (lost.status_code, lost.json()["code"]) == (503, "upstream_unavailable")
    assert left == stored
    assert settled.json()["infcode"] == "0"
    assert await _moved(window) == (1, 0, 1)


class TestAtTheSameMoment:
    async def test_one_settling_message_sent_many_times_settles_once(self, window: Window) -> None:
        his = His(window)
        stay = await his.discharged(await window.register())
        envelope = his.envelope("2304", stay.bill())

        answers = await asyncio.gather(*(his.post(envelope) for _ in range(_AT_ONCE)))

        assert {each.status_code for each in answers} == {200}
        assert len({each.content for each in answers}) == 1
        assert answers[0].json()["infcode"] == "0"
        assert await _moved(window) == (1, 0, 1)

    async def test_many_settling_messages_of_one_stay_settle_once(self, window: Window) -> None:
        his = His(window)
        stay = await his.discharged(await window.register())

        answers = await asyncio.gather(*(his.send("2304", stay.bill()) for _ in range(_AT_ONCE)))

        codes = [each.json()["infcode"] for each in answers]
        assert sorted(codes) == ["-1"] * (_AT_ONCE - 1) + ["0"]
        assert {each.json()["err_msg"][:5] for each in answers if each.json()["infcode"] == "-1"} == {"人员已结算"}
        assert await _moved(window) == (1, 0, 1)

    async def test_an_undoing_and_its_repeats_move_money_once(self, window: Window) -> None:
        his = His(window)
        stay, lost, setl_id = await _settled(his)
        one = his.envelope("2601", an_undoing(stay, msgid=lost))

        answers = await asyncio.gather(
            *(his.post(one) for _ in range(_AT_ONCE)),
            *(his.send("2601", an_undoing(stay, msgid=lost)) for _ in range(_AT_ONCE)),
            *(his.send("2305", {"data": stay.named(setl_id=setl_id)}) for _ in range(2)),
            window.post("/v1/reversals", {"record_no": stay.mdtrt_id, "reason": "录错"}, window.hospital(his.code)),
        )

        assert {each.json()["infcode"] for each in answers[:-1]} == {"0"}
        assert answers[-1].status_code in {200, 201}
        assert await _moved(window) == (1, 1, 2)

    async def test_an_undoing_waits_for_its_original_or_finds_none(self, window: Window) -> None:
        his = His(window)
        for order in range(3):
            stay, message_id = await his.discharged(await window.register(), ipt_no=f"Z{order}"), his.a_message_id()

            settled, undone = await asyncio.gather(
                his.send("2304", stay.bill(), msgid=message_id), his.send("2601", an_undoing(stay, msgid=message_id))
            )

            assert settled.json()["infcode"] == "0"
            ((state,),) = await window.sql("SELECT state FROM settlement WHERE record_no = :no", no=stay.mdtrt_id)
            is_undone = undone.json()["infcode"] == "0"
            assert state == ("reversed" if is_undone else "settled")
            if not is_undone:
                assert "没有找到原报文" in refused(undone)

    async def test_a_corrected_discharge_is_settled_as_corrected_or_refused(self, window: Window) -> None:
        his = His(window)
        for order in range(3):
            stay = await his.discharged(await window.register(), ipt_no=f"Z{order}")

            settled, corrected = await asyncio.gather(
                his.send("2304", stay.bill()), his.send("2402", a_discharge(stay, endtime="2016-09-13"))
            )

            assert settled.json()["infcode"] == "0"
            ((told, booked),) = await window.sql(
                "SELECT s.discharged_on, b.discharged_on FROM his_stay s JOIN settlement b ON b.record_no = s.mdtrt_id "
                "WHERE s.mdtrt_id = :no",
                no=stay.mdtrt_id,
            )
            assert told == booked
            assert (corrected.json()["infcode"] == "0") == (booked == date(2016, 9, 13))

    async def test_an_admission_is_taken_back_or_its_stay_settled_and_never_both(self, window: Window) -> None:
        his = His(window)
        psn_no = (await his.identify(await window.register()))["baseinfo"]["psn_no"]
        for order in range(3):
            admission = his.a_message_id()
            result = (await his.ask("2401", an_admission(psn_no, ipt_no=f"Z{order}"), msgid=admission))["result"]
            stay = Stay(psn_no, result["mdtrt_id"])
            await his.ask("2402", a_discharge(stay))

            settled, undone = await asyncio.gather(
                his.send("2304", stay.bill()), his.send("2601", an_undoing(stay, msgid=admission, infno="2401"))
            )

            assert sorted(each.json()["infcode"] for each in (settled, undone)) == ["-1", "0"]

    async def test_one_bed_is_registered_once(self, window: Window) -> None:
        his = His(window)
        psn_no = (await his.identify(await window.register()))["baseinfo"]["psn_no"]

        answers = await asyncio.gather(*(his.send("2401", an_admission(psn_no)) for _ in range(_AT_ONCE)))

        assert sorted(each.json()["infcode"] for each in answers) == ["-1"] * (_AT_ONCE - 1) + ["0"]
        assert await window.sql("SELECT count(*) FROM his_stay") == [(1,)]
