"""Row a: a settlement over HTTP, at the service and at the gateway, against its own SQL over one asyncpg connection.

Row g: the same settlement with publishing switched off in a root of the bench's own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import asyncpg

from bench.caller import Caller
from bench.discharges import HOSPITAL_CLIENT, discharges
from bench.recorded import Recorder, replay
from bench.recorded import Sequence as Recorded
from bench.stand import Stand
from bench.table import Line, at_least, at_most, percentile
from local.booted import free_port
from services.settlement.app import create_app
from services.settlement.settings import Settings

CLIENTS = 16
_RAW, _RECORDED, SILENT = "bench_raw", "bench_recorded", "bench_silent"


@dataclass(slots=True)
class Side:
    """One side of the comparison: what does one unit of work over each connection, and the units to do."""

    name: str
    work: list[Callable[[Any], Awaitable[object]]]
    units: Iterator[Any]
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)

    async def time_one_by_one(self, count: int) -> None:
        """Do the units one after the other; keep p50 and p99 in milliseconds."""
        do, taken = self.work[0], []
        for unit in islice(self.units, count):
            began = time.perf_counter()
            await do(unit)
            taken.append((time.perf_counter() - began) * 1000)
        self.p50.append(percentile(taken, 0.5))
        self.p99.append(percentile(taken, 0.99))

    async def time_together(self, count: int) -> None:
        """Do the units over all connections at once; keep the rate a second."""
        waiting = iter(list(islice(self.units, count)))

        async def client(do: Callable[[Any], Awaitable[object]]) -> None:
            for unit in waiting:
                await do(unit)

        began = time.perf_counter()
        await asyncio.gather(*(client(do) for do in self.work))
        self.rate.append(count / (time.perf_counter() - began))


def prepare(stand: Stand) -> int:
    """Copy the empty database and start settlement twice and the gateway; return the second process's port."""
    asyncio.run(stand.clone("settlement", [_RAW, _RECORDED, SILENT]))
    stand.enter_clients()
    stand.start_app("settlement")
    stand.start_second("settlement", port=(second := free_port()))
    stand.start_app("gateway")
    return second


async def measure(stand: Stand, *, second: int, rounds: int, calls: int) -> list[Line]:
    """Return the lines of row a.

    Args:
        stand: Prepared.
        second: Port of settlement's second process, which serves the last side alone.
        rounds: Interleaved rounds.
        calls: Settlements one by one in a round and side; as many again by 16 clients at once.
    """
    warm = max(calls // 4, CLIENTS)
    recorded = await _recorded(stand, warm + rounds * calls * 2)
    sides = [
        await _raw_side(stand, recorded),
        await http_side(stand, "service", stand.installation.ports["settlement"]),
        await http_side(stand, "gateway", stand.installation.ports["gateway"]),
        await http_side(stand, "both", stand.installation.ports["settlement"], second),
    ]
    raw, service, gateway, both = sides
    for side in sides:
        await side.time_together(warm)
        side.rate.clear()
    for _ in range(rounds):
        for side in (raw, service, gateway):
            await side.time_one_by_one(calls)
        for side in sides:
            await side.time_together(calls)
    statements = f"{len(recorded[-1])} statements"
    return [
        at_most("a", f"settle at the service, p50, against its {statements}", raw.p50, service.p50, times=3),
        at_most("a", "settle at the service, p99", raw.p99, service.p99, times=5),
        at_least("a", f"settle at the service, {CLIENTS} clients", raw.rate, service.rate, share=0.35),
        at_least("a", f"settle at two processes of the service, {CLIENTS} clients", raw.rate, both.rate, share=0.35),
        at_most("a", "settle at the gateway, p50", raw.p50, gateway.p50, times=5),
        at_most("a", "settle at the gateway, p99", raw.p99, gateway.p99, times=8),
        at_least("a", f"settle at the gateway, {CLIENTS} clients", raw.rate, gateway.rate, share=0.2),
    ]


async def measure_publishing(stand: Stand, *, rounds: int, calls: int) -> list[Line]:
    """Return the line of row g."""
    environment = stand.installation.environment("settlement", "app") | {
        "DATABASE_URL": stand.url_of(SILENT, owner="settlement"),
        "PORT": str(stand.installation.ports["settlement-worker"]),
        "METRICS_PORT": "0",
    }
    await asyncio.to_thread(stand.start, "settlement-silent", "bench.silent_settlement", environment)
    silent = await http_side(stand, "silent", int(environment["PORT"]))
    shipped = await http_side(stand, "shipped", stand.installation.ports["settlement"])
    for side in (silent, shipped):
        await side.time_together(max(calls // 4, CLIENTS))
        side.rate.clear()
    for _ in range(rounds):
        for side in (silent, shipped):
            await side.time_together(calls)
    what = f"settlements with their event, {CLIENTS} clients, against publishing off"
    return [at_least("g", what, silent.rate, shipped.rate, share=0.8)]


async def _recorded(stand: Stand, count: int) -> list[Recorded]:
    given = stand.installation.environment("settlement", "app") | {
        "DATABASE_URL": stand.url_of(_RECORDED, owner="settlement")
    }
    app = create_app(Settings.model_validate({name.lower(): value for name, value in given.items()}))
    bodies = islice(discharges("RAW"), count)
    return await Recorder(app).record(bodies, token=await asyncio.to_thread(stand.token, HOSPITAL_CLIENT))


async def _raw_side(stand: Stand, recorded: list[Recorded]) -> Side:
    dsn = stand.dsn_of(_RAW, owner="settlement")

    async def connected() -> Callable[[Recorded], Awaitable[object]]:
        connection = await asyncpg.connect(dsn, server_settings={"jit": "off"})
        return lambda statements: replay(connection, statements)

    return Side("raw", [await connected() for _ in range(CLIENTS)], iter(recorded))


async def http_side(
    stand: Stand, name: str, *ports: int, client: str = HOSPITAL_CLIENT, bodies: Iterator[dict[str, Any]] | None = None
) -> Side:
    """Return a side that settles over HTTP as a demo client: fresh persons of its county, or the bodies given.

    Its connections go round the ports.
    """
    token = await asyncio.to_thread(stand.token, client)
    callers = [await Caller.opened(ports[at % len(ports)], token=token) for at in range(CLIENTS)]
    calls = (callers[0].settle_call(body) for body in bodies or discharges(name.upper()))
    return Side(name, [caller.settle for caller in callers], calls)
