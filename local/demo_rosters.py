"""Sends the demo world's lists as the bureaus would, publishes them, and waits until settlement knows the categories.

Next hop: services/identity/usecases/stage_roster.py
"""

from __future__ import annotations

import asyncio
import time
from datetime import date
from typing import Any

from local.outside_client import OutsideClient
from local.world import World
from local.world_people import Person
from local.world_places import COUNTIES
from local.world_rosters import ListFile, is_faultless

UPLOAD_SECONDS = 60.0
PUBLISH_SECONDS = 600.0
KNOWN_SECONDS = 120.0
MOST_CHECKED = 64
_POLL_SECONDS = 0.1
_PAGE = 200
_FIRST_ROW = 2
_TELLS_SOMETHING_NEW = ("accepted", "changed")


class LoadStuck(Exception):
    """The suite took a step of the load and did not finish it in time."""


async def send_list(client: OutsideClient, file: ListFile) -> dict[str, Any]:
    """Upload a list and publish it where it says anything new; return identity's report on it.

    Raises:
        LoadStuck: If publishing does not end in time.
    """
    terms = {"source": file.source, "kind": file.kind, "county": file.county, "as_of": file.as_of.isoformat()}
    part = (file.file_name, file.content, file.media_type)
    answer = await client.call("POST", "/v1/rosters", data=terms, files={"file": part}, timeout=UPLOAD_SECONDS)
    report: dict[str, Any] = answer.json()
    if not any(report["verdicts"].get(verdict) for verdict in _TELLS_SOMETHING_NEW):
        return report
    path = f"/v1/rosters/{report['roster_id']}"
    report = (await client.call("POST", f"{path}/publish", timeout=UPLOAD_SECONDS)).json()
    until = time.monotonic() + PUBLISH_SECONDS
    while report["state"] != "published":
        if time.monotonic() > until:
            raise LoadStuck(f"{file.file_name} is still {report['state']}; see the log of identity's worker")
        await asyncio.sleep(_POLL_SECONDS)
        report = await client.get(path)
    return report


async def person_ids_of(client: OutsideClient, file: ListFile, report: dict[str, Any]) -> dict[int, str]:
    """Return person index -> person id of every row of a sent list that was not rejected."""
    found: dict[int, str] = {}
    cursor: str | None = None
    while True:
        page = await client.get(f"/v1/rosters/{report['roster_id']}/rows", limit=_PAGE, cursor=cursor)
        for row in page["items"]:
            if row["verdict"] != "rejected":
                found[file.person_indexes[row["row_no"] - _FIRST_ROW]] = row["person_id"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def wait_until_known(client: OutsideClient, persons: list[Person], *, institution_code: str, on: date) -> None:
    """Wait until settlement answers every given person's categories.

    Raises:
        LoadStuck: If it does not know them in time.
    """
    until = time.monotonic() + KNOWN_SECONDS
    for person in persons:
        body = {
            "citizen_id": person.citizen_id,
            "name": person.name,
            "county": person.county.code,
            "institution_code": institution_code,
            "on": on.isoformat(),
        }
        while True:
            answer = (await client.call("POST", "/v1/entitlements/check", json=body)).json()
            if set(person.categories) <= set(answer["categories"]):
                break
            if time.monotonic() > until:
                raise LoadStuck(
                    f"settlement does not know person {person.index} of county {person.county.code} after "
                    f"{KNOWN_SECONDS:.0f} s; see the logs of identity's and settlement's workers"
                )
            await asyncio.sleep(_POLL_SECONDS)


def persons_to_wait_for(world: World, county: str) -> list[Person]:
    """Return some listed persons of one county without a wrong row, spread over the whole of its lists."""
    population = world.population
    step = max(1, population.household_count // (MOST_CHECKED * len(COUNTIES)))
    found = []
    for index in range(population.household_count - 1, -1, -step):
        household = population.household(index)
        if household.county.code == county:
            found += [each for each in household.members if is_faultless(population=population, person=each)]
    return found[:: max(1, len(found) // MOST_CHECKED)]
