"""Row m: what it costs when all settlements meet at one fund, or at one person, 16 clients at the service.

A fund has no row that settling touches (decision 15), so its cost is shown against funds of two counties: each county
alone, every stay on its funds, against both at once, half of the clients each. No row of a household is locked either.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bench.discharges import discharges
from bench.request_path import CLIENTS, Side, http_side
from bench.stand import Stand
from bench.table import Line, at_least
from local.world_places import BEIPIAO, RONGJIANG


@dataclass(slots=True)
class _Both:
    """Two sides at once, half of the clients each; the rate is that of both together."""

    halves: tuple[Side, Side]
    rate: list[float] = field(default_factory=list)

    async def time_together(self, count: int) -> None:
        """Do half of the units on each side until both are done."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(*(half.time_together(count // 2) for half in self.halves))
        self.rate.append(count // 2 * 2 / (loop.time() - began))


async def measure(stand: Stand, *, rounds: int, calls: int) -> list[Line]:
    """Return the lines of row m.

    Args:
        stand: Prepared, settlement and gateway running.
        rounds: Interleaved rounds.
        calls: Settlements in a round and side.
    """
    one, other = await _side(stand, "M1", BEIPIAO.code), await _side(stand, "M2", RONGJIANG.code)
    both = _Both((_half(await _side(stand, "M3", BEIPIAO.code)), _half(await _side(stand, "M4", RONGJIANG.code))))
    person = await _side(stand, "M5", BEIPIAO.code, is_one_person=True)
    sides: list[Side | _Both] = [one, other, both, person]
    for side in sides:
        await side.time_together(max(calls // 4, CLIENTS))
        side.rate.clear()
    for _ in range(rounds):
        for side in sides:
            await side.time_together(calls)
    alone = [2 / (1 / first + 1 / second) for first, second in zip(one.rate, other.rate, strict=True)]
    return [
        at_least(
            "m", f"settlements on one fund, {CLIENTS} clients, against two counties' funds", both.rate, alone, share=0.8
        ),
        _shown(f"settlements of one person, {CLIENTS} clients, against as many persons", one.rate, person.rate),
    ]


def _shown(what: str, raw: list[float], ours: list[float]) -> Line:
    """Return a line without a target: the stays of one person must wait for one another."""
    line = at_least("m", what, raw, ours, share=0)
    return Line(line.row, line.what, "-", line.raw, line.ours, line.ratio, None)


async def _side(stand: Stand, series: str, county: str, *, is_one_person: bool = False) -> Side:
    place = BEIPIAO if county == BEIPIAO.code else RONGJIANG
    bodies = discharges(series, county=place, is_one_person=is_one_person)
    port = stand.installation.ports["settlement"]
    return await http_side(stand, series, port, client=f"{county}-hospital-1", bodies=bodies)


def _half(side: Side) -> Side:
    return Side(side.name, side.work[: CLIENTS // 2], side.units)
