"""Ways to ask for something of the belongings, one or more for every route: right for their owner, wrong for others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from secrets import randbelow
from typing import Any, Literal

import httpx

from common.kit.clock import china_date, utc_now
from tests.authority.belongings import COUNTY, FAR_CLAIM, HOSPITAL, RELIEF_FUND, TOWNSHIP, Belongings

Verdict = Literal["named", "guessed", "unseen"]
Asked = Callable[[Belongings], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """One way to ask for something of the belongings.

    Attributes:
        verdict: What a stranger hears: 403 `not_yours`, 404 `not_found`, or a list without anything of the owner's.
        asked: From the belongings to the request: `path` where the route has parameters, and what httpx takes.
        hears: Code that even the owner hears, where nothing can be done yet; empty where the call succeeds.
    """

    what: str
    scope: str
    verdict: Verdict
    asked: Asked
    hears: str = ""

    def is_met_by(self, answer: httpx.Response) -> bool:
        """Say whether this is what the owner hears."""
        return answer.is_success if not self.hears else answer.json()["code"] == self.hears


def _body(**fields: Any) -> Asked:
    return lambda _: {"json": fields}


def _query(**fields: Any) -> Asked:
    return lambda _: {"params": fields}


def _at(path: str, **more: Any) -> Asked:
    return lambda own: {"path": path.format(own=own), **more}


_STAY: Asked = lambda own: {"json": own.stay()}  # noqa: E731 - a table entry
_CHECK: Asked = lambda own: {  # noqa: E731 - the same
    "json": {
        "citizen_id": own.person.citizen_id,
        "name": own.person.name,
        "county": COUNTY,
        "institution_code": HOSPITAL,
        "on": str(china_date(utc_now())),
    }
}
_OPENING: Asked = lambda own: {  # noqa: E731 - the same
    "json": {
        "citizen_id": own.person.citizen_id,
        "name": own.person.name,
        "county": COUNTY,
        "year": 2017,
        "source": "上年账册",
        "layers": [{"account": "basic", "base_fen": 1, "deductible_fen": 0, "paid_fen": 1, "stay_count": 1}],
    }
}
_SHEET: Asked = lambda _: {  # noqa: E731 - the same
    "json": {
        "from": str(china_date(utc_now())),
        "to": str(china_date(utc_now())),
        **dict.fromkeys(("settlement_count", "total_fen", "fund_paid_fen", "patient_paid_fen"), 0),
        "details": [],
    }
}
_CLAIM: Asked = lambda own: {"json": own.stay() | FAR_CLAIM}  # noqa: E731 - the same
_UNDONE_CLAIM: Asked = lambda own: {  # noqa: E731 - the same
    "path": f"/v1/claims/{own.claim_id}/reversal",
    "json": {"reason": "票据有误"},
}
_FAMILY = "/v1/family-accounts/{own.household_id}"
_BROUGHT: dict[str, Any] = {"json": {"county": COUNTY, "amount_fen": 0, "source": "上年账册"}}
_FUND = "/v1/funds/medical_assistance"
_DAYS = {"from": "2017-01-01", "to": "2017-01-31"}
_BUDGET = {"year": 2017, "effective_on": "2017-01-01", "amount_fen": 1, "source": "财政批复"}
_REPORTED: dict[str, Any] = {"year": 2015, "total_fen": 1, "parts": [], "source": "上年总结"}
_HELD = {"year": 2017, "amount_fen": 1, "purpose": "预留", "expires_on": "2017-01-31"}
_MESSAGE: Asked = lambda own: {  # noqa: E731 - the same
    "json": {
        "infno": "1101",
        "msgid": f"{HOSPITAL}20170601100000{randbelow(10_000):04d}",
        "fixmedins_code": HOSPITAL,
        "insuplc_admdvs": COUNTY,
        "input": {
            "data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": own.person.citizen_id, "psn_name": own.person.name}
        },
    }
}
_ROSTER: Asked = lambda _: {  # noqa: E731 - the same
    "data": {"source": "poverty_relief", "kind": "changes", "county": COUNTY, "as_of": "2017-01-01"},
    "files": {"file": ("list.csv", "户编号,姓名,身份证号\nA1,某某,1\n".encode())},
}
_SIGNED: Asked = lambda own: {  # noqa: E731 - the same
    "json": {name: own.contract[name] for name in ("person_id", "team_id", "package_codes", "valid_from", "valid_to")}
}
_END: Asked = lambda own: {  # noqa: E731 - the same
    "path": f"/v1/contracts/{own.contract['contract_id']}/end",
    "json": {"ended_on": str(china_date(utc_now())), "reason_code": "own_wish"},
}
_JUDGED, _PAID = "/v1/clearings/{own.clearings[0]}", "/v1/clearings/{own.clearings[1]}"
_BATCH: Asked = lambda _: {  # noqa: E731 - the same
    "json": {"county": COUNTY, "institution_code": HOSPITAL, "fund": "rural_cooperative", "until": "2017-01-31"}
}
_REPAYMENT: Asked = lambda _: {  # noqa: E731 - the same
    "json": {"county": COUNTY, "fund": "rural_cooperative", "until": "2017-03-31"}
}
_VERDICTS = _at(
    f"{_JUDGED}/verdicts", json={"verdicts": [{"line_no": 1, "verdict": "postponed", "reason": "病历不全"}]}
)
_RERATED = "/v1/reratings/{own.rerating_id}"
_RERATING: Asked = lambda own: {  # noqa: E731 - the same
    "json": {
        "county": COUNTY,
        "discharged_from": "2017-01-01",
        "discharged_to": "2017-01-31",
        "person_id": own.person_id,
        "cause": "late_list",
        "document": "补录名单",
        "proposed_by": "甲",
    }
}
_DECLINED = {"json": {"decision": "declined", "decided_by": "乙", "reason": "名单有误"}}
_PLANNED, _GIVEN = "/v1/relief-plans/{own.plans[1]}", "/v1/relief-plans/{own.plans[0]}"
_CASE: Asked = lambda own: {  # noqa: E731 - the same
    "json": {"settlement_id": own.kept["settlement_id"], "document": "核实预警", "named_by": "甲"}
}
_PLAN: Asked = lambda own: {  # noqa: E731 - the same
    "json": {
        "county": COUNTY,
        "fund": RELIEF_FUND,
        "document": "方案",
        "proposed_by": "甲",
        "grants": [
            {
                "settlement_id": own.kept["settlement_id"],
                "relief_class": "still_heavy",
                "weighed": ["burden"],
                "amount_fen": 1,
            }
        ],
    }
}
_ONE = "/v1/settlements/{own.kept[settlement_id]}"
_REASON = {"json": {"reason": "录入错误"}}

CASES = [
    Case("POST /v1/discharges", "his", "named", _STAY),
    Case("POST /v1/discharges/preview", "his", "named", _STAY),
    Case("POST /v1/entitlements/check", "his", "named", _CHECK),
    Case(
        "POST /v1/settlements/{settlement_id}/reversal",
        "his",
        "guessed",
        _at("/v1/settlements/{own.undone[0][settlement_id]}/reversal", **_REASON),
    ),
    Case(
        "POST /v1/reversals",
        "his",
        "guessed",
        lambda own: {"json": {"record_no": own.undone[1]["record_no"], "reason": "录入错误"}},
    ),
    Case("GET /v1/settlements", "his", "named", _query(institution_code=HOSPITAL)),
    Case("GET /v1/settlements", "his", "unseen", lambda own: {"params": {"record_no": own.kept["record_no"]}}),
    Case("GET /v1/settlements", "funds", "unseen", lambda own: {"params": {"record_no": own.kept["record_no"]}}),
    Case("GET /v1/settlements", "funds", "unseen", _query(institution_code=HOSPITAL, limit=200)),
    *(
        Case(f"GET /v1/settlements/{{settlement_id}}{part}", scope, "guessed", _at(_ONE + part))
        for part in ("", "/slip", "/trace", "/corrections", "/relief")
        for scope in ("his", "funds")
    ),
    Case(
        *("POST /v1/settlements/{settlement_id}/unpaid-share", "his", "guessed"),
        _at(f"{_ONE}/unpaid-share", json={"amount_fen": 1, "due_on": "2099-01-01", "reference": "协议1号"}),
        hears="already_deferred",
    ),
    Case(
        *("POST /v1/settlements/{settlement_id}/receipts", "his", "guessed"),
        _at(f"{_ONE}/receipts", json={"amount_fen": 10**12, "received_on": "2017-01-01", "reference": "收据1号"}),
        hears="more_than_open",
    ),
    Case("GET /v1/unpaid-shares", "his", "named", _query(institution_code=HOSPITAL)),
    *(Case("GET /v1/unpaid-shares", scope, "unseen", _query(limit=200)) for scope in ("his", "funds")),
    Case("POST /v1/reported-totals", "funds", "named", lambda _: {"json": {"county": COUNTY, **_REPORTED}}),
    Case("GET /v1/reported-totals", "funds", "named", _query(county=COUNTY, year=2015)),
    Case("POST /v1/his/messages", "his", "named", _MESSAGE),
    Case("POST /v1/openings", "funds", "named", _OPENING),
    *(Case(f"POST /v1/claims{part}", "funds", "named", _CLAIM) for part in ("", "/preview")),
    Case("POST /v1/claims/{settlement_id}/reversal", "funds", "guessed", _UNDONE_CLAIM),
    Case("GET /v1/family-accounts/{household_id}", "funds", "named", _at(_FAMILY, params={"county": COUNTY})),
    Case("POST /v1/family-accounts/{household_id}/openings", "funds", "named", _at(f"{_FAMILY}/openings", **_BROUGHT)),
    Case("POST /v1/reconciliations", "his", "unseen", _SHEET),
    Case("POST /v1/clearings", "funds", "named", _BATCH, hears="clearing_empty"),
    Case("POST /v1/repayments", "funds", "named", _REPAYMENT, hears="no_centre"),
    Case("GET /v1/clearings", "his", "named", _query(institution_code=HOSPITAL)),
    Case("POST /v1/clearings/{clearing_id}/verdicts", "funds", "guessed", _VERDICTS),
    Case("POST /v1/clearings/{clearing_id}/closing", "funds", "guessed", _at(f"{_PAID}/closing")),
    *(Case("GET /v1/clearings", scope, "unseen", _query(limit=200)) for scope in ("his", "funds")),
    Case("GET /v1/exposures", "his", "named", _query(institution_code=HOSPITAL)),
    Case("GET /v1/exposures", "his", "unseen", _query()),
    Case("GET /v1/exposures", "funds", "unseen", _query(institution_code=HOSPITAL)),
    *(
        Case(f"GET /v1/clearings/{{clearing_id}}{part}", scope, "guessed", _at(_JUDGED + part))
        for part in ("", "/lines")
        for scope in ("his", "funds")
    ),
    Case("POST /v1/reratings", "funds", "named", _RERATING),
    Case("GET /v1/reratings", "funds", "unseen", _query(limit=200)),
    Case("POST /v1/reratings/{rerating_id}/decision", "funds", "guessed", _at(f"{_RERATED}/decision", **_DECLINED)),
    *(
        Case(f"GET /v1/reratings/{{rerating_id}}{part}", "funds", "guessed", _at(_RERATED + part))
        for part in ("", "/lines")
    ),
    Case("GET /v1/cost-control", "his", "named", _query(county=COUNTY, month="2016-09", institution_code=HOSPITAL)),
    Case("GET /v1/cost-control", "funds", "named", _query(county=COUNTY, month="2016-09")),
    Case("POST /v1/gap-cases", "funds", "guessed", _CASE),
    Case("POST /v1/relief-plans", "funds", "named", _PLAN, hears="already_relieved"),
    *(Case(f"GET /v1/{what}", "funds", "unseen", _query(limit=200)) for what in ("gap-cases", "relief-plans")),
    Case("POST /v1/relief-plans/{plan_id}/decision", "funds", "guessed", _at(f"{_PLANNED}/decision", **_DECLINED)),
    *(
        Case(f"GET /v1/relief-plans/{{plan_id}}{part}", "funds", "guessed", _at(_GIVEN + part))
        for part in ("", "/publication")
    ),
    Case(
        "POST /v1/funds/{fund}/budgets", "funds", "named", _at(f"{_FUND}/budgets", json={"county": COUNTY, **_BUDGET})
    ),
    Case(
        *("POST /v1/funds/{fund}/reservations", "funds", "named"),
        _at(f"{_FUND}/reservations", json={"county": COUNTY, **_HELD}),
        hears="dates_impossible",
    ),
    Case(
        *("POST /v1/funds/{fund}/reservations/{reservation_id}/release", "funds", "guessed"),
        _at(_FUND + "/reservations/{own.reservation_id}/release"),
    ),
    Case(
        "GET /v1/funds/{fund}/budgets",
        "funds",
        "named",
        _at(f"{_FUND}/budgets", params={"county": COUNTY, "year": 2017}),
    ),
    Case(
        "GET /v1/funds/{fund}/statement",
        "funds",
        "named",
        _at(f"{_FUND}/statement", params={"county": COUNTY, **_DAYS}),
    ),
    Case("POST /v1/rosters", "identity:write", "named", _ROSTER),
    *(
        Case(
            f"{method} /v1/rosters/{{roster_id}}{part}",
            "identity:write",
            "guessed",
            _at("/v1/rosters/{own.roster_id}" + part),
        )
        for method, part in (("GET", ""), ("GET", "/rows"), ("GET", "/end-proposals"), ("POST", "/publish"))
    ),
    Case("GET /v1/persons/{person_id}", "identity:read", "guessed", _at("/v1/persons/{own.person_id}")),
    Case("GET /v1/households/{household_id}", "identity:read", "guessed", _at("/v1/households/{own.household_id}")),
    Case(
        "POST /v1/persons/search",
        "identity:read",
        "unseen",
        lambda own: {"json": {"citizen_id": own.person.citizen_id}},
    ),
    Case("POST /v1/persons/search", "identity:read", "unseen", lambda own: {"json": {"person_ids": [own.person_id]}}),
    Case(
        "POST /v1/persons/search",
        "identity:read",
        "unseen",
        lambda own: {"json": {"name": own.person.name, "village": own.person.village}},
    ),
    Case("GET /v1/verification-tasks", "identity:read", "unseen", _query(limit=200)),
    Case("POST /v1/teams", "contracts", "named", _body(township=TOWNSHIP, name="另一队")),
    Case("GET /v1/teams", "contracts", "named", _query(township=TOWNSHIP)),
    Case("GET /v1/teams", "contracts", "unseen", _query(limit=200)),
    Case("POST /v1/contracts", "contracts", "guessed", _SIGNED),
    Case("GET /v1/contracts", "contracts", "named", _query(township=TOWNSHIP)),
    Case("GET /v1/contracts", "contracts", "unseen", lambda own: {"params": {"person_id": own.person_id}}),
    Case("GET /v1/follow-ups", "contracts", "named", _query(township=TOWNSHIP)),
    Case("GET /v1/follow-ups", "contracts", "unseen", lambda own: {"params": {"person_id": own.person_id}}),
    Case(
        "POST /v1/follow-ups/{follow_up_id}/visit",
        "contracts",
        "guessed",
        lambda own: {"path": f"/v1/follow-ups/{own.visit[0]}/visit", "json": own.visit[1]},
    ),
    Case("POST /v1/contracts/{contract_id}/end", "contracts", "guessed", _END),
    Case("GET /v1/alerts", "monitoring", "named", _query(township=TOWNSHIP)),
    Case("GET /v1/alerts", "monitoring", "unseen", _query(limit=200)),
    Case("GET /v1/events", "events", "unseen", _query(limit=500)),
]
