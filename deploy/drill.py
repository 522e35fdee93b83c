"""Kills containers while discharges flow, then counts: `python -m deploy.drill` beside a running `make up`.

A hospital sends discharges and repeats every call under the same key until it is answered. Meanwhile each container of
a list is killed and started again, and some are stopped and started in order. Afterwards every acknowledged discharge
must stand exactly once in every book, and no book may hold one that was never sent.
Next hop: deploy/drill_books.py
"""

from __future__ import annotations

import argparse
import asyncio
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import httpx

from common.kit.clock import china_date, utc_now
from deploy.drill_books import Books, read_books, verdict
from local.outside_client import CallRefused, OutsideClient, read_clients
from local.world import World
from local.world_discharges import Stay

VICTIMS = (
    "gateway-api",
    "settlement-api",
    "settlement-worker",
    "kafka",
    "postgres",
    "identity-worker",
    "gateway-worker",
)
ORDERLY = ("gateway-api", "gateway-worker", "settlement-api", "settlement-worker", "contracts-worker")
REST_SECONDS, DOWN_SECONDS = 4.0, 3.0
PATIENCE_SECONDS = 180.0
SETTLED_SECONDS = 240.0
_IN_FLIGHT = 60


@dataclass(slots=True)
class Sent:
    """What the client was told."""

    prefix: str
    tried: int = 0
    settlement_ids: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    longest_seconds: float = 0.0


async def send_discharges(*, clients: Path, base_url: str, per_second: float, stop: asyncio.Event, sent: Sent) -> None:
    """Send discharges at a steady rate until `stop`, then wait until each has its answer."""
    world = World(today=china_date(utc_now()), discharge_count=100_000)
    file = read_clients(clients)
    known: dict[str, OutsideClient] = {}
    limits = httpx.Limits(max_connections=_IN_FLIGHT)
    async with (
        httpx.AsyncClient(base_url=base_url, timeout=10.0, trust_env=False, limits=limits) as http,
        asyncio.TaskGroup() as tasks,
    ):
        for stay in world.stays():
            if stop.is_set():
                break
            code = stay.institution_code
            if code not in known:
                known[code] = OutsideClient(http, file.of_institution(code), patience_seconds=PATIENCE_SECONDS)
            tasks.create_task(_send(known[code], _today(stay, sent, world), sent))
            await asyncio.sleep(1 / per_second)


def _today(stay: Stay, sent: Sent, world: World) -> Stay:
    sent.tried += 1
    return replace(
        stay,
        record_no=f"{sent.prefix}-{sent.tried:06d}",
        stated_name=stay.person.name,
        is_insured=True,
        admitted_on=world.today - timedelta(days=3),
        discharged_on=world.today,
        visit_type="inpatient",
    )


async def _send(hospital: OutsideClient, stay: Stay, sent: Sent) -> None:
    """Send one discharge, repeating a 5xx too: it says nothing about what was booked."""
    began = time.monotonic()
    while True:
        try:
            answer = await hospital.call("POST", "/v1/discharges", key=stay.record_no, json=stay.as_request())
        except CallRefused as refusal:
            if refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                sent.refused.append(f"{stay.record_no}: {refusal}")
                return
        except httpx.TransportError as error:
            sent.unknown.append(f"{stay.record_no}: {type(error).__name__}")
            return
        else:
            sent.settlement_ids.add(answer.json()["settlement_id"])
            sent.longest_seconds = max(sent.longest_seconds, time.monotonic() - began)
            return
        if time.monotonic() - began > PATIENCE_SECONDS:
            sent.unknown.append(f"{stay.record_no}: only errors")
            return
        await asyncio.sleep(0.5)


class Containers:
    """The suite's containers, through whatever `docker compose` is called here."""

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)

    def run(self, *words: str, text: str | None = None) -> str:
        """Run a compose command and return what it wrote.

        Raises:
            subprocess.CalledProcessError: If it fails.
        """
        done = subprocess.run([*self._command, *words], input=text, capture_output=True, text=True, check=True)  # noqa: S603 - the operator's own command
        return done.stdout

    async def kill(self, name: str) -> None:
        """KILL a container, leave it dead for a moment, start it again."""
        await asyncio.to_thread(self.run, "kill", "-s", "SIGKILL", name)
        await asyncio.sleep(DOWN_SECONDS)
        await self._start(name)

    async def stop(self, names: Sequence[str]) -> float:
        """Stop containers in order, start them again; return how long the stop took, in seconds."""
        began = time.monotonic()
        await asyncio.to_thread(self.run, "stop", *names)
        took = time.monotonic() - began
        await self._start(*names)
        return took

    async def _start(self, *names: str) -> None:
        """Start containers; Compose gives up when one that they need is not healthy yet, so ask again."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                await asyncio.to_thread(self.run, "start", *names)
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(1)
            else:
                return


async def disturb(containers: Containers, victims: Sequence[str], *, until: float, stop: asyncio.Event) -> None:
    """Kill one container after the other, then stop some in order; end the sending at `until` at the earliest."""
    try:
        for name in victims:
            await asyncio.sleep(REST_SECONDS)
            say(f"KILL {name}")
            await containers.kill(name)
        await asyncio.sleep(REST_SECONDS)
        took = await containers.stop(ORDERLY)
        say(f"stopped {', '.join(ORDERLY)} in order within {took:.1f} s, started again")
        await asyncio.sleep(max(REST_SECONDS, until - time.monotonic()))
    finally:
        stop.set()


async def drill(given: argparse.Namespace) -> int:
    """Run the whole drill; return the exit status."""
    containers = Containers(given.compose)
    sent = Sent(prefix=f"DRILL-{utc_now():%Y%m%d%H%M%S}")
    stop = asyncio.Event()
    began = time.monotonic()
    say(f"{given.per_second:g} discharges a second for at least {given.seconds:g} s, records {sent.prefix}-*")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(disturb(containers, given.victims, until=began + given.seconds, stop=stop))
        tasks.create_task(
            send_discharges(
                clients=given.clients, base_url=given.base_url, per_second=given.per_second, stop=stop, sent=sent
            )
        )
    say(f"{sent.tried} sent, {len(sent.settlement_ids)} acknowledged, {len(sent.refused)} refused, "
        f"{len(sent.unknown)} without an answer; the longest wait was {sent.longest_seconds:.1f} s")  # fmt: skip
    for line in [*sent.refused[:3], *sent.unknown[:3]]:
        say(f"    {line}")
    books = await _quiet(containers, sent)
    faults = verdict(books, acknowledged=sent.settlement_ids, tried=sent.tried, unknown=len(sent.unknown))
    for line in books.lines():
        say(line)
    for fault in faults:
        say(f"FAULT {fault}")
    say("verdict: nothing lost, nothing twice" if not faults else f"verdict: {len(faults)} faults")
    return 1 if faults else 0


async def _quiet(containers: Containers, sent: Sent) -> Books:
    """Read the books until they agree, or until the time for that is over."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while True:
        books = await asyncio.to_thread(read_books, containers.run, sent.prefix)
        if time.monotonic() > deadline or not verdict(
            books, acknowledged=sent.settlement_ids, tried=sent.tried, unknown=len(sent.unknown)
        ):
            return books
        await asyncio.sleep(1)


def say(text: str) -> None:
    """Print one line with the time."""
    print(f"drill {utc_now():%H:%M:%S} {text}", flush=True)  # noqa: T201 - a command for a person


def main() -> int:
    """Read the command line and drill."""
    parser = argparse.ArgumentParser(prog="python -m deploy.drill", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--base-url", default="http://127.0.0.1:8000")
    parser.add_argument("--clients", type=Path, default=Path("secrets/demo-clients.json"))
    parser.add_argument("--compose", default="docker compose", help="how Docker Compose is called")
    parser.add_argument("--per-second", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=60.0, help="send at least this long")
    parser.add_argument("--victims", nargs="*", default=VICTIMS, help="containers to kill, in turn")
    return asyncio.run(drill(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
