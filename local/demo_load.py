"""Fills a running suite with the demo world, through its front door: `python -m local.demo_load`.

Everything is sent as hospitals and bureaus would, under keys of the world's own, so that loading again changes nothing.
Which world it is stays written beside the clients' file: its year does not move when the suite runs on another day.
Next hop: local/demo_rosters.py
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import httpx
from tqdm import tqdm

from common.kit.clock import china_date, utc_now
from local.demo_care import send_care
from local.demo_rosters import LoadStuck, person_ids_of, persons_to_wait_for, send_list, wait_until_known
from local.demo_stays import SentStays, send_stays
from local.outside_client import CallRefused, ClientFile, ClientsUnusable, OutsideClient, read_clients
from local.world import DISCHARGE_COUNT, PERSON_COUNT, SEED, World, world_from_text
from local.world_places import COUNTIES
from local.world_rosters import list_date

CLIENTS_FILE = "demo-clients.json"
CONTAINERS_SECRETS = Path("secrets")
WORLD_FILE = "demo-world.json"
REQUEST_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class WorldNote:
    """What stands beside the clients' file: which world was sent, and whether all of it arrived."""

    path: Path
    world: World
    is_complete: bool = False

    def write(self) -> None:
        """Keep the note; a reader sees the old one or the new one, never half of it."""
        text = json.dumps({"world": self.world.as_text(), "is_complete": self.is_complete}, indent=2)
        draft = self.path.with_suffix(".new")
        draft.write_text(text + "\n", encoding="utf-8")
        draft.replace(self.path)


class DemoLoad:
    """One load: the world, the gateway, and whose clients send it."""

    def __init__(self, world: World, http: httpx.AsyncClient, clients: ClientFile) -> None:
        self.world = world
        self.clients = clients
        self.sent = SentStays()
        self._http = http
        self._known: dict[str, OutsideClient] = {}

    def as_client(self, name: str) -> OutsideClient:
        """Return the demo client of that name, with its token kept."""
        if name not in self._known:
            self._known[name] = OutsideClient(self._http, self.clients.named(name))
        return self._known[name]

    def as_hospital(self, institution_code: str) -> OutsideClient:
        """Return the client of a hospital."""
        return self.as_client(self._hospitals[institution_code])

    async def run(self) -> str:
        """Send everything; return one line about it.

        Raises:
            CallRefused: If the suite refuses something.
            LoadStuck: If it takes something and never acts on it.
        """
        person_ids = await self._lists()
        with _bar("contracts", len(person_ids)) as bar:
            signed_count = await send_care(
                self.world, person_ids=person_ids, as_client=self.as_client, advance=bar.update
            )
        with _bar("discharges", self.world.discharge_count) as bar:
            await send_stays(self.world.stays(), client_of=self.as_hospital, sent=self.sent, advance=bar.update)
        return (
            f"{self.world.person_count} persons, {signed_count} contracts, {self.sent.settled_count} discharges "
            f"settled, {self.sent.replayed_count} known before, {self.sent.reversed_count} reversed"
        )

    async def _lists(self) -> dict[int, str]:
        """Send the lists and wait until they count; return person index -> person id of whom they made known."""
        person_ids: dict[int, str] = {}
        with _bar("rows of lists") as bar:
            for file in self.world.lists():
                bureau = self.as_client(f"{file.county}-bureau-identity")
                person_ids |= await person_ids_of(bureau, file, await send_list(bureau, file))
                bar.update(len(file.person_indexes))
        for county in COUNTIES:
            await wait_until_known(
                self.as_hospital(county.institutions[0].code),
                persons_to_wait_for(self.world, county.code),
                institution_code=county.institutions[0].code,
                on=list_date(self.world.today),
            )
        return person_ids

    @cached_property
    def _hospitals(self) -> dict[str, str]:
        entries = self.clients.entries.items()
        return {entry.institution_code: name for name, entry in entries if entry.institution_code}


def world_note(clients: Path, *, seed: int, person_count: int, discharge_count: int, today: date) -> WorldNote:
    """Return the note of the world to send: the one begun earlier, if of the same seed and size, else a new one."""
    path = clients.with_name(WORLD_FILE)
    wanted = World(today=today, seed=seed, person_count=person_count, discharge_count=discharge_count)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        begun = WorldNote(path, world_from_text(kept["world"]), bool(kept["is_complete"]))
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return WorldNote(path, wanted)
    return begun if replace(begun.world, today=today) == wanted else WorldNote(path, wanted)


async def load_demo(note: WorldNote, *, base_url: str, clients: Path) -> str:
    """Send a note's world to a gateway and complete the note; return one line about it."""
    note.write()
    async with httpx.AsyncClient(base_url=base_url, timeout=REQUEST_SECONDS, trust_env=False) as http:
        line = await DemoLoad(note.world, http, read_clients(clients)).run()
    replace(note, is_complete=True).write()
    return line


def main() -> int:
    """Load, or say what is in the way."""
    given = _arguments().parse_args()
    note = world_note(
        given.clients,
        seed=given.seed,
        person_count=given.persons,
        discharge_count=given.discharges,
        today=china_date(utc_now()),
    )
    if note.is_complete and not given.again:
        print(f"demo data: already loaded ({note.path}); --again sends it once more, which changes nothing")
        return 0
    failures: list[BaseException] = []
    try:
        print(f"demo data: {asyncio.run(load_demo(note, base_url=given.base_url, clients=given.clients))}")
    except* (CallRefused, LoadStuck, ClientsUnusable, httpx.TransportError) as group:
        failures = _leaves(group)
    for failure in failures:
        print(f"demo data: not loaded: {failure or type(failure).__name__} ({given.base_url})", file=sys.stderr)
    return 1 if failures else 0


def _leaves(failures: BaseExceptionGroup[Exception]) -> list[BaseException]:
    return [
        leaf
        for each in failures.exceptions
        for leaf in (_leaves(each) if isinstance(each, BaseExceptionGroup) else [each])
    ]


def add_suite_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a command be told which suite it calls.

    By default the one of `make run` with the same PORT and DATA_DIR; where that has no clients' file, the containers'.
    """
    port, data_dir = os.environ.get("PORT") or "8000", os.environ.get("DATA_DIR") or ".data"
    clients = Path(data_dir) / CLIENTS_FILE
    if not clients.exists() and (CONTAINERS_SECRETS / CLIENTS_FILE).exists():
        clients = CONTAINERS_SECRETS / CLIENTS_FILE
    parser.add_argument("--base-url", "--url", default=f"http://127.0.0.1:{port}", help="address of the gateway")
    parser.add_argument("--clients", type=Path, default=clients, help="the demo clients' file")


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.demo_load", description="Load the demo world.")
    add_suite_arguments(parser)
    parser.add_argument("--persons", type=int, default=PERSON_COUNT, help="how many persons")
    parser.add_argument("--discharges", type=int, default=DISCHARGE_COUNT, help="how many discharges")
    parser.add_argument("--seed", type=int, default=SEED, help="which made-up world")
    parser.add_argument("--again", action="store_true", help="send it although it was loaded before")
    return parser


def _bar(what: str, total: int | None = None) -> tqdm[NoReturn]:
    """Return a progress bar that shows only to a person."""
    return tqdm(total=total, desc=what, unit="", disable=None, leave=False)


if __name__ == "__main__":
    sys.exit(main())
