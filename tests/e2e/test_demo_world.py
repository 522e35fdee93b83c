"""The demo world as the suite tells it after `make run`: a year settled, some alerts, bad rows explained."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from local.booted import Suite
from local.demo_load import WORLD_FILE, WorldNote, load_demo
from local.outside_client import OutsideClient
from local.world import World
from local.world_places import BEIPIAO, COUNTIES
from local.world_rosters import CIVIL_AFFAIRS, ListRow, list_date, roster_rows, xlsx_bytes

pytestmark = [pytest.mark.timeout(400)]

AsClient = Callable[[str], OutsideClient]
WATCHED_SECONDS = 120.0
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REASON_OF_ERROR = {
    "check_digit_wrong": "citizen_id_invalid",
    "number_missing": "citizen_id_missing",
    "name_wrong": "names_differ_in_file",
    "number_in_two_households": "number_in_two_households",
    "township_unknown": "township_unknown",
    "category_unknown": "category_unknown",
}


async def sums(world: World, as_client: AsClient) -> dict[str, list[int]]:
    """Return count and money of the world's year per hospital."""
    fields = ("count", "reversed_count", "total_fen", "fund_paid_fen", "patient_pays_fen")
    found = {}
    for name in [f"{county.code}-hospital-{number}" for county in COUNTIES for number in (1, 2)]:
        page = await as_client(name).get("/v1/settlements", limit=200)
        own = [item for item in page["items"] if item["record_no"].startswith(f"W{world.seed}-")]
        found[name] = [len(own), *(page[field] for field in fields)]
    return found


async def alerts_of(client: OutsideClient) -> list[dict[str, Any]]:
    """Return the households' alerts as soon as there are any; monitoring may still be at the year that was loaded."""
    deadline = time.monotonic() + WATCHED_SECONDS
    while True:
        page = await client.get("/v1/alerts", limit=200)
        raised = [item for item in page["items"] if item["household_id"]]
        if raised or time.monotonic() > deadline:
            return raised
        await asyncio.sleep(0.5)


class TestDemoWorld:
    async def test_is_settled_in_full_with_its_reversals(self, world: World, as_client: AsClient) -> None:
        loaded = await sums(world, as_client)

        assert sum(own for own, *_ in loaded.values()) == world.discharge_count
        assert sum(reversed_count for _, _, reversed_count, *_ in loaded.values()) >= 5

    async def test_brings_some_households_past_the_line(self, as_client: AsClient) -> None:
        for county in COUNTIES:
            raised = await alerts_of(as_client(f"{county.code}-bureau-monitoring"))
            assert raised, county.name
            assert all(item["amount_fen"] >= item["line_fen"] for item in raised if item["state"] != "withdrawn")

    async def test_changes_nothing_when_it_is_loaded_again(
        self, suite: Suite, world: World, as_client: AsClient
    ) -> None:
        before = await sums(world, as_client)

        line = await load_demo(
            WorldNote(suite.data_dir / WORLD_FILE, world), base_url=suite.base_url, clients=suite.clients
        )

        assert f" 0 discharges settled, {world.discharge_count} known before" in line
        assert await sums(world, as_client) == before


class TestListWithErrors:
    async def test_keeps_the_good_rows_and_explains_every_bad_one(self, world: World, as_client: AsClient) -> None:
        other = World(today=world.today, seed=4711, person_count=2000)
        rows = list(roster_rows(population=other.population, county=BEIPIAO.code, source=CIVIL_AFFAIRS))
        bureau = as_client("211381-bureau-identity")
        terms = {"source": CIVIL_AFFAIRS, "kind": "changes", "county": BEIPIAO.code, "as_of": list_date(world.today)}

        answer = await bureau.call(
            "POST",
            "/v1/rosters",
            data={name: str(value) for name, value in terms.items()},
            files={"file": ("list.xlsx", xlsx_bytes(rows, CIVIL_AFFAIRS), XLSX)},
        )

        report = answer.json()
        rejected = await _rejected(bureau, report["roster_id"])
        assert report["row_count"] == len(rows) == sum(report["verdicts"].values())
        assert rejected == _expected(rows)


async def _rejected(bureau: OutsideClient, roster_id: str) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    cursor: str | None = None
    while True:
        path = f"/v1/rosters/{roster_id}/rows"
        page: dict[str, Any] = await bureau.get(path, verdict="rejected", limit=200, cursor=cursor)
        found |= {row["row_no"]: {reason["code"] for reason in row["reasons"]} for row in page["items"]}
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def _expected(rows: list[ListRow]) -> dict[int, set[str]]:
    return {number: {REASON_OF_ERROR[row.error]} for number, row in enumerate(rows, start=2) if row.error}
