"""One discharge through all hops, printed hop by hop: `make chain`, or `python -m local.chain --base-url ...`.

It calls a running suite from outside, by its address, and so works alike for `make run` on either broker and for
containers; where nothing answers, `--start` boots a suite of its own. Next hop: local/chain_hops.py
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

import httpx

from common.kit.clock import china_date, utc_now
from local.booted import SuiteNotReady, is_ready, throwaway_suite
from local.chain_hops import (
    Callers,
    HopMissed,
    Trail,
    end_of_log,
    hop_alert,
    hop_archive,
    hop_event,
    hop_follow_up,
    hop_settlement,
    hop_token,
)
from local.chain_patient import Patient, choose_patient
from local.demo_load import REQUEST_SECONDS, WORLD_FILE, add_suite_arguments
from local.outside_client import CallRefused, ClientFile, ClientsUnusable, OutsideClient, read_clients
from local.world import World, world_from_text
from local.world_places import BEIPIAO

_PATIENCE_SECONDS = 10.0

Hop = Callable[[Callers, Trail], Awaitable[list[str]]]

_BEHIND_THE_BROKER: Mapping[str, Hop] = {
    "outward log": hop_event,
    "health archive": hop_archive,
    "follow-up": hop_follow_up,
    "alert": hop_alert,
}


async def run_chain(*, base_url: str, clients: Path) -> Trail:
    """Send one discharge and print every hop.

    Raises:
        HopMissed: If a hop does not happen in time.
        CallRefused: If a call is refused.
    """
    async with httpx.AsyncClient(base_url=base_url, timeout=REQUEST_SECONDS, trust_env=False) as http:
        callers = _callers(http, read_clients(clients))
        trail = Trail()
        await _say_hop(1, "token", hop_token, callers, trail)
        patient = await _patient(_world_beside(clients), callers)
        trail.events_after = await end_of_log(callers.subscriber)
        await _say_hop(2, "settlement", partial(hop_settlement, patient=patient), callers, trail)
        await _say_hops_behind_the_broker(callers, trail)
    return trail


async def _say_hops_behind_the_broker(callers: Callers, trail: Trail) -> None:
    """Look for all that the event causes at once, since it happens at once, and print it in the order of the story."""
    looking = [asyncio.create_task(_timed(hop, callers, trail)) for hop in _BEHIND_THE_BROKER.values()]
    try:
        for number, (name, task) in enumerate(zip(_BEHIND_THE_BROKER, looking, strict=True), start=3):
            _print_hop(number, name, *await _named(name, task))
    finally:
        for task in looking:
            task.cancel()
        await asyncio.wait(looking)


async def _patient(world: World, callers: Callers) -> Patient:
    """Choose whom to discharge, before the clock of the hops runs."""
    try:
        patient = await choose_patient(
            world,
            hospital=callers.hospital,
            identity=callers.identity,
            monitoring=callers.monitoring,
            now=utc_now(),
        )
    except (CallRefused, httpx.TransportError) as failure:
        raise HopMissed("preview", str(failure) or type(failure).__name__) from failure
    print(f"    the patient is {'a listed person' if patient.is_listed else 'a person on no list'} of {BEIPIAO.name}")
    return patient


async def _say_hop(number: int, name: str, hop: Hop, callers: Callers, trail: Trail) -> None:
    _print_hop(number, name, *await _named(name, _timed(hop, callers, trail)))


async def _timed(hop: Hop, callers: Callers, trail: Trail) -> tuple[list[str], int]:
    """Return what a hop shows and after how many milliseconds it was seen."""
    lines = await hop(callers, trail)
    return lines, trail.elapsed_ms


async def _named(name: str, seen: Awaitable[tuple[list[str], int]]) -> tuple[list[str], int]:
    try:
        return await seen
    except (CallRefused, httpx.TransportError) as failure:
        raise HopMissed(name, str(failure) or type(failure).__name__) from failure


def _print_hop(number: int, name: str, lines: list[str], elapsed_ms: int) -> None:
    print(f" {number}  {name:<16} seen after {elapsed_ms:>5} ms")
    for line in lines:
        print(f"    {line}")


def _callers(http: httpx.AsyncClient, clients: ClientFile) -> Callers:
    def as_client(name: str) -> OutsideClient:
        entry = clients.named(f"{BEIPIAO.code}-{name}")
        return OutsideClient(http, entry, patience_seconds=_PATIENCE_SECONDS)

    return Callers(
        hospital=as_client("hospital-1"),
        identity=as_client("bureau-identity"),
        contracts=as_client("bureau-contracts"),
        monitoring=as_client("bureau-monitoring"),
        subscriber=as_client("subscriber"),
    )


def _world_beside(clients: Path) -> World:
    """Return the world whose note stands beside the clients' file, else the default one."""
    try:
        return world_from_text(json.loads(clients.with_name(WORLD_FILE).read_text(encoding="utf-8"))["world"])
    except (FileNotFoundError, ValueError, KeyError):
        return World(today=china_date(utc_now()))


def main() -> int:
    """Run the chain and say which hop is missing, if one is."""
    given = _arguments().parse_args()
    if is_ready(given.base_url):
        return _run(given.base_url, given.clients)
    if not given.start:
        print(f"nothing is ready at {given.base_url}: start a suite with `make run`, or give --start", file=sys.stderr)
        return 1
    print(f"nothing is ready at {given.base_url}: a suite of its own starts, with its demo data, and ends afterwards")
    try:
        with throwaway_suite({}) as suite:
            return _run(suite.base_url, suite.clients)
    except SuiteNotReady as failure:
        print(failure, file=sys.stderr)
        return 1


def _run(base_url: str, clients: Path) -> int:
    print(f"one discharge through {base_url} (broker: {os.environ.get('BROKER') or 'as the suite was started'})")
    try:
        trail = asyncio.run(run_chain(base_url=base_url, clients=clients))
    except (HopMissed, CallRefused, ClientsUnusable, httpx.TransportError) as failure:
        print(f"!!  the chain broke: {failure or type(failure).__name__}", file=sys.stderr)
        if "client_invalid" in str(failure):
            print(f"    {clients} is of another suite than {base_url}; name its own with --clients", file=sys.stderr)
        return 1
    print(f"the whole chain took {trail.elapsed_ms} ms")
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.chain", description="One discharge through all hops.")
    add_suite_arguments(parser)
    parser.add_argument("--start", action="store_true", help="boot a suite of one's own when nothing is ready there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
