"""Whose discharge the chain sends: a listed person whose household has no alert open, so that every hop shows.

Where the suite holds no demo world, a made-up person on no list serves: the chain runs for everybody.
Next hop: local/chain_hops.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from common.kit.clock import china_date
from local.outside_client import OutsideClient
from local.world import World
from local.world_people import Person, Population, dice
from local.world_places import BEIPIAO, County
from local.world_rosters import is_faultless
from local.world_teams import has_signed

_MOST_ASKED = 60
_PAGE = 200
_STAY_DAYS = 11
_BILL = {
    "total_fen": 5_750_000,
    "own_expense_fen": 700_000,
    "over_limit_fen": 0,
    "first_self_pay_fen": 50_000,
    "in_scope_fen": 5_000_000,
}
_ENDED = ("withdrawn", "closed")


@dataclass(frozen=True, slots=True)
class Patient:
    """Who is discharged, and the body to send; `is_listed` tells whether the registry knows them."""

    person: Person
    request: dict[str, Any]
    is_listed: bool


async def choose_patient(
    world: World, *, hospital: OutsideClient, identity: OutsideClient, monitoring: OutsideClient, now: datetime
) -> Patient:
    """Return a patient for one run of the chain.

    Args:
        world: The demo world that was loaded, or any.
        hospital: Asks for a preview, which tells the person's id.
        identity: Asks for the person's household.
        monitoring: Asks which households already have an alert.
        now: Makes the record number, and today.
    """
    alerted = await _alerted(monitoring)
    for person in islice(_candidates(world, BEIPIAO, now), _MOST_ASKED):
        request = discharge_request(person, now=now)
        preview = (await hospital.call("POST", "/v1/discharges/preview", json=request)).json()
        archive = await identity.call("GET", f"/v1/persons/{preview['person_id']}", also={404})
        if not archive.is_success or preview["entitlement"]["identity_open"]:
            break
        if not alerted & {preview["person_id"], archive.json().get("household_id")}:
            return Patient(person, request, is_listed=True)
    stranger = _stranger(now)
    return Patient(stranger, discharge_request(stranger, now=now), is_listed=False)


def discharge_request(person: Person, *, now: datetime) -> dict[str, Any]:
    """Return the body of a grave stay that ends today, with a record number of its own."""
    discharged_on = china_date(now)
    return {
        "record_no": f"CHAIN-{now.astimezone(UTC):%Y%m%d-%H%M%S-%f}",
        "institution_code": person.county.institutions[0].code,
        "county": person.county.code,
        "patient": {
            "citizen_id": person.citizen_id,
            "name": person.name,
            "insurance": {"scheme": "rural_cooperative", "state": "insured"},
        },
        "visit_type": "inpatient",
        "admitted_on": (discharged_on - timedelta(days=_STAY_DAYS)).isoformat(),
        "discharged_on": discharged_on.isoformat(),
        "referral": {"kind": "none"},
        "diagnoses": [{"icd10": "I63.9", "main": True}, {"icd10": "I10", "main": False}],
        "bill": dict(_BILL),
    }


def _candidates(world: World, county: County, now: datetime) -> Iterator[Person]:
    """Yield listed and signed persons without a wrong row, from another start in every run."""
    population = world.population
    if not population.size:
        return
    start = dice(world.seed, "chain", now.isoformat()).randrange(population.size)
    for step in range(population.size):
        person = population.person((start + step) % population.size)
        is_good = person.county == county and is_faultless(population=population, person=person)
        if is_good and has_signed(population=population, person=person):
            yield person


def _stranger(now: datetime) -> Person:
    """Return a made-up person of the county whom no list knows."""
    population = Population(seed=int(now.timestamp() * 1_000_000), size=2000, today=china_date(now))
    grown = (person for person in population.persons() if person.county == BEIPIAO and person.relation == "户主")
    picks = list(grown)
    return dice(population.seed, "stranger").choice(picks)


async def _alerted(monitoring: OutsideClient) -> set[str | None]:
    """Return households and persons with an alert that is still open."""
    found: set[str | None] = set()
    cursor: str | None = None
    while True:
        page = await monitoring.get("/v1/alerts", limit=_PAGE, cursor=cursor)
        found |= {each["household_id"] or each["person_id"] for each in page["items"] if each["state"] not in _ENDED}
        cursor = page["next_cursor"]
        if cursor is None:
            return found
