"""The words a test of the national interface speaks: a hospital's system that numbers its messages, and one stay."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from tests.integration.settlement_api.conftest import Window
from tests.integration.settlement_api.vocabulary import BEIPIAO, HOSPITAL, STROKE, Person, a_person

TOTALS = {
    "medfee_sumamt": "52000.00",
    "fulamt_ownpay_amt": "1500.00",
    "overlmt_selfpay": "0.00",
    "preselfpay_amt": "500.00",
    "inscp_scp_amt": "50000.00",
}


@dataclass
class Stay:
    """One stay as the hospital's system holds it."""

    psn_no: str
    mdtrt_id: str

    def named(self, **more: Any) -> dict[str, Any]:
        return {"psn_no": self.psn_no, "mdtrt_id": self.mdtrt_id} | more

    def bill(self, **more: Any) -> dict[str, Any]:
        return {"data": self.named(**TOTALS, insutype="390", **more)}


@dataclass
class His:
    """A hospital's system: makes envelopes, numbers them, and reads answers."""

    window: Window
    code: str = HOSPITAL
    county: str = BEIPIAO
    _serial: count[int] = field(default_factory=lambda: count(1))

    def a_message_id(self) -> str:
        return f"{self.code}20170601100000{next(self._serial):04d}"

    def envelope(self, infno: str, given: Any, **fields: Any) -> dict[str, Any]:
        usual = {
            "infno": infno,
            "msgid": fields.pop("msgid", None) or self.a_message_id(),
            "mdtrtarea_admvs": "211381",
            "insuplc_admdvs": self.county,
            "recer_sys_code": "YZ",
            "dev_no": "",
            "dev_safe_info": "",
            "cainfo": "",
            "signtype": "",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "001",
            "opter_name": "窗口一",
            "inf_time": "2017-06-01 10:00:00",
            "fixmedins_code": self.code,
            "fixmedins_name": "北票市第一示范医院",
            "sign_no": "1",
            "input": given,
        }
        return {name: value for name, value in (usual | fields).items() if value is not ...}

    async def send(self, infno: str, given: Any, **fields: Any) -> httpx.Response:
        return await self.post(self.envelope(infno, given, **fields))

    async def post(self, envelope: Any, *, caller: str | None = None) -> httpx.Response:
        headers = self.window.hospital(caller or self.code)
        return await self.window.client.post("/v1/his/messages", json=envelope, headers=headers)

    async def ask(self, infno: str, given: Any, **fields: Any) -> dict[str, Any]:
        """Return the output of a success."""
        answer = await self.send(infno, given, **fields)
        told = answer.json()
        assert (answer.status_code, told.get("infcode")) == (200, "0"), answer.text
        output: dict[str, Any] = told["output"]
        return output

    async def refusal(self, infno: str, given: Any, **fields: Any) -> str:
        """Return why a message was refused, after seeing that it changed nothing."""
        before = await self.window.row_counts()
        told = refused(await self.send(infno, given, **fields))
        assert await self.window.row_counts() == before
        return told

    async def identify(self, person: Person | None = None, **fields: Any) -> dict[str, Any]:
        person = person or a_person()
        data = {"mdtrt_cert_type": "02", "mdtrt_cert_no": person.number, "psn_name": person.name} | fields
        return await self.ask("1101", {"data": data})

    async def admit(self, person: Person | None = None, *, ipt_no: str = "Z2016001", **fields: Any) -> Stay:
        psn_no = (await self.identify(person))["baseinfo"]["psn_no"]
        result = (await self.ask("2401", an_admission(psn_no, ipt_no=ipt_no, **fields)))["result"]
        return Stay(psn_no, result["mdtrt_id"])

    async def discharged(self, person: Person | None = None, **fields: Any) -> Stay:
        stay = await self.admit(person, **fields)
        await self.ask("2402", a_discharge(stay))
        return stay


def refused(answer: httpx.Response) -> str:
    told = answer.json()
    assert (answer.status_code, told.get("infcode"), told.get("output")) == (200, "-1", {}), answer.text
    assert told["err_msg"]
    message: str = told["err_msg"]
    return message


def an_admission(psn_no: str, /, **fields: Any) -> dict[str, Any]:
    usual = {
        "psn_no": psn_no,
        "insutype": "390",
        "coner_name": "王大",
        "tel": "13800000000",
        "begntime": "2016-09-07 09:30:00",
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": a_person().number,
        "med_type": "21",
        "ipt_no": "Z2016001",
        "expContent": {"floor": 3.5},
    }
    return {"mdtrtinfo": usual | fields, "diseinfo": [{"psn_no": psn_no, "diag_code": STROKE, "maindiag_flag": "1"}]}


def a_discharge(stay: Stay, *, diagnoses: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    usual = stay.named(insutype="390", endtime="2016-09-12 10:00:00", dscg_way="1")
    rows = [{"diag_type": "1", "maindiag_flag": "1", "diag_code": STROKE, "diag_name": "脑梗死"}]
    return {"dscginfo": usual | fields, "diseinfo": rows if diagnoses is None else diagnoses}


def an_undoing(stay: Stay, *, msgid: str, infno: str = "2304") -> dict[str, Any]:
    return {"data": {"psn_no": stay.psn_no, "omsgid": msgid, "oinfno": infno}}
