"""The national interface's conversation about one stay, from 1101 to 2305, and what its amounts must satisfy."""

from __future__ import annotations

from decimal import Decimal

from tests.integration.settlement_api.conftest import Window, an_insurance
from tests.integration.settlement_api.his_vocabulary import TOTALS, His, a_discharge
from tests.integration.settlement_api.vocabulary import HOSPITAL, a_bill, a_person, a_stay

ALLOWANCE = "allowance_recipient"
_FUNDS = ("hifp_pay", "hifob_pay", "hifmi_pay", "cvlserv_pay", "maf_pay", "hifes_pay", "hifdm_pay", "oth_pay")


def _sum(node: dict[str, str], *names: str) -> Decimal:
    return sum((Decimal(node[name]) for name in names), Decimal(0))


def _hold_identities(output: dict) -> None:
    """Hold an answer to the identities of the interface (conventions of the field, 1.11)."""
    node = output["setlinfo"]
    parts = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    total = Decimal(node["medfee_sumamt"])
    assert total == _sum(node, *parts)
    assert total == _sum(node, *_FUNDS, "hosp_part_amt", "psn_part_amt")
    assert Decimal(node["fund_pay_sumamt"]) == _sum(node, *_FUNDS)
    assert Decimal(node["psn_part_amt"]) == _sum(node, "acct_pay", "acct_mulaid_pay", "psn_cash_pay")
    assert Decimal(node["fund_pay_sumamt"]) == sum(Decimal(row["fund_payamt"]) for row in output["setldetail"])


async def test_a_stay_is_told_previewed_settled_and_reversed(window: Window) -> None:
    his, person = His(window), await window.register(a_person(), ALLOWANCE)

    told = await his.identify(person)
    stay = await his.discharged(person)
    preview = await his.ask("2303", stay.bill())
    settled = await his.ask("2304", stay.bill())
    setl_id = settled["setlinfo"]["setl_id"]
    reversed_ = await his.ask("2305", {"data": stay.named(setl_id=setl_id)})

    assert told["baseinfo"] | {"expContent": {}} == {
        "psn_no": stay.psn_no,
        "psn_cert_type": "01",
        "certno": person.number,
        "psn_name": person.name,
        "gend": "1",
        "naty": "",
        "brdy": "1965-03-15",
        "age": "52.1",
        "expContent": {},
    }
    assert told["idetinfo"] == [
        {"psn_idet_type": "7019", "psn_type_lv": "", "memo": "低保对象", "begntime": "2015-01-01", "endtime": ""}
    ]
    assert [(row["insutype"], row["psn_insu_stas"], row["insuplc_admdvs"]) for row in told["insuinfo"]] == [
        ("380", "1", "211381")
    ]
    node = settled["setlinfo"]
    assert {name: node[name] for name in TOTALS} == TOTALS
    amounts = {name: node[name] for name in ("hifp_pay", "hifmi_pay", "maf_pay", "oth_pay", "psn_part_amt")}
    assert amounts == {
        "hifp_pay": "39760.00",
        "hifmi_pay": "3668.00",
        "maf_pay": "4600.40",
        "oth_pay": "0.00",
        "psn_part_amt": "3971.60",
    }
    assert (node["act_pay_dedc"], node["pool_prop_selfpay"], node["setl_time"]) == (
        "300.00",
        "0.7952",
        "2017-06-01 10:00:00",
    )
    assert [(row["fund_pay_type"], row["fund_payamt"]) for row in settled["setldetail"]] == [
        ("390100", "39760.00"),
        ("390200", "3668.00"),
        ("610100", "4600.40"),
    ]
    assert max(len(each) for each in (setl_id, stay.mdtrt_id, stay.psn_no)) <= 30
    assert "setl_id" not in preview["setlinfo"]
    assert preview["setldetail"] == settled["setldetail"]
    mirrored = reversed_["setlinfo"]
    assert {name: mirrored[name] for name in amounts if name != "oth_pay"} == {
        name: f"-{amount}" for name, amount in amounts.items() if name != "oth_pay"
    }
    assert mirrored["setl_id"] not in {"", setl_id}
    for output in (preview, settled, reversed_):
        _hold_identities(output)
    assert await window.accumulated(person.person_id) == {}


async def test_both_interfaces_pay_the_same_and_see_each_other_s_settlements(window: Window) -> None:
    his, person = His(window), await window.register(a_person(), ALLOWANCE)
    stay = await his.discharged(person)
    bill = a_bill("50000", own="1500", first="500")
    asked = (await window.preview(a_stay(person, on="2016-09-12", admitted_on="2016-09-07", bill=bill))).json()

    node = (await his.ask("2304", stay.bill()))["setlinfo"]

    assert Decimal(node["psn_part_amt"]) * 100 == asked["patient_pays_fen"]
    listed = await window.get("/v1/settlements", window.hospital(HOSPITAL), record_no=stay.mdtrt_id)
    (kept,) = listed.json()["items"]
    assert kept["settlement_id"] == node["expContent"]["settlement_id"]
    undone = await window.post(
        "/v1/reversals", {"record_no": stay.mdtrt_id, "reason": "录错"}, window.hospital(HOSPITAL)
    )
    assert undone.status_code == 201
    again = await his.ask("2305", {"data": stay.named(setl_id=node["setl_id"])})
    assert again["setlinfo"]["expContent"]["reversal_id"] == undone.json()["reversal_id"]
    assert await window.sql("SELECT count(*) FROM journal_entry") == [(2,)]


async def test_a_reversed_stay_is_settled_again_as_the_next_attempt(window: Window) -> None:
    his = His(window)
    stay = await his.discharged(await window.register())
    first = await his.ask("2304", stay.bill())
    await his.ask("2305", {"data": stay.named(setl_id=first["setlinfo"]["setl_id"])})
    await his.ask("2402", a_discharge(stay, endtime="2016-09-13"))

    second = await his.ask("2304", stay.bill(dscgTime="2016-09-13 08:00:00"))

    assert second["setlinfo"]["setl_id"] != first["setlinfo"]["setl_id"]
    assert await window.sql("SELECT attempt, state FROM settlement ORDER BY attempt") == [
        (1, "reversed"),
        (2, "settled"),
    ]


async def test_who_stands_on_no_list_is_answered_as_ordinary(window: Window) -> None:
    his = His(window)

    unknown = await his.identify(a_person())
    other_name = await window.register(a_person(2), ALLOWANCE)
    mismatch = await his.ask(
        "1101", {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": other_name.number, "psn_name": "李某"}}
    )

    for told in (unknown, mismatch):
        assert told["idetinfo"] == []
        assert told["baseinfo"]["expContent"]["identity_open"] == "1"
        assert [row["insutype"] for row in told["insuinfo"]] == ["380"]


async def test_the_place_of_insurance_is_found_where_the_message_does_not_tell(window: Window) -> None:
    his, person = His(window), await window.register(a_person(), ALLOWANCE)
    data = {
        "data": {
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person.number,
            "psn_name": person.name,
            "certno": person.number.lower(),
            "begntime": "2016-09-01",
        }
    }

    known = await his.ask("1101", data, insuplc_admdvs=None, mdtrtarea_admvs=None)
    stranger = a_person(7)
    unknown = await his.ask(
        "1101",
        {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": stranger.number, "psn_name": stranger.name}},
        insuplc_admdvs="",
    )

    assert known["insuinfo"][0]["insuplc_admdvs"] == unknown["insuinfo"][0]["insuplc_admdvs"] == "211381"
    assert known["baseinfo"]["age"] == "51.4"
    nowhere = {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": stranger.number, "psn_name": stranger.name}}
    assert "参保地" in await his.refusal("1101", nowhere, insuplc_admdvs=None, mdtrtarea_admvs=None)


async def test_the_registry_s_insurance_rules_and_the_admission_s_only_where_it_is_silent(window: Window) -> None:
    his, person = His(window), a_person()
    stay = await his.discharged(person)
    assert await _insured_as(his, window, stay.bill()) == ["resident", "insured"]

    await window.register(person)
    await window.tell(an_insurance(person, state="not_insured", version=2))
    paid = (await his.ask("2303", stay.bill()))["setlinfo"]

    assert (paid["fund_pay_sumamt"], paid["psn_part_amt"], paid["pool_prop_selfpay"]) == ("0.00", "52000.00", "0.0000")


async def _insured_as(his: His, window: Window, bill: dict) -> list[str]:
    settled = await his.ask("2304", bill)
    (inputs,) = await window.sql("SELECT inputs->'insurance' FROM settlement_record")
    await his.ask(
        "2305",
        {
            "data": {name: bill["data"][name] for name in ("psn_no", "mdtrt_id")}
            | {"setl_id": settled["setlinfo"]["setl_id"]}
        },
    )
    return list(inputs[0][:2])


async def test_numbers_and_names_are_stored_sealed_only(window: Window) -> None:
    his, person = His(window), await window.register(a_person())
    stay = await his.discharged(person)
    await his.ask("2304", stay.bill())

    stored = ""
    for table in ("his_person", "his_stay", "his_message"):
        stored += str(await window.sql(f"SELECT to_jsonb(t) || '{{}}' FROM {table} t"))  # noqa: S608 - names of this test
        assert await window.sql(f"SELECT count(*) > 0 FROM {table}") == [(True,)]  # noqa: S608 - the same

    for secret in (person.number, person.name, "王大", "13800000000"):
        assert secret not in stored
        assert secret.encode().hex() not in stored
