"""Opens the demo world's family-doctor teams and signs its people with them, as the county's bureau would.

Next hop: services/contracts/usecases/sign_contract.py
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus

from local.demo_rosters import KNOWN_SECONDS, LoadStuck
from local.outside_client import CallRefused, OutsideClient, problem_of
from local.world import World
from local.world_people import Person
from local.world_places import COUNTIES, County, Township
from local.world_teams import contract_days, has_signed, teams

AT_ONCE = 6
_PAUSE_SECONDS = 0.2
_SIGNED_BEFORE = "contract_already_live"


async def send_care(
    world: World,
    *,
    person_ids: Mapping[int, str],
    as_client: Callable[[str], OutsideClient],
    advance: Callable[[], object],
) -> int:
    """Open the teams and sign everybody who is known and willing; return how many are signed.

    Args:
        world: The demo world.
        person_ids: Person index -> person id, of whom the lists made known.
        as_client: Name of a demo client -> the client.
        advance: Called after each person.

    Raises:
        CallRefused: If contracts refuses a team, or a contract for another reason than that one is live.
        LoadStuck: If contracts does not hear of a person in time.
    """
    bureaus = {county: as_client(f"{county.code}-bureau-contracts") for county in COUNTIES}
    team_ids = {team.township: await _open_team(bureaus, team.township, team.name) for team in teams()}
    signed: list[int] = []

    async def work_off(indexes: Iterator[int]) -> None:
        for index in indexes:
            person = world.population.person(index)
            if has_signed(population=world.population, person=person):
                await _sign(bureaus[person.county], world, person, person_ids[index], team_ids[person.township])
                signed.append(index)
            advance()

    following = iter(sorted(person_ids))
    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(work_off(following))
    return len(signed)


async def _open_team(bureaus: Mapping[County, OutsideClient], township: Township, name: str) -> str:
    """Open a team; one of that name that exists is the same one."""
    bureau = next(client for county, client in bureaus.items() if township in county.townships)
    answer = await bureau.call("POST", "/v1/teams", json={"township": township.code, "name": name})
    return str(answer.json()["team_id"])


async def _sign(bureau: OutsideClient, world: World, person: Person, person_id: str, team_id: str) -> None:
    """Sign one person, waiting until contracts has heard of them."""
    first, last = contract_days(population=world.population, person=person)
    body = {
        "person_id": person_id,
        "team_id": team_id,
        "package_codes": ["basic"],
        "valid_from": first.isoformat(),
        "valid_to": last.isoformat(),
    }
    until = time.monotonic() + KNOWN_SECONDS
    while True:
        answer = await bureau.call("POST", "/v1/contracts", json=body, also={HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT})
        if answer.is_success or problem_of(answer).get("code") == _SIGNED_BEFORE:
            return
        if answer.status_code == HTTPStatus.CONFLICT:
            raise CallRefused("POST", "/v1/contracts", answer)
        if time.monotonic() > until:
            raise LoadStuck(f"contracts does not know person {person_id}; see the log of its worker")
        await asyncio.sleep(_PAUSE_SECONDS)
