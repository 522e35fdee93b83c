"""What belongs to one hospital, one county and one township of the running suite: something of every kind."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

from common.core.citizen_number import check_character
from common.core.money import Money
from common.kit.cause import Cause
from common.kit.clock import china_date, utc_now
from common.kit.db import Database
from local.chain_patient import discharge_request
from local.world_people import Person
from local.world_rosters import is_faultless
from local.world_teams import has_signed
from services.settlement.adapters import clearings, reratings
from services.settlement.adapters.clearings import Clearing
from services.settlement.adapters.reratings import Rerating
from services.settlement.domain.clearing import ClearingLine, lines_hash
from tests.conftest import Door

COUNTY, TOWNSHIP, HOSPITAL = "211381", "211381101", "H21138100001"
_HOSPITAL, _BUREAU = "211381-hospital-1", "211381-bureau-"
RELIEF_FUND = "medical_assistance"
_OUTCOMES = {"follow_up": "on_target", "sign_contract": "away", "verify": "confirmed"}


FAR_CLAIM = {
    "institution_code": "FAR00001",
    "institution": {"name": "外省某医院", "level": "province", "region": "outside", "designated": True},
    "document": "报销1号",
}


@dataclass(frozen=True, slots=True)
class Belongings:
    """Things of the hospital H21138100001, the county 211381 and the township 211381101.

    Attributes:
        kept: A settlement that stays.
        undone: Two that may be reversed, one by its id and one by its record number.
        contract: A live contract of the person.
        visit: A task of the township with an outcome that fits it.
        rerating_id: A case that waits for its decision.
        plans: Of relief: one that was booked on the settlement that stays, one that waits for its decision.
        clearings: Two open batches with what two funds owe for the settlement that stays.
    """

    person: Person
    person_id: str
    household_id: str
    claim_id: str
    reservation_id: str
    kept: dict[str, Any]
    undone: tuple[dict[str, Any], dict[str, Any]]
    roster_id: str
    contract: dict[str, Any]
    visit: tuple[str, dict[str, Any]]
    clearings: tuple[str, str]
    rerating_id: str
    plans: tuple[str, str]

    def stay(self) -> dict[str, Any]:
        """Return the body of a discharge of the hospital, with a record number of its own."""
        return discharge_request(self.person, now=utc_now()) | {"record_no": uuid4().hex}


def make_belongings(door: Door, *, number: int) -> Belongings:
    """Make what is not there yet, and wait until every service has heard of it.

    Args:
        door: The running suite.
        number: Which of the township's persons it is about, from 0; each has its own contract to end.
    """
    person = _someone(door, number)
    kept = _settle(door, _stay(person))
    read = door.bearer(_BUREAU + "identity", "identity:read")
    archive = door.call("GET", f"/v1/persons/{kept['person_id']}", headers=read).json()
    _settle(door, _stay(person) | {"patient": _unknown(person)})
    _left_unpaid(door, kept)
    found = Belongings(
        person=person,
        person_id=kept["person_id"],
        household_id=archive["household_id"],
        reservation_id=_reserved(door),
        claim_id=_funds(door, "/v1/claims", _stay(person) | FAR_CLAIM)["settlement_id"],
        kept=kept,
        undone=(_settle(door, _stay(person)), _settle(door, _stay(person))),
        roster_id=_roster(door, person),
        contract=_first(door, "contracts", "/v1/contracts", person_id=kept["person_id"], state="live"),
        clearings=_clearings(door, kept),
        rerating_id=_rerating(door, kept),
        plans=(_given(door, kept), _plan(door, _settle(door, _stay(person)))),
        visit=_visit(_first(door, "contracts", "/v1/follow-ups", person_id=kept["person_id"], state="open")),
    )
    _first(door, "monitoring", "/v1/alerts", township=TOWNSHIP)
    _first(door, "identity", "/v1/verification-tasks", state="open")
    assert found.contract["township"] == TOWNSHIP
    return found


def _someone(door: Door, number: int) -> Person:
    """Return a listed and signed person of the township."""
    population = door.world.population
    found = (
        each
        for each in population.persons()
        if each.township.code == TOWNSHIP
        and is_faultless(population=population, person=each)
        and has_signed(population=population, person=each)
    )
    return next(islice(found, number, None))


def _stay(person: Person) -> dict[str, Any]:
    return discharge_request(person, now=utc_now()) | {"record_no": uuid4().hex}


def _unknown(person: Person) -> dict[str, Any]:
    """Return a patient on no list, in the person's township."""
    seventeen = person.citizen_id[:14] + "999"
    return {"citizen_id": seventeen + check_character(seventeen), "name": "无名氏", "township": TOWNSHIP}


def _settle(door: Door, stay: dict[str, Any]) -> dict[str, Any]:
    headers = door.bearer(_HOSPITAL) | {"Idempotency-Key": uuid4().hex}
    answer = door.call("POST", "/v1/discharges", json=stay, headers=headers)
    assert answer.status_code == 201, answer.text
    settled: dict[str, Any] = answer.json()
    return settled


def _roster(door: Door, person: Person) -> str:
    """Send a list of one row, and leave it unpublished."""
    row = f"户编号,姓名,身份证号\nA1,{person.name},{person.citizen_id}\n"
    terms = {"source": "poverty_relief", "kind": "changes", "county": COUNTY, "as_of": str(china_date(utc_now()))}
    answer = door.call(
        "POST",
        "/v1/rosters",
        data=terms,
        files={"file": ("list.csv", row.encode())},
        headers=door.bearer(_BUREAU + "identity", "identity:write"),
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["roster_id"])


def _clearings(door: Door, kept: dict[str, Any]) -> tuple[str, str]:
    """Enter two batches by hand: what was settled today can only be cleared when the month is over."""
    paid = [layer for layer in kept["layers"] if layer["paid_fen"]][:2]

    async def enter(database: Database) -> None:
        async with database.unit_of_work(Cause("test")) as uow:
            for clearing_id, layer in zip(ids, paid, strict=True):
                line = ClearingLine(
                    1, UUID(kept["settlement_id"]), kept["record_no"], "settlement", Money(layer["paid_fen"])
                )
                clearing = Clearing(
                    clearing_id=clearing_id,
                    county=COUNTY,
                    institution_code=HOSPITAL,
                    fund=layer["fund"],
                    until=china_date(utc_now()),
                    line_count=1,
                    sum_fen=layer["paid_fen"],
                    lines_hash=lines_hash([line]),
                    opened_at=utc_now(),
                    closed_at=None,
                    accepted_fen=None,
                    refused_fen=None,
                    postponed_fen=None,
                )
                await clearings.keep(uow.connection, clearing, [line], client="by-hand")

    ids = (uuid4(), uuid4())
    door.with_database("settlement", enter)
    return str(ids[0]), str(ids[1])


def _rerating(door: Door, kept: dict[str, Any]) -> str:
    """Enter a case by hand as if the worker had listed it already."""
    today = china_date(utc_now())
    case = Rerating(
        rerating_id=uuid4(),
        county=COUNTY,
        discharged_from=today,
        discharged_to=today,
        person_id=UUID(kept["person_id"]),
        cause="late_list",
        document="补录名单",
        proposed_by="甲",
        opened_at=utc_now(),
        opened_by="by-hand",
    )

    async def enter(database: Database) -> None:
        async with database.unit_of_work(Cause("test")) as uow:
            await reratings.keep(uow.connection, case)
            await reratings.step(uow.connection, case, state="proposed", reached=None, stays=0)

    door.with_database("settlement", enter)
    return str(case.rerating_id)


def _plan(door: Door, settled: dict[str, Any]) -> str:
    """Let the bureau name a stay as a case and ask for one fen of relief; return the plan."""
    case = {"settlement_id": settled["settlement_id"], "document": "核实预警", "named_by": "甲"}
    _funds(door, "/v1/gap-cases", case)
    grant = {"settlement_id": settled["settlement_id"], "relief_class": "still_heavy", "weighed": ["burden"]}
    plan = {"county": COUNTY, "fund": RELIEF_FUND, "ledger": "precise_relief", "document": "方案", "proposed_by": "甲"}
    return str(_funds(door, "/v1/relief-plans", plan | {"grants": [grant | {"amount_fen": 1}]})["plan_id"])


def _left_unpaid(door: Door, settled: dict[str, Any]) -> None:
    """Note one fen of a share as unpaid; belongings made again have it already."""
    headers = door.bearer(_HOSPITAL) | {"Idempotency-Key": uuid4().hex}
    body = {"amount_fen": 1, "due_on": str(china_date(utc_now())), "reference": "协议1号"}
    answer = door.call("POST", f"/v1/settlements/{settled['settlement_id']}/unpaid-share", json=body, headers=headers)
    assert answer.is_success, answer.text


def _reserved(door: Door) -> str:
    """Give the fund a fen and set it aside; return the reservation."""
    today = china_date(utc_now())
    year = {"county": COUNTY, "year": today.year, "amount_fen": 1}
    path = f"/v1/funds/{RELIEF_FUND}"
    _funds(
        door, f"{path}/budgets", year | {"ledger": "precise_relief", "effective_on": str(today), "source": "财社2号"}
    )
    held = year | {"ledger": "precise_relief", "purpose": "预留", "expires_on": str(today)}
    return str(_funds(door, f"{path}/reservations", held)["reservation_id"])


def _given(door: Door, settled: dict[str, Any]) -> str:
    """Give the fund money, let a plan be approved and wait until the worker has booked it; return the plan."""
    today = china_date(utc_now())
    budget = {"county": COUNTY, "year": today.year, "effective_on": str(today), "amount_fen": 1, "source": "财社1号"}
    _funds(door, f"/v1/funds/{RELIEF_FUND}/budgets", budget | {"ledger": "precise_relief"})
    plan_id = _plan(door, settled)
    decision = {"decision": "approved", "decided_by": "乙", "reason": "领导小组纪要"}
    _funds(door, f"/v1/relief-plans/{plan_id}/decision", decision)
    path = f"/v1/settlements/{settled['settlement_id']}/relief"
    door.until(lambda: door.call("GET", path, headers=door.bearer(_HOSPITAL)).is_success)
    return plan_id


def _funds(door: Door, path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = door.bearer(f"{_BUREAU}funds") | {"Idempotency-Key": uuid4().hex}
    answer = door.call("POST", path, json=body, headers=headers)
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()
    return told


def _first(door: Door, bureau: str, path: str, **wanted: str) -> dict[str, Any]:
    """Return the first of a list of the county, waiting until there is one."""
    found: list[dict[str, Any]] = []

    def is_there() -> bool:
        answer = door.call("GET", path, params=wanted, headers=door.bearer(_BUREAU + bureau))
        assert answer.status_code == 200, answer.text
        found[:] = answer.json()["items"]
        return bool(found)

    door.until(is_there)
    return found[0]


def _visit(task: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return task["follow_up_id"], {"visited_on": str(china_date(utc_now())), "outcome_code": _OUTCOMES[task["kind"]]}
