"""Holds a conversation of the national interface with a suite, and says of every step whether it went as expected.

Besides what a step expects: a message answered twice with success is answered the same, byte for byte, and every
settlement told satisfies the identities of the interface. Next hop: services/settlement/api/his.py
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from local.his_script import AT_ONCE, CUT, HELD, LOST, Conversation, Count, Step

_FACT = re.compile(r"\$\{([a-z_.]+)\}")
_JSON = "json:"
_FUNDS = ("hifp_pay", "hifob_pay", "hifmi_pay", "cvlserv_pay", "maf_pay", "hifes_pay", "hifdm_pay", "oth_pay")
_PARTS = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
_ACCOUNTS = ("acct_pay", "acct_mulaid_pay", "psn_cash_pay")


class FactMissing(Exception):
    """A step needs what no earlier answer gave; the rest of the conversation cannot be held."""


class Heard(Protocol):
    """What came back over HTTP."""

    @property
    def status_code(self) -> int:
        """The status."""

    @property
    def content(self) -> bytes:
        """The body."""


@dataclass(frozen=True, slots=True)
class Line:
    """The line to a suite.

    Attributes:
        send: Sends an envelope and waits for the answer.
        cut: Sends an envelope and ends the line without reading.
        settlements: Record number -> the states of its settlements.
        number: Makes the next `msgid`.
    """

    send: Callable[[Mapping[str, Any]], Awaitable[Heard]]
    cut: Callable[[Mapping[str, Any]], Awaitable[None]]
    settlements: Callable[[str], Awaitable[list[str]]]
    number: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One step as it went; `problems` is empty when it went as expected."""

    step: int
    what: str
    sent: str
    expected: str
    got: str
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class Talk:
    """One conversation being held: what is known, which numbers were given, what was answered."""

    line: Line
    facts: dict[str, str]
    numbers: dict[str, str] = field(default_factory=dict)
    answered: dict[tuple[str, str], bytes] = field(default_factory=dict)

    async def hold(self, conversation: Conversation) -> list[Outcome]:
        """Hold it to its end, or to the first step that lacks a fact."""
        outcomes: list[Outcome] = []
        for at, step in enumerate(conversation.steps, start=1):
            try:
                outcomes.append(await (self._count(at, step) if isinstance(step, Count) else self._message(at, step)))
            except FactMissing as missing:
                outcomes.append(Outcome(at, step.name, "-", "-", "-", (str(missing),)))
                break
        return outcomes

    async def _count(self, at: int, step: Count) -> Outcome:
        states = await self.line.settlements(str(self._filled(step.record_no)))
        expected = f"live={step.live} booked={step.booked}"
        got = f"live={states.count('settled')} booked={len(states)}"
        problems = () if got == expected else ("the record has other settlements",)
        asked = f"GET /v1/settlements?record_no={self._filled(step.record_no)}"
        return Outcome(at, step.name, asked, expected, got, problems)

    async def _message(self, at: int, step: Step) -> Outcome:
        self.facts.update(step.facts)
        envelope = self._envelope(at, step)
        text = json.dumps(envelope, ensure_ascii=False, sort_keys=True)
        what = f"{step.transaction} {step.name}"
        if step.fault == HELD:
            return Outcome(at, f"{what} [{step.fault}]", text, "not sent yet", "not sent yet")
        if step.fault == CUT:
            await self.line.cut(envelope)
            return Outcome(at, f"{what} [{step.fault}]", text, "no answer is read", "no answer was read")
        if step.fault == LOST:
            await self.line.send(envelope)
            return Outcome(at, f"{what} [{step.fault}]", text, "the answer is lost", "the answer was lost")
        count = 2 if step.fault == AT_ONCE else 1
        heard = await asyncio.gather(*(self.line.send(envelope) for _ in range(count)))
        mark = f" [{step.fault}]" if count > 1 else ""
        expected = self._expected(step)
        problems = [problem for each in heard for problem in self._problems(each, expected, text, envelope)]
        if not problems:
            told = _told(heard[0])
            self.facts.update({fact: str(_at(told, path)) for fact, path in step.keep.items() if _succeeded(told)})
        shown = " ".join(f"{path}={value}" for path, value in expected.items())
        return Outcome(at, what + mark, text, shown, _shown(heard[0], expected), tuple(problems))

    def _expected(self, step: Step) -> dict[str, str]:
        usual = {"status": "200"} if "status" in step.expect else {"status": "200", "infcode": "0"}
        return usual | {path: str(self._filled(value)) for path, value in step.expect.items()}

    def _problems(self, heard: Heard, expected: Mapping[str, str], text: str, envelope: Mapping[str, Any]) -> list[str]:
        told = _told(heard) | {"status": str(heard.status_code)}
        problems = [
            f"{path} is {_at(told, path)!r}, not {value}"
            for path, value in expected.items()
            if not _fits(told, path, value)
        ]
        if _succeeded(told):
            known = self.answered.setdefault((str(envelope["msgid"]), text), heard.content)
            if known != heard.content:
                problems.append("the repeated message is answered otherwise than the first")
            problems += broken_identities(told["output"])
        return problems

    def _envelope(self, at: int, step: Step) -> dict[str, Any]:
        name = step.message or f"step {at}"
        self.facts["msgid"] = self.numbers.setdefault(name, self.line.number() if name not in self.numbers else "")
        self.facts[f"msgid.{name}"] = self.facts["msgid"]
        given = self._filled(step.given)
        for path, value in step.change.items():
            _set(given, path, self._filled(value))
        usual = {
            "infno": step.transaction,
            "msgid": self.facts["msgid"],
            "mdtrtarea_admvs": self.facts["county"],
            "insuplc_admdvs": self.facts["county"],
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "001",
            "opter_name": "测试",
            "inf_time": f"{self.facts['today']} 10:00:00",
            "fixmedins_code": self.facts["institution"],
            "sign_no": "1",
            "input": given,
        }
        return usual | {key: self._filled(value) for key, value in step.envelope.items()}

    def _filled(self, value: Any) -> Any:  # noqa: ANN401 - texts, lists and mappings of a data file
        if isinstance(value, Mapping):
            return {key: self._filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._filled(each) for each in value]
        text = _FACT.sub(self._fact, value)
        return json.loads(text.removeprefix(_JSON)) if text.startswith(_JSON) else text

    def _fact(self, found: re.Match[str]) -> str:
        if found[1] not in self.facts:
            raise FactMissing(f"${{{found[1]}}} is not known: an earlier step did not give it")
        return self.facts[found[1]]


def broken_identities(output: Mapping[str, Any]) -> list[str]:
    """Return which identities of a settlement (结算恒等式) the node `setlinfo` breaks; none without that node."""
    node = output.get("setlinfo")
    if node is None:
        return []
    try:
        total, patient, funds = (Decimal(node[name]) for name in ("medfee_sumamt", "psn_part_amt", "fund_pay_sumamt"))
        paid = sum(Decimal(row["fund_payamt"]) for row in output["setldetail"])
        sums = {
            "medfee_sumamt = the four parts of the cost": total == _sum(node, _PARTS),
            "medfee_sumamt = funds + hospital + patient": total == funds + Decimal(node["hosp_part_amt"]) + patient,
            "fund_pay_sumamt = the payments of all funds": funds == _sum(node, _FUNDS),
            "fund_pay_sumamt = the rows of setldetail": funds == paid,
            "psn_part_amt = accounts + cash": patient == _sum(node, _ACCOUNTS),
        }
    except (KeyError, InvalidOperation, TypeError) as error:
        return [f"setlinfo lacks an amount: {error!r}"]
    return [f"broken: {name}" for name, holds in sums.items() if not holds]


def _sum(node: Mapping[str, str], names: tuple[str, ...]) -> Decimal:
    return sum((Decimal(node[name]) for name in names), Decimal(0))


def _told(heard: Heard) -> dict[str, Any]:
    try:
        told = json.loads(heard.content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _succeeded(told: Mapping[str, Any]) -> bool:
    return told.get("infcode") == "0"


def _fits(told: Mapping[str, Any], path: str, value: str) -> bool:
    found = _at(told, path)
    return bool(found) if value == "*" else found == value


def _at(value: Any, path: str) -> Any:  # noqa: ANN401 - any node of an answer
    for name in path.split("."):
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, Mapping):
            value = value.get(name)
        else:
            return None
    return value


def _set(node: Any, path: str, value: object) -> None:  # noqa: ANN401 - the input of a data file
    *above, last = path.split(".")
    for name in above:
        node = node[int(name)] if isinstance(node, list) else node[name]
    node[last] = value


def _shown(heard: Heard, expected: Mapping[str, str]) -> str:
    told = _told(heard) | {"status": str(heard.status_code)}
    values = " ".join(f"{path}={_at(told, path)}" for path in expected)
    reason = told.get("err_msg") or told.get("detail") or ""
    return f"{values} {reason}".rstrip()
